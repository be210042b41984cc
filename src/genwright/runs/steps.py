"""One walk over the steps of a run, whatever the run does.

What a step came to is kept as soon as it is done, and is not done twice: a run that was
interrupted goes on where it was. How a run ends is the same everywhere:

=============================================  =======================================
its steps are done                             ``done``
Ctrl-C, the end of the process, a stop event   ``stopped``
an error of genwright's own tree               ``failed``, with its message
not enough memory                              ``failed``, with what to do about it
any other exception: a bug                     ``failed``, with its type and message
=============================================  =======================================
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Protocol, Self

from genwright.errors import GenwrightError, RunStopped, UsageError
from genwright.runs.store import Runs, Status
from genwright.types import Json, Progress, ignore_progress


def format_resume(resume: Sequence[str], run: int) -> str:
    """The command that goes on with a run, for messages: ``genwright tune --resume 12``."""
    return " ".join(("genwright", *resume, str(run)))


class StepLayout(Protocol):
    """Where the results of a run hold its steps."""

    def read(self, results: Json) -> Json:
        """What each step that is done came to, by its name."""
        ...

    def write(self, state: Json) -> Json:
        """The same as a part of the results."""
        ...


@dataclass(frozen=True)
class KeyedSteps:
    """Steps as one object under a key: ``{"state": {"collect": {…}}}``."""

    key: str = "state"

    def read(self, results: Json) -> Json:
        """See ``StepLayout``."""
        return dict(results.get(self.key, {}))

    def write(self, state: Json) -> Json:
        """See ``StepLayout``."""
        return {self.key: state} if state else {}


@dataclass(frozen=True)
class NumberedSteps:
    """Steps as a list, each with its number: ``{"steps": [{"number": 1, "step": "base", …}]}``."""

    names: tuple[str, ...]

    def read(self, results: Json) -> Json:
        """See ``StepLayout``."""
        known = ("number", "step")
        return {
            each["step"]: {key: value for key, value in each.items() if key not in known}
            for each in results.get("steps", [])
        }

    def write(self, state: Json) -> Json:
        """See ``StepLayout``."""
        numbers = {name: number for number, name in enumerate(self.names, 1)}
        return {
            "steps": [
                {"number": numbers[step], "step": step, **result} for step, result in state.items()
            ]
        }


class StepWalk:
    """The steps of one run, walked from where they are.

    Args:
        runs: Where the run is kept.
        run: Its id.
        resume: The command that goes on with it, for messages.
        layout: Where its results hold the steps.
        stop: Set by whoever wants it to end before its next step.
        progress: Told of each step as it begins.
        saving: What takes less memory, for the message when there is not enough.

    Raises:
        NotFound: There is no such run.
    """

    def __init__(
        self,
        runs: Runs,
        run: int,
        resume: str,
        layout: StepLayout = KeyedSteps(),
        *,
        stop: Event | None = None,
        progress: Progress = ignore_progress,
        saving: str = "use a smaller model",
    ) -> None:
        row = runs.get(run)
        self.runs, self.run, self.resume, self.layout = runs, run, resume, layout
        self.stop, self.progress, self.saving = stop or Event(), progress, saving
        self.state: Json = layout.read(row.results)
        """What each step that is done came to, by its name."""
        self._results, self._is_over = row.results, False
        self._before, self._began = row.seconds, time.monotonic()

    @property
    def seconds(self) -> float:
        """Spent on the run so far, in this process and those before."""
        return self._before + time.monotonic() - self._began

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Take the run up, and keep how it ends; errors are raised on.

        Raises:
            RunStopped: Somebody has asked it to stop.
            UsageError: There was not enough memory.
        """
        self.runs.take_up(self.run)
        try:
            yield self
            self.finish()
        except MemoryError as error:
            advice = f"The machine ran out of memory: {self.saving}. To go on: {self.resume}"
            self._end("failed", advice)
            raise UsageError(advice) from error
        except RunStopped as error:
            self._end("stopped", str(error))
            raise
        except GenwrightError as error:
            if self.stop.is_set():  # an engine, say, that the same Ctrl-C has ended
                stopped = RunStopped(f"It was stopped: {self.resume}")
                self._end("stopped", str(stopped))
                raise stopped from error
            self._end("failed", str(error))
            raise
        except Exception as error:
            self._end("failed", f"{type(error).__name__}: {error}")
            raise
        except BaseException as error:
            self._end("stopped", f"{type(error).__name__}: {self.resume}")
            raise

    def once(self, step: str, do: Callable[[], Json]) -> Json:
        """What a step came to: kept as soon as it is done, and not done twice.

        Raises:
            RunStopped: Somebody has asked the run to stop.
        """
        if step not in self.state:
            self.begin(step)
            self.record(step, do())
        found: Json = self.state[step]
        return found

    def begin(self, step: str) -> None:
        """Say that a step begins, where it is not the time to stop.

        Raises:
            RunStopped: Somebody has asked the run to stop.
        """
        if self.stop.is_set():
            raise RunStopped(f"It was stopped before this step: {step}. {self.resume}")
        self.tell(step)

    def record(self, step: str, result: Json) -> None:
        """Keep what a step came to, in the place of what it came to before."""
        self.state[step] = result
        self.save(message=f"{step} done")

    def record_part(self, step: str, part: str, result: Json) -> None:
        """Keep what a part of a step came to; the step goes on."""
        self.state.setdefault(step, {})[part] = result
        self.save()

    def begin_inner(self, known: Json, begin: Callable[[], int]) -> int:
        """Id of a run that is a part of this one: kept as soon as it is begun, and begun once.

        Args:
            known: What is known of the part, within ``state``; gets ``run``.
            begin: Begins it.
        """
        if "run" not in known:
            known["run"] = begin()
            self.save()
        return int(known["run"])

    def tell(self, message: str) -> None:
        """Say where the run is."""
        self.runs.update(self.run, message=message)
        self.progress(0, 0, message)

    def save(self, **changes: object) -> None:
        """Keep the state as it is now, and other columns of the run."""
        results = {**self._results, **self.layout.write(self.state)}
        self.runs.update(self.run, results=results, seconds=self.seconds, **changes)

    def finish(self, message: str = "", results: Json | None = None) -> None:
        """End the run as done; what comes after does not change that.

        Args:
            message: What came of it.
            results: Kept beside the steps.
        """
        self._results = {**self._results, **(results or {})}
        self._end("done", message)

    def _end(self, status: Status, message: str) -> None:
        if not self._is_over:
            self._is_over = True
            self.save(status=status, message=message, process=None)
