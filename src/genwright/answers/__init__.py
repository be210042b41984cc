"""From a question to an answer whose every sentence is tied to a place in a source."""
