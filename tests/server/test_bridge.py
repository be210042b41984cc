"""Blocking work under an event loop: pieces in order, errors handed on, cancelled when left."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from tests.fixtures.waiting import wait_until

from genwright.errors import EngineFailed
from genwright.server.bridge import AHEAD, Bridge


@pytest.fixture
def executor():
    with ThreadPoolExecutor(8) as executor:
        yield executor


def counting(made: list[int], ended: Event, most: int = 10**9):
    def work(cancel: Event) -> Iterator[int]:
        try:
            for number in range(most):
                if cancel.is_set():
                    return
                made.append(number)
                yield number
        finally:
            ended.set()

    return work


@pytest.mark.asyncio
async def test_pieces_come_in_order(executor):
    made, ended = [], Event()
    bridge = Bridge(executor, 5)
    work = counting(made, ended, 1000)
    assert [each async for each in bridge.stream(work, Event())] == list(range(1000))
    assert ended.is_set()


@pytest.mark.asyncio
async def test_an_error_reaches_the_reader_after_what_came_before(executor):
    def work(cancel: Event) -> Iterator[int]:
        yield 1
        raise EngineFailed("it died")

    got = []
    with pytest.raises(EngineFailed, match="it died"):
        async for each in Bridge(executor, 5).stream(work, Event()):
            got.append(each)
    assert got == [1]


@pytest.mark.asyncio
async def test_whoever_leaves_ends_the_work_and_waits_for_its_end(executor):
    made, ended, cancel = [], Event(), Event()
    pieces = Bridge(executor, 5).stream(counting(made, ended), cancel)
    assert await anext(pieces) == 0
    await pieces.aclose()
    assert cancel.is_set() and ended.is_set()


@pytest.mark.asyncio
async def test_a_cancelled_reader_ends_the_work(executor):
    begun, ended = Event(), Event()

    def work(cancel: Event) -> Iterator[int]:
        begun.set()
        cancel.wait(30)  # a prompt that is read for long
        ended.set()
        yield from ()

    async def read() -> None:
        async for _ in Bridge(executor, 5).stream(work, Event()):
            pass

    task = asyncio.ensure_future(read())
    assert await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


@pytest.mark.asyncio
async def test_work_is_never_far_ahead_of_its_reader(executor):
    made, ended = [], Event()
    pieces = Bridge(executor, 60).stream(counting(made, ended), Event())
    await anext(pieces)
    await asyncio.to_thread(wait_until, lambda: len(made) >= AHEAD)
    await asyncio.sleep(0.1)  # a moment in which it could go on
    assert len(made) <= AHEAD + 3
    await pieces.aclose()


@pytest.mark.asyncio
async def test_a_reader_that_takes_nothing_is_cut_off(executor):
    made, ended, cancel = [], Event(), Event()
    pieces = Bridge(executor, 0.5).stream(counting(made, ended), cancel)
    await anext(pieces)
    assert await asyncio.to_thread(ended.wait, 20)
    assert cancel.is_set()
    await pieces.aclose()
