"""Improvements: begin, list, decide."""
