"""Models that transformers runs, in a supervised child process."""
