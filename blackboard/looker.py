"""Looker: a Reader over a store, now or as of a seq; and how bodies become rows and rows become entries."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from typing_extensions import override

from blackboard.activation import Query, QueryRead, Write
from blackboard.entry import RETRACTED, Entry, K, Kind, decode, encode
from blackboard.errors import Misuse, NotFound, StoreError, TooMany, UnknownField
from blackboard.ports import Looking
from blackboard.reader import Reader, Status
from blackboard.records import Row


def as_field(value: Any) -> str:
    """The value of an indexed field as it is stored and looked up."""
    return json.dumps(to_jsonable_python(value), sort_keys=True, ensure_ascii=False)


def write(
    body: Kind, status: str, about: tuple[str | int, ...] = (), base: Entry[Any] | None = None, born: int | None = None
) -> Write:
    """One new version, ready to be committed. BodyRefused."""
    text = encode(body)
    fields = tuple((name, as_field(getattr(body, name))) for name in body.indexed)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Write(body.kind_name, status, text, digest, about, base, fields, born=born)


def is_intact(row: Row) -> bool:
    """Whether the body is the one that was written."""
    return hashlib.sha256(row.body.encode()).hexdigest() == row.sha256


def check(row: Row, board: str = "") -> None:
    """StoreError if the body is not the one that was written: it is never used silently."""
    if not is_intact(row):
        name = f"{row.key} v{row.version}" + (f" of {board}" if board else "")
        raise StoreError(f"{name} was changed outside; `blackboard doctor` tells more; restore a backup")


def to_entry(kind: type[K], row: Row, board: str = "") -> Entry[K]:
    """A stored row as the entry of the class that the reader asks with. BodyRefused, StoreError."""
    check(row, board)
    body = decode(kind, row.body, row.key)
    return Entry(row.key, row.version, row.status, body, row.about, row.author, row.label, row.seq)


class Looker(Reader):
    """A Reader over a store, now or as of a seq. A View takes note of what is looked at by the three hooks."""

    def __init__(self, store: Looking, board: str, as_of: int | None = None) -> None:
        self._store, self._board, self._as_of = store, board, as_of

    def _saw(self, row: Row, strict: bool) -> None:
        """A version was read."""

    def _asked(self, asked: QueryRead, strict: bool) -> None:
        """A query was relied on."""

    def _missed(self, key: str, strict: bool) -> None:
        """A key was asked for and not there."""

    def _may_read(self, kind: type[Kind]) -> None:
        """A kind is looked at. NotDeclared."""

    @property
    def _eyes(self) -> tuple[str, ...]:
        """Whose private entries are seen; empty: everybody's."""
        return ()

    def _narrowed(self, kind: type[Kind], query: Query) -> Query:
        self._may_read(kind)
        return replace(query, authors=self._eyes) if kind.private else query

    def _hidden(self, kind: type[Kind], row: Row) -> bool:
        self._may_read(kind)
        return kind.private and bool(self._eyes) and row.author not in self._eyes

    @override
    def get(
        self, kind: type[K], key: str | None = None, /, *, of: Entry[Any] | None = None, strict: bool = True
    ) -> Entry[K]:
        if of is not None:
            return self._about(kind, of, strict)
        row = self._store.by_key(self._board, str(key), self._as_of)
        if row is None:
            self._missed(str(key), strict)
        if row is None or row.kind != kind.kind_name or self._hidden(kind, row):
            raise NotFound(f"no {kind.kind_name} has the key {key!r}")
        return self._entry(kind, row, strict)

    def _about(self, kind: type[K], of: Entry[Any], strict: bool) -> Entry[K]:
        named = self._named(of.about, kind)
        rows = [r for r in named if r.status != RETRACTED]
        if len(rows) != 1:
            for row in named:  # that there is not one is what was read
                self._saw(row, strict)
            error = TooMany if rows else NotFound
            raise error(f"{len(rows) or 'no'} {kind.kind_name} of {of.key}")
        return self._entry(kind, rows[0], strict)

    def _named(self, keys: Iterable[str], kind: type[Kind]) -> list[Row]:
        mine = [k for k in keys if k.rpartition("-")[0] == kind.kind_name]
        rows = [self._store.by_key(self._board, key, self._as_of) for key in mine]
        return [r for r in rows if r is not None and not self._hidden(kind, r)]

    def _entry(self, kind: type[K], row: Row, strict: bool) -> Entry[K]:
        self._saw(row, strict)
        return to_entry(kind, row, self._board)

    @override
    def find(
        self,
        kind: type[K],
        /,
        *,
        status: Status = None,
        about: Entry[Any] | None = None,
        limit: int | None = None,
        strict: bool = True,
        **fields: Any,
    ) -> list[Entry[K]]:
        query = self._narrowed(kind, _query(kind, status, about, limit, fields))
        rows = self._store.find(self._board, query, self._as_of)
        cut = limit is not None and len(rows) >= limit
        bound = (rows[-1].born if rows else 0) if cut else None
        self._asked(QueryRead(query, bound=bound), strict)
        return [self._entry(kind, row, strict) for row in rows]

    @override
    def count(
        self,
        kind: type[K],
        /,
        *,
        status: Status = None,
        about: Entry[Any] | None = None,
        strict: bool = True,
        **fields: Any,
    ) -> int:
        query = self._narrowed(kind, _query(kind, status, about, None, fields))
        self._asked(QueryRead(query, counted=True), strict)
        return self._count(query)

    def _count(self, query: Query) -> int:
        return self._store.count(self._board, query, self._as_of)

    @override
    def linked(self, entry: Entry[Any], kind: type[K], /, *, strict: bool = True) -> list[Entry[K]]:
        query = self._narrowed(kind, _query(kind, None, entry, None, {}))
        self._asked(QueryRead(query), strict)
        rows = [*self._store.find(self._board, query, self._as_of), *self._named(entry.about, kind)]
        for written in self._store.by_seq(self._board, [entry.seq]):
            read = self._store.by_seq(self._board, self._store.made_from(self._board, written.activation))
            rows += self._named({r.key for r in read if r.kind == kind.kind_name}, kind)
        by_key = {r.key: r for r in sorted(rows, key=lambda r: r.born) if r.status != RETRACTED and r.key != entry.key}
        return [self._entry(kind, row, strict) for row in by_key.values()]

    @override
    def history(self, entry: Entry[K], /) -> list[Entry[K]]:
        kind = type(entry.body)
        rows = self._store.versions(self._board, entry.key)
        return [self._entry(kind, r, strict=False) for r in rows if self._as_of is None or r.seq <= self._as_of]


