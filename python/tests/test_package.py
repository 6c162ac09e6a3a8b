import os
import subprocess
import sys
from pathlib import Path

import swath as sw


def test_import_is_quick(tmp_path: Path):
    # Time of the processor, and the best of five: the machine may be busy. The first one compiles the
    # modules, as an installation does.
    program = "import time; t = time.process_time(); import swath; print(time.process_time() - t)"
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    command = [sys.executable, "-c", program]
    times = [float(subprocess.check_output(command, env=environment)) for _ in range(5)]
    assert min(times) < 0.150


def test_the_program_comes_with_the_package():
    out = subprocess.run(
        [sys.executable, "-m", "swath", "--version"], capture_output=True, text=True, check=True
    )
    assert out.stdout.startswith("swath ")
    wrong = subprocess.run([sys.executable, "-m", "swath", "nonsense"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "nonsense" in wrong.stderr


def test_version():
    assert sw.__version__.count(".") == 2


def test_arrays_say_what_they_need():
    program = "import sys; sys.modules['numpy'] = None; import swath, swath.array"
    wrong = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert wrong.stderr.endswith("ModuleNotFoundError: swath.array needs numpy: pip install numpy\n")
