"""Ratings from votes, with intervals."""
