"""Runs: begun, resumed, recorded and ended alike, whatever they do."""
