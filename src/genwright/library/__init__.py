"""The documents of a workspace: added, listed, grouped into collections, removed."""
