"""The steps of a tuning, one file each."""
