"""Calendars for genwright: a loader and a reranker, each found by its entry point."""
