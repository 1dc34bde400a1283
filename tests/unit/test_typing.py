"""The types of the public interface: mypy refuses each wrong use in `tests/typing_wrong.py`, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_mypy_refuses_each_wrong_use():
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", "tests/typing_wrong.py"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)

    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
