"""Ctrl-C, threads and forks."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import swath as sw

BODY = """
import os, signal, sys, threading, time
import swath as sw

{prepare}
print("ready", flush=True)
started = time.monotonic()
try:
    {run}
    print("done")
except KeyboardInterrupt:
    print("interrupted", flush=True)
print(session.sql("SELECT 1 AS one").count(), flush=True)
{stays}
os._exit(0)
"""

LONG = (
    "session.sql('SELECT count(*) FROM range(1000000) a, range(1000000) b "
    "WHERE a.value + b.value = 7').collect()"
)
SLEEPING = (
    "session.sql('SELECT value FROM range(10)')"
    ".map_batches(lambda b: time.sleep(30), schema={'value': int}).collect()"
)


def interrupted_after(prepare, run, stays="", begun=None):
    """Interrupt a program a second after it began to run, or as soon as a file tells that it has."""
    program = BODY.format(prepare=prepare, run=run, stays=stays)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout.readline().strip() == "ready"
        latest = time.monotonic() + (1 if begun is None else 30)
        while time.monotonic() < latest and not (begun and begun.exists() and begun.read_text()):
            time.sleep(0.02)
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        line = process.stdout.readline().strip()
        took = time.monotonic() - sent
        rest = process.stdout.read()
        process.kill()
    return line, took, rest


@pytest.mark.parametrize("run", [LONG, SLEEPING, "list(" + LONG.replace("collect()", "stream()") + ")"])
def test_ctrl_c_ends_a_query_within_a_second(run):
    line, took, rest = interrupted_after("session = sw.Session(threads=2)", run)
    assert line == "interrupted"
    assert took < 1
    assert rest.strip() == "1"


ARRAYS = {
    "a result": "slow.compute()",
    "a length that a mask makes": "slow[slow > 1].reshape(-1, 1)",
    "a file": "sa.save(os.devnull, slow)",
    "a mean of two": "sa.compute(slow.mean(), slow.sum())",
}


@pytest.mark.parametrize("run", ARRAYS.values(), ids=ARRAYS.keys())
def test_ctrl_c_ends_work_on_arrays_within_a_second(run):
    prepare = (
        "import swath.array as sa; session = sw.Session(threads=2); "
        "slow = sa.ones(100, chunks=10).map_blocks(lambda block: time.sleep(0.3) or block)"
    )
    line, took, rest = interrupted_after(prepare, run)
    assert line == "interrupted", rest
    assert took < 1
    assert rest.strip() == "1"


@pytest.mark.parametrize("run", [LONG, SLEEPING])
def test_ctrl_c_ends_a_query_on_a_cluster(cluster, run):
    line, took, rest = interrupted_after(f"session = sw.connect({cluster.address!r})", run)
    assert line == "interrupted", rest
    assert took < 1
    assert rest.strip() == "1"


ENDLESS = """
import os, sys, tempfile, time
PATH = {path!r}
def endless(values):
    try:
        with open(PATH, "w") as file:
            file.write("begun")
        while True:
            pass
    finally:
        with open(PATH, "w") as file:
            file.write("ended")
{session}
"""
CALLED = (
    "session.sql('SELECT value FROM range(10)').select(sw.udf(endless, return_dtype=int)('value')).collect()"
)


# The process stays for the moment in which its function is ended.
UNTIL_ENDED = """
latest = time.monotonic() + 10
while open(PATH).read() != "ended" and time.monotonic() < latest:
    time.sleep(0.05)
"""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["embedded", "cluster"])
def test_a_function_that_never_returns_ends_when_nobody_waits_for_it(kind, tmp_path, request):
    made = "session = sw.Session(threads=2)"
    if kind == "cluster":
        made = f"session = sw.connect({request.getfixturevalue('cluster').address!r})"
    path = tmp_path / "told"
    prepare = ENDLESS.format(path=str(path), session=made)
    line, took, rest = interrupted_after(prepare, CALLED, stays=UNTIL_ENDED, begun=path)
    assert line == "interrupted", rest
    assert took < 1
    assert rest.strip() == "1"
    with open(path) as file:
        assert file.read() == "ended"


@pytest.mark.timeout(60)
def test_many_threads_share_a_session(embedded_session):
    answers, errors = [], []
    function = sw.udf(lambda x: x, return_dtype=int)

    def work(number):
        try:
            for _ in range(5):
                frame = embedded_session.sql(f"SELECT value FROM range({number * 100})")
                answers.append((number, frame.select(function("value").alias("v")).count()))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sorted(answers) == sorted((number, number * 100) for number in range(1, 9) for _ in range(5))


FORK = """
import os, sys
import swath as sw
session = sw.Session(threads=2)
assert session.sql("SELECT 1 AS a").count() == 1
assert sw.sql("SELECT 1 AS a").count() == 1
read, write = os.pipe()
pid = os.fork()
if pid == 0:
    answers = []
    try:
        session.sql("SELECT 1 AS a").count()
        answers.append("counted")
    except sw.SwathError as error:
        answers.append(str(error))
    answers.append(str(sw.sql("SELECT * FROM range(5)").count()))
    os.write(write, "|".join(answers).encode())
    sys.exit(0)
os.close(write)
print(os.read(read, 10000).decode())
print(os.waitpid(pid, 0)[1], session.sql("SELECT * FROM range(3)").count(), sw.sql("SELECT 1 AS a").count())
"""


@pytest.mark.timeout(60)
def test_a_forked_child_is_told_and_has_a_default_session_of_its_own():
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=50
    )
    assert out.returncode == 0, out.stderr
    told, counts = out.stdout.splitlines()
    assert "made before the process forked" in told
    assert told.endswith("|5")
    assert counts == "0 3 1"


def forked_count(rows):
    return sw.sql(f"SELECT * FROM range({rows})").count()


POOL = """
import multiprocessing, sys
import swath as sw
def count(rows):
    return sw.sql(f"SELECT * FROM range({rows})").count()
if __name__ == "__main__":
    count(1)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(count, [1, 2, 3]))
"""


@pytest.mark.timeout(60)
def test_a_forking_pool_works():
    out = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", POOL], capture_output=True, text=True, timeout=50
    )
    assert out.stdout.strip() == "[1, 2, 3]", out.stderr


def test_a_fork_leaves_the_cluster_alone(cluster):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    assert cluster.connect().sql("SELECT value FROM range(10)").count() == 10
