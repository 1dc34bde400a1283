"""The command line: `blackboard VERB …`. It parses, calls one public method, and draws what comes back."""

import sys
from collections.abc import Sequence

from blackboard.cli import speech
from blackboard.cli.failures import Interrupted, exit_code_of


def run(argv: Sequence[object] | None = None) -> int:
    """Do what the words say; the exit code. `argv`: default is the program's; a Scenario may stand for its name.

    0 done, 2 a wrong command, 3 to 5 how a board ended without being complete, 130 interrupted.
    """
    speech.forgive()
    try:
        from blackboard.cli.app import perform

        return perform(sys.argv[1:] if argv is None else argv)
    except (Exception, SystemExit, KeyboardInterrupt, Interrupted) as error:  # they become sentences here alone
        return exit_code_of(error)


__all__ = ["run"]
