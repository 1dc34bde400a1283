"""The long form, by hand: `python -m tests.stress --kills 300 --stops 50 --seed 7`. Exits 1 if anything is wrong."""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from tests.stress.campaign import campaign
from tests.stress.worker import WITHOUT


def main() -> int:
    """Run a campaign and print its figures."""
    said = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    said.add_argument("--kills", type=int, default=300)
    said.add_argument("--stops", type=int, default=50)
    said.add_argument("--seed", type=int, default=7)
    said.add_argument("--without", action="append", default=[], choices=WITHOUT, help="a guard to take away")
    said.add_argument("--folder", type=Path, help="keep the database, the logs and the journal here")
    words = said.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no worker is left behind
    with tempfile.TemporaryDirectory() as temporary:
        folder = words.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        made, found = campaign(folder, words.kills, words.stops, words.seed, tuple(words.without))
    sys.stdout.write(made.figures.table(found) + "\n")
    for check, wrong in found.wrong.items():
        sys.stdout.write(f"WRONG {check}: {len(wrong)}, e.g. {wrong[0]}\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