def _query(
    kind: type[Kind], status: Status, about: Entry[Any] | None, limit: int | None, fields: dict[str, Any]
) -> Query:
    """A query, checked: UnknownStatus, UnknownField, Misuse."""
    if limit is not None and limit < 0:
        raise Misuse(f"limit={limit}: a find cannot give less than nothing")
    for name in fields:
        if name not in kind.indexed:
            indexed = ", ".join(kind.indexed) or "nothing"
            raise UnknownField(f"{kind.kind_name} cannot be found by {name!r}; it is indexed by {indexed}")
    if status is None:
        wanted = tuple(sorted(kind.lifecycle.all - {RETRACTED}))
    else:
        named = (status,) if isinstance(status, str) else tuple(status)
        wanted = tuple(sorted(kind.lifecycle.check(kind.kind_name, s) for s in named))
    pairs = tuple(sorted((name, as_field(_as_declared(kind, name, value))) for name, value in fields.items()))
    return Query(kind.kind_name, wanted, about.key if about is not None else None, pairs, limit)


def _as_declared(kind: type[Kind], name: str, value: Any) -> Any:
    """The value as the field would hold it: `1` finds `1.0`, a list finds a tuple. What does not fit finds nothing."""
    try:
        return _field_type(kind, name).validate_python(value)
    except ValidationError:
        return value


@lru_cache(maxsize=512)
def _field_type(kind: type[Kind], name: str) -> TypeAdapter[Any]:
    return TypeAdapter[Any](kind.model_fields[name].annotation or Any)
