"""Pages, one file each; each has a ``router``."""
