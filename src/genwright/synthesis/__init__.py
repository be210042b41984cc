"""Synthetic data: rows made of documents, seeds, contrasts and tables, each marked as made.

Example:
    >>> from genwright.synthesis import fit_copula
    >>> table = {"age": [str(n) for n in range(20, 60)], "works": ["yes", "no"] * 20}
    >>> sorted(fit_copula(table).sample(5))
    ['age', 'works']
"""

from genwright.synthesis.diversity import Diversity, measure_diversity
from genwright.synthesis.recipes import SynthesisResult, is_synthetic, mark_synthetic
from genwright.synthesis.tabular.copula import Copula, fit_copula, measure_fidelity, measure_privacy

__all__ = [
    "Copula",
    "Diversity",
    "SynthesisResult",
    "fit_copula",
    "is_synthetic",
    "mark_synthetic",
    "measure_diversity",
    "measure_fidelity",
    "measure_privacy",
]
