"""Assistants and models that the caller may ask."""
