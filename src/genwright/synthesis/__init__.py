"""Synthetic data: rows made of documents, seeds, contrasts and tables, each marked as made.

Example:
    >>> from genwright.synthesis import fit_copula
    >>> table = {"age": [str(n) for n in range(20, 60)], "works": ["yes", "no"] * 20}
    >>> sorted(fit_copula(table).sample(5))
    ['age', 'works']
"""

from genwright.synthesis.diversity import Diversity, diversity
from genwright.synthesis.recipes import Made, is_synthetic, marked
from genwright.synthesis.tabular.copula import Copula, fidelity, fit_copula, privacy

__all__ = [
    "Copula",
    "Diversity",
    "Made",
    "diversity",
    "fidelity",
    "fit_copula",
    "is_synthetic",
    "marked",
    "privacy",
]
