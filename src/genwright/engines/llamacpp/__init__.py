"""GGUF models that llama.cpp runs, in a supervised child process."""
