"""What a person means by a question, before anything is searched."""
