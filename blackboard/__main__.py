"""`python -m blackboard`: the command line."""

import sys

from blackboard.cli import run

sys.exit(run())
