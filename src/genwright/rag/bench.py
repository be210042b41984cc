"""A tuning bench over the parts of a workspace: models to start from, to compare with, to embed."""

from threading import Event

from genwright.engines import Engine
from genwright.errors import GenwrightError
from genwright.rag.parts import Parts
from genwright.registry import Trained
from genwright.tuning.steps import Bench
from genwright.types import Principal


def bench_of(parts: Parts, stop: Event | None = None, principal: Principal | None = None) -> Bench:
    """What a tuning works with.

    Args:
        parts: Of the workspace.
        stop: Set to end the run at the next step, with a checkpoint.
        principal: Whose run it is; by default the parts'.
    """

    def live(trained: Trained) -> Engine:
        return parts.models.engine(trained.served_as)

    embed = None
    try:
        if parts.workspace.settings.embedding.model != "hashing":
            embed = parts.embedder.embed
    except GenwrightError:
        embed = None  # no embedder is here: the figures that need one are left out
    return Bench(
        workspace=parts.workspace,
        catalog=parts.catalog,
        principal=principal or parts.principal,
        progress=parts.progress,
        stop=stop or Event(),
        live=live,
        embed=embed,
    )
