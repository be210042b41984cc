"""Every model of a workspace, opened by name."""
