"""Training and shipping of the reader."""
