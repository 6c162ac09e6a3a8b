"""What sessions, frames and streams take is given back."""

import gc
import os
import sys
import time

import numpy as np
import pytest

import swath as sw
from swath import col

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def held():
    gc.collect()
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))


def settled(wanted, seconds=10):
    """Threads take a moment to end."""
    end = time.monotonic() + seconds
    while (now := held()) > wanted and time.monotonic() < end:
        time.sleep(0.05)
    return now


def test_sessions_give_back_threads_and_files(tmp_path):
    sw.Session(threads=2).sql("SELECT 1").collect()
    before = settled((0, 0), seconds=0.5)
    for _ in range(5):
        with sw.Session(threads=2, spill_folder=tmp_path) as session:
            df = session.from_dict({"a": np.arange(1000.0)})
            assert df.filter(col("a") >= 500).count() == 500
            next(session.sql("SELECT * FROM range(1000000)").stream())
        del df, session
    files, threads = settled(before)
    assert files <= before[0]
    assert threads <= before[1]
    assert list(tmp_path.iterdir()) == []


def test_frames_give_back_memory():
    def rss():
        gc.collect()
        with open("/proc/self/statm") as sizes:
            return int(sizes.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def work():
        df = sw.from_dict({"a": np.random.default_rng(1).random(500_000)})
        assert 0 < df.filter(col("a") > 0.5).to_arrow().num_rows < 500_000
        next(df.stream())

    for _ in range(5):
        work()
    before = rss()
    for _ in range(30):
        work()
    # One round takes 8 MB: were they kept, they would be 240 MB.
    assert rss() - before < 100 << 20
