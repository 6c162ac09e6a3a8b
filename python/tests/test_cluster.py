import os
import signal
import subprocess
import sys
import time

import pytest

import swath as sw


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_both_kinds_of_session_answer(session):
    assert session.sql("SELECT value FROM range(1000) WHERE value % 2 = 0").count() == 500


def test_a_cluster_has_processes_and_takes_them_along(cluster):
    assert cluster.address.startswith("swath://")
    assert len(cluster.workers) == 2
    own = sw.LocalCluster(workers=1)
    pids = [*own.workers, own.scheduler]
    assert all(alive(pid) for pid in pids)
    assert "1 worker of 1 thread" in repr(own)
    own.close()
    own.close()
    assert not any(alive(pid) for pid in pids)
    assert repr(own) == "<LocalCluster: closed>"
    with pytest.raises(sw.errors.ClusterError, match="was closed"):
        own.connect()


def test_workers_may_come_and_go():
    with sw.LocalCluster(workers=1) as cluster:
        session = cluster.connect()
        cluster.add_worker()
        assert len(cluster.workers) == 2
        cluster.kill_worker(0)
        assert len(cluster.workers) == 1
        assert session.sql("SELECT value FROM range(1000)").count() == 1000


def test_workers_tell_their_memory_and_what_they_hold(cluster):
    with cluster.connect() as session:
        held = session.sql("SELECT value, value * 2 AS double FROM range(100000)").persist()
        workers = session.workers()
        assert len(workers) == len(cluster.workers)
        assert {worker.threads for worker in workers} == {1}
        assert {worker.memory_limit for worker in workers} == {512 << 20}
        assert all(0 <= worker.memory_in_use <= worker.memory_limit for worker in workers)
        assert all(worker.process_memory > 1 << 20 for worker in workers)
        assert sum(worker.held_in_memory + worker.held_on_disk for worker in workers) >= 100000 * 16
        assert sum(worker.results for worker in workers) > 0
        assert not any(worker.draining for worker in workers)
        assert "2 workers of 2 threads, " in repr(session)
        assert f"on {cluster.address}" in repr(session)
        assert "1.00 GiB in use" in repr(cluster)
        del held
    assert sw.Session(threads=1).workers() == []


def test_a_scheduler_that_is_gone_is_told():
    with sw.LocalCluster(workers=1) as cluster:
        session = cluster.connect()
    assert "the scheduler does not answer" in repr(session)
    assert "the scheduler does not answer" in session._repr_html_()
    with pytest.raises(sw.errors.ClusterError, match="does not answer"):
        session.workers()


PARENT = """
import sys, time
import swath as sw
cluster = sw.LocalCluster(workers=1)
print(cluster.scheduler, *cluster.workers, flush=True)
time.sleep(60)
"""


def test_children_end_with_a_killed_parent():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(alive(pid) for pid in pids)
        os.kill(parent.pid, signal.SIGKILL)
    assert wait_for(lambda: not any(alive(pid) for pid in pids))


def test_nobody_answers():
    with pytest.raises(sw.errors.ClusterError):
        sw.connect("swath://127.0.0.1:9")


def test_a_size_that_is_none():
    with pytest.raises(ValueError, match="memory_limit: expected a size"):
        sw.LocalCluster(memory_limit="4 gold bars")
