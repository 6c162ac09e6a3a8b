"""Build the API reference: ``python build.py FOLDER`` writes ``FOLDER/html``. A warning is an error."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from pages import pages
from sphinx.cmd.build import main as sphinx


def build(folder: Path) -> int:
    """Write the pages' sources and let Sphinx make HTML of them; return its exit code."""
    sources = folder / "sources"
    shutil.rmtree(folder, ignore_errors=True)
    sources.mkdir(parents=True)
    for name, page in pages().items():
        (sources / f"{name}.rst").write_text(page.text(), encoding="utf-8")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir", str(Path(__file__).parent)]
    return sphinx(
        [
            "-b",
            "html",
            *options,
            "--doctree-dir",
            str(folder / "doctrees"),
            str(sources),
            str(folder / "html"),
        ]
    )


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1])))
