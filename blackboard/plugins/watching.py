"""Watching plugin folders: that a Python file in them has changed is told at once, by the system, without a poll."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from blackboard.errors import UsageError


def watch(places: Iterable[str | Path], changed: Callable[[], None]) -> Callable[[], None]:
    """Call `changed` after each change of a Python file there; gives back how to stop that. From a thread. UsageError.

    Of a place that is a file only this file and those beside it are watched.
    """
    from watchdog import events
    from watchdog.observers import Observer

    class Changed(events.FileSystemEventHandler):
        def dispatch(self, event: events.FileSystemEvent) -> None:
            if event.is_directory or str(event.src_path).endswith(".py") or str(event.dest_path).endswith(".py"):
                changed()

    logger = logging.getLogger("watchdog")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # a library is silent
    wanted: list[type[events.FileSystemEvent]] = [
        events.DirDeletedEvent,
        events.DirMovedEvent,
        events.FileClosedEvent,
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileModifiedEvent,
        events.FileMovedEvent,
    ]  # fmt: skip  not that a file was opened or read: loading does that too
    observer = Observer()
    for place in map(Path, places):
        if not place.exists():
            continue
        folder = place if place.is_dir() else place.parent
        try:
            observer.schedule(Changed(), str(folder), recursive=place.is_dir(), event_filter=wanted)
        except OSError as error:
            raise UsageError(f"{folder} cannot be watched: {error.strerror}; leave out --reload") from error
    try:
        observer.start()
    except OSError as error:
        raise UsageError(f"plugin folders cannot be watched: {error.strerror}; leave out --reload") from error
    return observer.stop
