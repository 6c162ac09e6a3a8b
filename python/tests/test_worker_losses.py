"""Functions that end their process: the query fails soon and names them; the cluster can be used again."""

import os
import time

import pytest

import swath as sw

LONGEST_SECONDS = 20


@sw.udf(return_dtype=int)
def fatal(_values):
    os._exit(1)


@sw.udf(return_dtype=int)
def harmless(values):
    return values


@pytest.mark.parametrize("workers", [1, 2])
def test_a_function_that_ends_its_process_fails_the_query(workers):
    with sw.LocalCluster(workers=workers, threads=1, memory_limit="256MB") as cluster:
        session = cluster.connect()
        frame = session.sql("SELECT value AS i FROM range(1000)")
        text = r"^3 workers were lost while running stage \d+ of the query, which calls the function 'fatal'"
        for again in range(2):
            begin = time.monotonic()
            with pytest.raises(sw.errors.WorkerError, match=text):
                frame.select(fatal("i").alias("i")).collect()
            assert time.monotonic() - begin < LONGEST_SECONDS, again
            while len(session.workers()) < workers:
                assert time.monotonic() - begin < 2 * LONGEST_SECONDS
                time.sleep(0.05)
            assert sum(frame.select(harmless("i").alias("i")).to_list("i")) == sum(range(1000))


def test_a_function_over_batches_is_named_and_so_is_that_nobody_is_left():
    with sw.LocalCluster(workers=1, threads=1, memory_limit="256MB") as cluster:
        frame = cluster.connect().sql("SELECT value AS i FROM range(1000)")

        def last_words(_rows):
            os._exit(0)  # Which is not started again: it seems to have been told to end.

        text = "^a worker was lost while running .* function 'last_words', and no worker is left"
        with pytest.raises(sw.errors.WorkerError, match=text):
            frame.map_batches(last_words, schema=frame.schema).collect()
        cluster.add_worker()
        assert frame.count() == 1000
