"""Synthetic tables: a Gaussian copula, with measures of fidelity and of privacy."""
