"""The catalog: models that can be had, each pinned by SHA-256, and those that are there.

Example:
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from genwright.catalog import Catalog
    >>> catalog = Catalog(Path(mkdtemp()))
    >>> catalog.find("smollm2-135m-instruct").license
    'Apache-2.0'
    >>> catalog.find("smollm2-135m-instruct").pulled
    False
"""

from genwright.catalog.catalog import Catalog
from genwright.catalog.entries import CatalogEntry, Kind, ModelFile, ModelSource
from genwright.catalog.listing import CatalogModel
from genwright.catalog.manifest import Manifest
from genwright.catalog.verify import FileProblem

__all__ = [
    "Catalog",
    "CatalogEntry",
    "CatalogModel",
    "FileProblem",
    "Kind",
    "Manifest",
    "ModelFile",
    "ModelSource",
]
