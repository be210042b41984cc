"""Responses: the request, the turn that comes of it, and what is kept."""
