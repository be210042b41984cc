"""What of a source is shown: stretches, whole blocks, the most telling sentences, as quotes."""
