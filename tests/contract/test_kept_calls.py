"""Calls that could not be written down: they lie beside the database until it can be reached."""

import os
from pathlib import Path

import pytest

from blackboard.calls import Amounts, Ended, Usage

WHOLE = {"usage": Usage(1, 2, 3, 4, 5), "spent": Amounts(40, 15), "price": "{}"}


@pytest.fixture
def store(opening):
    return opening()


@pytest.fixture
def id_(bench):
    return bench.call(bench.start())


@pytest.fixture
def folder(store):
    return Path(f"{store.url}-calls")


def found(store):
    return next((f.level, f.detail) for f in store.examine() if f.what == "calls")


class TestACallThatIsKept:
    def test_is_taken_up_with_all_that_is_known_of_it_and_forgotten(self, bench, store, id_, opening, folder):
        store.keep(Ended(bench.id, id_, '{"text": "ü"}', **WHOLE))
        assert found(store)[0] == "warning"
        store.close()
        other = opening()

        assert other.take_up() == 1

        made = other.call(bench.id, id_)
        assert (made.state, made.response, made.usage, made.spent) == (
            "done",
            '{"text": "ü"}',
            *list(WHOLE.values())[:2],
        )
        assert (list(folder.iterdir()), found(other)) == ([], ("ok", "nothing is kept beside the database"))

    def test_can_be_one_of_which_nothing_was_heard(self, bench, store, id_):
        store.keep(Ended(bench.id, id_, fault="silent", cause="no answer"))

        assert store.take_up() == 1
        assert (store.call(bench.id, id_).state, store.call(bench.id, id_).fault) == ("unknown", "silent")

    def test_is_taken_up_once(self, bench, store, id_, opening):
        store.keep(Ended(bench.id, id_, "{}", **WHOLE))

        assert [store.take_up(), opening().take_up(), store.take_up()] == [1, 0, 0]

    def test_changes_nothing_where_it_was_written_down_after_all(self, bench, store, id_):
        store.keep(Ended(bench.id, id_, '"kept"', **WHOLE))
        bench.answer(id_, text='"written"')

        assert store.take_up() == 1
        assert store.call(bench.id, id_).response == '"written"'

    def test_corrects_what_was_written_off_meanwhile(self, bench, store, id_, clock):
        store.keep(Ended(bench.id, id_, "{}", **WHOLE))
        clock.pass_by(60)
        bench.claim("a", worker="w2")

        store.take_up()

        assert store.call(bench.id, id_).state == "late"

    def test_is_kept_once_however_often_it_is_said(self, bench, store, id_, folder):
        for _ in range(3):
            store.keep(Ended(bench.id, id_, "{}", **WHOLE))

        assert len(list(folder.iterdir())) == 1

    @pytest.mark.skipif(os.name == "nt", reason="there are no such rights")
    def test_can_be_read_by_nobody_who_may_not_read_the_database(self, bench, store, id_, folder):
        Path(store.url).chmod(0o600)

        store.keep(Ended(bench.id, id_, "{}", **WHOLE))

        assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]

    @pytest.mark.parametrize("text", [
        "", "{", "[]", '{"made_at": null}', '{"made_at": null, "board": 1, "id": "x", "usage": null, "spent": null}',
        '{"made_at": 5.0, "board": "test-1", "id": 1, "usage": null, "spent": null}',
        '{"made_at": null, "board": "test-9", "id": 9, "usage": null, "spent": null}', "\udcff",
        '{"made_at": null, "board": "test-1", "id": 1, "response": {}}',
        '{"made_at": null, "board": "test-1", "id": 1, "spent": {"nano_usd": 1, "tokens": "many"}}',
    ])  # fmt: skip
    def test_is_left_aside_where_it_is_broken_or_of_another_database(self, bench, store, id_, folder, text):
        store.keep(Ended(bench.id, id_, "{}", **WHOLE))
        path = folder / "other.json"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))

        assert store.take_up() == 1

        assert path.exists()
        assert found(store) == ("error", f"{path} is broken, or of another database")

    def test_is_not_kept_beside_a_board_in_memory(self):
        from store.sqlite import open_store

        store = open_store(":memory:")

        with pytest.raises(OSError, match="in memory"):
            store.keep(Ended("test-1", 1))
        assert store.take_up() == 0
        store.close()


class TestNothingThatIsKept:
    def test_makes_no_folder(self, bench, store, folder):
        assert (store.take_up(), folder.exists()) == (0, False)
