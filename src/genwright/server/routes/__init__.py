"""Routes of the API, one file each; each has a ``router``."""
