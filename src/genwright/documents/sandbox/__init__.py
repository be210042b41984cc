"""Parsing in a process that can do no harm."""
