"""The queue in front of a model: bounded, fair by key, and left by whoever gives up."""

import asyncio

import pytest

from genwright.errors import TooMany
from genwright.server.admission import Admission


async def hold(admission: Admission, key: str, done: list[str], release: asyncio.Event) -> None:
    async with admission.wait_turn(key):
        done.append(key)
        await release.wait()


async def start(admission, keys, done, release) -> list[asyncio.Task]:
    tasks = []
    for key in keys:
        tasks.append(asyncio.ensure_future(hold(admission, key, done, release)))
        await asyncio.sleep(0)
    return tasks


@pytest.mark.asyncio
async def test_turns_go_round_by_key():
    admission, done = Admission(slots=1, queue=100), []
    first, later = asyncio.Event(), asyncio.Event()
    later.set()
    tasks = await start(admission, ["x"], done, first)
    tasks += await start(admission, ["a"] * 5 + ["b", "c", "b"], done, later)
    first.set()
    await asyncio.gather(*tasks)
    assert done == ["x", "a", "b", "c", "a", "b", "a", "a", "a"]
    assert (admission.running, admission.queue_length) == (0, 0)


@pytest.mark.asyncio
async def test_no_more_than_the_slots_are_at_work_and_the_rest_waits():
    admission, done, release = Admission(slots=3, queue=100), [], asyncio.Event()
    tasks = await start(admission, list("abcdef"), done, release)
    assert (len(done), admission.running, admission.queue_length) == (3, 3, 3)
    release.set()
    await asyncio.gather(*tasks)
    assert len(done) == 6


@pytest.mark.asyncio
async def test_a_greedy_key_gets_half_the_queue_and_a_newcomer_finds_room():
    admission, release = Admission(slots=1, queue=8), asyncio.Event()
    tasks = await start(admission, ["greedy"] * 20, [], release)
    assert admission.queue_length == 4
    refused = [task for task in tasks if task.done()]
    assert len(refused) == 15
    assert all(isinstance(task.exception(), TooMany) for task in refused)
    more = await start(admission, ["new", "newer"], [], release)
    assert not any(task.done() for task in more)
    release.set()
    await asyncio.gather(*tasks, *more, return_exceptions=True)
    assert (admission.running, admission.queue_length) == (0, 0)


@pytest.mark.asyncio
async def test_a_refusal_says_when_to_come_back():
    admission, release = Admission(slots=2, queue=0), asyncio.Event()
    tasks = await start(admission, ["a", "b"], [], release)
    with pytest.raises(TooMany) as refused:
        async with admission.wait_turn("c"):
            pass
    assert 0 < refused.value.retry_after < 10
    release.set()
    await asyncio.gather(*tasks)


@pytest.mark.asyncio
async def test_who_gives_up_leaves_the_queue_and_frees_the_slot():
    admission, release = Admission(slots=1, queue=100), asyncio.Event()
    tasks = await start(admission, ["a", "b", "b", "c"], [], release)
    tasks[1].cancel()
    await asyncio.sleep(0)
    assert admission.queue_length == 2
    tasks[0].cancel()  # it was at work
    for _ in range(3):
        await asyncio.sleep(0)
    assert (admission.running, admission.queue_length) == (1, 1)
    for task in tasks[2:]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (admission.running, admission.queue_length) == (0, 0)


@pytest.mark.asyncio
async def test_nothing_is_lost_when_many_come_and_go_at_random():
    admission, done, release = Admission(slots=3, queue=10_000), [], asyncio.Event()
    release.set()
    tasks = await start(admission, [f"k{n % 7}" for n in range(500)], done, asyncio.Event())
    for number, task in enumerate(tasks):
        if number % 3:
            task.cancel()
        if number % 50 == 0:
            await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (admission.running, admission.queue_length) == (0, 0)
