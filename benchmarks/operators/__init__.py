"""What a question wants of a table: the rows that its classifier learns from, and its training."""
