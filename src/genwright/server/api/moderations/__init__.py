"""Moderation of texts."""
