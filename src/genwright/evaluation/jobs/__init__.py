"""Evaluations of a workspace: each measures, prints nothing, and keeps its run."""
