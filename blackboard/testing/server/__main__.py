"""The server as a process: `python -m blackboard.testing.server --port 0 --log FILE`; its address is what it prints."""

import argparse
import sys

from blackboard.seam import REAL
from blackboard.testing.server.serving import MessagesServer
from blackboard.testing.server.trouble import Trouble


def main() -> None:
    """Serve until somebody ends it."""
    options = argparse.ArgumentParser(prog="python -m blackboard.testing.server", description=__doc__)
    options.add_argument("--port", type=int, default=0, help="0: one that is free")
    options.add_argument("--log", help="a file that gets a line of JSON for each event")
    options.add_argument("--reply", help="what it always says; else the smallest thing of the form that is asked for")
    options.add_argument("--seconds", type=float, default=0, help="how long each answer takes")
    options.add_argument("--limit", type=float, nargs=2, metavar=("REQUESTS", "SECONDS"), help="the limit it announces")
    said = options.parse_args()
    server = MessagesServer(
        None if said.reply is None else lambda _: said.reply,
        troubles=lambda _number, _body: Trouble(seconds=said.seconds),
        limit=(int(said.limit[0]), said.limit[1]) if said.limit else None, log=said.log, port=said.port,
    )  # fmt: skip
    with server:
        print(server.url, flush=True)  # noqa: T201
        try:
            while True:
                REAL.pause(3600)
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main()
