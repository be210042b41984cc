"""Does a source say this? Evidence for a question, support for a sentence, citations."""
