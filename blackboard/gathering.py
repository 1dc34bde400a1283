"""Groups of a fan-in watch: how new versions move entries between them, and when one is whole. Pure; O(1) a version."""

from collections.abc import Iterable
from dataclasses import dataclass

from blackboard.activation import Part


@dataclass(slots=True)
class Place:
    """Where an entry stands, by its last version that was noticed."""

    name: str | None  # of its group; None: it is in none
    seq: int
    done: bool


@dataclass(slots=True)
class Group:
    """How far a group is."""

    entries: int = 0
    done: int = 0
    last_seq: int = 0
    size: int | None = None
    handed: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it can be handed over: never twice where a size says when, else once for each set."""
        if self.size is not None:
            return self.handed is None and self.done >= self.size
        return self.entries > 0 and self.entries == self.done


@dataclass(slots=True)
class Groups:
    """The groups of one agent, as far as some versions touch them. What has changed is in `moved` and `touched`."""

    places: dict[str, Place]  # by key
    groups: dict[str, Group]  # by name
    moved: dict[str, Place]
    touched: dict[str, Group]

    @classmethod
    def of(cls, places: dict[str, Place], groups: dict[str, Group]) -> "Groups":
        """As they stand before the versions."""
        return cls(places, groups, {}, {})

    def take(self, versions: Iterable[tuple[int, str, Part]]) -> None:
        """Versions (seq, key, part) in the order of the feed. Those that were taken before change nothing."""
        for seq, key, part in versions:
            old = self.places.get(key)
            new = Place(part.name, seq, part.done)
            if old is None and part.name is None:
                continue
            if old is not None and (seq < old.seq or new == old):
                continue
            if old is not None:
                self._count(old, -1, seq)
            self._count(new, +1, seq, part.size)
            self.places[key] = self.moved[key] = new

    def _count(self, place: Place, by: int, seq: int, size: int | None = None) -> None:
        if place.name is None:
            return
        group = self.groups.setdefault(place.name, Group())
        group.entries += by
        group.done += by * place.done
        group.last_seq = max(group.last_seq, seq)
        if size is not None and group.handed is None:  # the newest of its entries says how many
            group.size = size
        self.touched[place.name] = group
