"""Progress in terminals and notebooks, and options of the program."""

import os
import pty
import subprocess
import sys

import pytest

import swath as sw
from swath import _progress

SLOW = """
import time
import swath as sw
session = {session}
frame = session.sql("SELECT value FROM range(100)")
frame.map_batches(lambda b: time.sleep(1.2), schema={{"value": int}}).collect()
"""


SLOW_ARRAY = """
import time
import swath.array as sa

def slowly(block):
    time.sleep(0.7)
    return block

sa.ones((1000, 1000), chunks=(250, 1000)).map_blocks(slowly, dtype="float64").compute()
"""


def drawn(session, program=SLOW, **environment):
    """What a run of more than a second writes to a terminal."""
    main, terminal = pty.openpty()
    program = program.format(session=session)
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=terminal, env={**os.environ, **environment}
    ) as process:
        process.wait(30)
    os.close(terminal)
    text = b""
    try:
        while part := os.read(main, 4096):
            text += part
    except OSError:
        # The other end is gone.
        pass
    os.close(main)
    return text.decode()


def test_a_long_run_is_shown_in_a_terminal():
    text = drawn("sw.Session()")
    assert "100 rows read" in text
    assert text.endswith("\r\x1b[2K")


def test_a_stream_shows_how_far_its_query_is():
    text = drawn(
        "sw.Session()",
        SLOW.replace("frame.map_batches", "for _ in frame.map_batches").replace(
            "collect()", "stream(): pass"
        ),
    )
    assert "100 rows read" in text
    assert text.endswith("\r\x1b[2K")


def test_stages_and_tasks_of_arrays_are_shown():
    text = drawn(None, SLOW_ARRAY)
    assert "stage 1/" in text
    assert "task " in text
    assert text.endswith("\r\x1b[2K")


def test_stages_and_tasks_of_a_cluster_are_shown(cluster):
    text = drawn(f"sw.connect({cluster.address!r})")
    assert "stage 1/" in text


@pytest.mark.parametrize("way", ["environment", "config"])
def test_it_can_be_turned_off(way):
    if way == "environment":
        assert drawn("sw.Session()", SWATH_PROGRESS="0") == ""
    else:
        assert drawn("[setattr(sw.config, 'progress', False), sw.Session()][1]") == ""


def test_nothing_is_drawn_where_nobody_looks():
    program = SLOW.format(session="sw.Session()")
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (out.stdout, out.stderr) == ("", "")


def test_one_bar_at_a_time(monkeypatch):
    with sw.config(progress=True):
        first = _progress.bar()
        assert first is not None
        assert _progress.bar() is None
        first.close()
        again = _progress.bar()
        again.close()


def test_a_notebook_shows_it_in_a_display():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(SLOW.format(session="sw.Session()"))]
    )
    seen = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, cell, cell_index):
            if message["msg_type"] in ("display_data", "update_display_data"):
                seen.append(message["content"]["data"]["text/plain"])
            return super().process_message(message, cell, cell_index)

    Client(notebook, timeout=60, kernel_name="python3").execute()
    assert any("rows read" in text for text in seen), seen
    assert seen[-1] == ""


def test_options_are_set_for_a_while():
    before = sw.config.batch_size
    with sw.config(batch_size=77, threads=1):
        assert sw.config.session_options() == {"batch_size": 77, "threads": 1}
    assert sw.config.batch_size == before
    with pytest.raises(AttributeError, match="config has no option 'colour'; it has progress"):
        sw.config.colour = 3
    with pytest.raises(ValueError, match="expected True, False or None"):
        sw.config.progress = "yes"
    assert "progress" in dir(sw.config)
    assert "progress=" in repr(sw.config)
