"""Vector stores: collections under OpenAI's name, with their files and search."""
