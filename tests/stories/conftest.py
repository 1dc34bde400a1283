"""What stories share: a command of the command line, in this process."""

import pytest

from blackboard.cli import run


@pytest.fixture
def told(capsys):
    """What a command gives: its exit code, what it wrote to stdout and what to stderr."""

    def command(*words):
        code = run(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return command
