"""Make the outputs of the notebooks in this folder anew.

    python examples/run.py            # all of them
    python examples/run.py tables     # one

Notebooks run with the Python that runs this, whatever kernels are installed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
#: Seconds that one cell may take.
PATIENCE = 120


class ThisPython(AsyncKernelManager):
    """Starts a kernel of this Python."""

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        return [sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file]


def executed(path: Path) -> nbformat.NotebookNode:
    """Return the notebook with the outputs of a run; a cell that fails raises."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_manager_class=ThisPython,
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    # Warnings and bars depend on the day and on the machine.
    quiet = {"PYTHONWARNINGS": "ignore", "PYDEVD_DISABLE_FILE_VALIDATION": "1", "SWATH_PROGRESS": "0"}
    client.execute(env={**os.environ, **quiet})
    notebook.metadata = {"language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = {}
    return notebook


def main(names: list[str]) -> None:
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            print(path.name, flush=True)
            nbformat.write(executed(path), path)


if __name__ == "__main__":
    main(sys.argv[1:])
