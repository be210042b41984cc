"""The recipe of the checker: its rows and its training."""
