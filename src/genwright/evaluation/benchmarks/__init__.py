"""Public benchmarks by lm-evaluation-harness, and the sandbox for code they ask for."""
