"""Models as a list shows them."""

from dataclasses import dataclass

from genwright.catalog.entries import CatalogEntry, Format, Kind
from genwright.catalog.manifest import Manifest


@dataclass(frozen=True)
class CatalogModel:
    """One line of the list of models."""

    name: str
    kind: Kind
    format: Format
    """As it is published."""
    license: str
    context: int
    """Most tokens it was trained to read; 0 where that is not known."""
    description: str
    embedded: bool
    """One of the two that a fresh installation works with."""
    size: int
    """Bytes to fetch; about, where they are not known."""
    memory_mb: int
    """About what it needs to run, in 10^6 bytes; 0 where that is not known."""
    pulled: bool
    bytes_on_disk: int
    source: str
    """Where it came from, or would come from first."""


def describe_entry(entry: CatalogEntry, held: Manifest | None) -> CatalogModel:
    """A model of the catalog, and whether it is there."""
    return CatalogModel(
        name=entry.name,
        kind=entry.kind,
        format=entry.format,
        license=entry.license,
        context=entry.context,
        description=entry.description,
        embedded=entry.embedded,
        size=entry.size,
        memory_mb=entry.memory_mb,
        pulled=held is not None,
        bytes_on_disk=held.size if held else 0,
        source=held.source if held else entry.sources[0].label,
    )


def describe_manifest(held: Manifest) -> CatalogModel:
    """A model that is there and in no catalog: imported, or its entry is gone."""
    return CatalogModel(
        name=held.name,
        kind=held.kind,
        format=held.format,
        license=held.license,
        context=held.context,
        description=held.description,
        embedded=False,
        size=held.size,
        memory_mb=0,
        pulled=True,
        bytes_on_disk=held.size,
        source=held.source,
    )
