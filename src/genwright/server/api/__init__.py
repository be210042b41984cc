"""The OpenAI-compatible API and what genwright adds to it: one folder a resource."""
