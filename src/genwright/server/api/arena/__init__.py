"""The arena: matches, votes and rankings."""
