import subprocess
import sys


def test_the_contract_of_the_native_module_is_what_it_is():
    # What has no stub yet is no mistake; what has one is as it says.
    command = [sys.executable, "-m", "mypy.stubtest", "swath._internal", "--ignore-missing-stub", "--concise"]
    checked = subprocess.run([*command, "--ignore-disjoint-bases"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
