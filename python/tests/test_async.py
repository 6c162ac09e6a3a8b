"""Queries that coroutines await."""

import asyncio
import time

import pytest

import swath as sw


def test_queries_are_awaited_side_by_side(session):
    async def both():
        ticks = 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        frames = [session.sql(f"SELECT value FROM range({rows})") for rows in (10, 200_000)]
        tables = await asyncio.gather(*(frame.collect_async() for frame in frames))
        ticking.cancel()
        return [len(table) for table in tables], ticks

    lengths, ticks = asyncio.run(both())
    assert lengths == [10, 200_000]
    assert ticks > 1


def test_errors_are_raised_where_they_are_awaited(session):
    async def run():
        await session.sql("SELECT 1 / (value - value) AS x FROM range(3)").collect_async()

    with pytest.raises(sw.SwathError, match=r"[Dd]ivide by zero"):
        asyncio.run(run())


def test_cancelling_ends_the_query(embedded_session):
    long = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.value + b.value = 7"

    async def run():
        await asyncio.wait_for(embedded_session.sql(long).collect_async(), 0.2)

    started = time.monotonic()
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(run())
    assert time.monotonic() - started < 2
    assert embedded_session.sql("SELECT 1 AS a").count() == 1


def test_blocking_methods_work_inside_a_loop(session):
    async def run():
        return session.sql("SELECT value FROM range(10)").count()

    assert asyncio.run(run()) == 10
