"""Text completions, and tokens of texts as vLLM's server has them."""
