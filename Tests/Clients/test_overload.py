"""More than the service can do: what is not refused is done, and nothing else goes wrong (its long form: scripts/prove overload)."""

import os
import pathlib
import subprocess
import sys

import harness

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "Load" / "overload.py"


def test_what_there_is_no_room_for_is_refused_and_nothing_else_goes_wrong():
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--quick", "mint", "validate"], capture_output=True, text=True, timeout=240,
        env={**os.environ, "TOKENSERVICE_BIN": harness.executable()},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed", done.stdout
