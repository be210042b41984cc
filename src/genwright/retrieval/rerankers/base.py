"""The protocol of rerankers."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from genwright.errors import SettingsError
from genwright.plugins import Plugins
from genwright.settings import RetrievalSettings

if TYPE_CHECKING:
    from genwright.engines import Engine


@runtime_checkable
class Reranker(Protocol):
    """Scores how well each text answers a query; only the order of the scores has a meaning.

    Equal scores keep the order in which the texts came. One that needs a model is made with an
    engine that was opened for reranking, any other without arguments.
    """

    needs_model: ClassVar[bool]

    def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score per text, in the order given; higher is better."""
        ...


rerankers: Plugins[Reranker] = Plugins("genwright.retrieval.rerankers")


def open_reranker(
    settings: RetrievalSettings, open_engine: "Callable[[str], Engine]"
) -> Reranker | None:
    """The reranker that the settings name; None where nothing is reranked.

    Args:
        settings: Its name, and that of its model.
        open_engine: Opens a model for reranking by its name.

    Raises:
        SettingsError: It needs a model and the settings name none.
        UnknownName: There is no such reranker.
    """
    if settings.reranker == "none":
        return None
    kind: Callable[..., Reranker] = rerankers.get(settings.reranker)
    if not rerankers.get(settings.reranker).needs_model:
        return kind()
    if not settings.rerank_model:
        raise SettingsError(
            f"Reranker {settings.reranker!r} needs a model: set retrieval.rerank_model to a "
            "reranker of `genwright models list`."
        )
    return kind(open_engine(settings.rerank_model))
