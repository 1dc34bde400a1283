"""Bad input, through the real command line: one sentence, exit code 2, and nothing in the database has changed."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blackboard import open_board
from blackboard.cli import run
from blackboard.cli.finding import in_file
from blackboard.entry import LARGEST_BODY
from store.library import sqlite3
from store.migrations import MIGRATIONS

pytestmark = pytest.mark.slow
PATIENCE = 60  # seconds that a process may take
BLACKBOARD = [sys.executable, "-m", "blackboard"]

SHOP = '''"""A shop that takes orders."""

from typing import Any

from pydantic import Field

from blackboard import Kind, Scenario


class Order(Kind, lifecycle={"open": ("paid", "void"), "paid": "sent"}):
    """Order something."""

    what: str
    pieces: int = Field(default=1, ge=1)
    price: float = 1
    extra: dict[str, Any] = {}


scenario = Scenario("shop", params=Order, agents=[], result=Order)
'''


def process(*words: str | bytes, given: bytes = b"") -> tuple[int, str, str]:
    """A command in a process of its own: its exit code, stdout and stderr."""
    done = subprocess.run([*BLACKBOARD, *words], input=given, capture_output=True, timeout=PATIENCE, check=False)
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def blackboard(capsys, monkeypatch):
    """The same in this process, which takes a tenth of the time."""

    def command(*words: str, given: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        code = run(words)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return command


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """A folder with a board that is open and holds one order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLACKBOARD_DB", str(tmp_path / "shop.db"))
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    (tmp_path / "shop.py").write_text(SHOP)
    scenario = in_file(tmp_path / "shop.py")
    board = scenario.run(scenario.params(what="tea"))
    board.store.reopen(board.id, ())
    board.close()


def held() -> list[tuple[object, ...]]:
    """All that the database holds of boards, entries and activations, as somebody else reads it."""
    with sqlite3.connect("file:shop.db?mode=ro", uri=True) as at:
        tables = ("board", "entry", "activation", "attempt", "activation_read", "kind_mark", "link", "field")
        found = [row for table in tables for row in at.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3")]
    at.close()
    return found


@pytest.fixture
def refused(blackboard):
    """Refuses a command with one sentence, and leaves the database as it was."""

    def command(*words, by=blackboard, **options) -> str:
        before = held()
        code, out, err = by(*words, **options)
        assert (code, out) == (2, ""), err
        assert err.count("\n") == 1, err
        assert held() == before
        return err

    return command


class TestText:
    def test_that_is_no_utf_8_is_refused_as_an_argument(self, refused):
        assert "is not UTF-8" in refused("post", "last", "order", b"what=\xff\xfe", by=process)
        assert "is not UTF-8" in refused("amend", "last", "order-1", os.fsdecode(b"what=\xe4"))

    def test_that_is_no_utf_8_is_refused_from_stdin(self, refused):
        said = refused("post", "last", "order", "-", given=b'{"what": "\xff"}', by=process)
        assert said == "what stdin gives is not UTF-8 (byte 10); write it in that encoding\n"

    def test_with_a_lone_surrogate_is_refused(self, refused):
        for body in (r'{"what": "\ud800"}', r'{"what": "x", "extra": {"a": "\udfff"}}'):
            assert "order: a text holds a lone surrogate" in refused("post", "last", "order", body)

    def test_with_nul_is_refused(self, refused):
        assert "the character NUL" in refused("post", "last", "order", "-", given=rb'{"what": "a\u0000b"}')


class TestNumbers:
    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
    def test_that_json_does_not_know_are_refused(self, refused, number):
        assert f"{number} is no number in JSON" in refused(
            "post", "last", "order", f'{{"what": "x", "price": {number}}}'
        )
        assert "order: price: " in refused("post", "last", "order", "what=x", f"price={number}")

    def test_that_become_infinite_are_refused(self, refused):
        assert "order: price: " in refused("post", "last", "order", '{"what": "x", "price": 1e999}')
        said = refused("post", "last", "order", '{"what": "x", "extra": {"a": 1e999}}')
        assert "Infinity is no number in JSON" in said


class TestABody:
    def test_over_the_cap_is_refused_with_what_to_do(self, refused):
        body = json.dumps({"what": "x" * LARGEST_BODY}).encode()
        said = refused("post", "last", "order", "-", given=body)
        assert said == "order: the body is larger than 256 KB; write it to a file and post a reference to it\n"

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["what=x", "pieces=0"], "order: pieces: Input should be greater than or equal to 1"),
            (["pieces=2"], "order: what: Field required"),
            (["what=x", "wat=y"], "there is no field 'wat'; did you mean what? order has: what, pieces"),
            (['{"what": "x", "wat": 1}'], "order: wat: Extra inputs are not permitted"),
            (["tea"], "a body is FIELD=VALUE …, or JSON"),
            (['{"what": '], "the body is no JSON: Expecting value in line 1, column 10"),
            (["[1]"], "the body is a JSON object"),
            (["-"], "the body is no JSON"),
            (['{"what": "x", "extra": ' + "[" * 100_000], "nested deeper than it could be read again"),
        ],
    )
    def test_that_its_kind_refuses_names_the_field(self, refused, words, sentence):
        if len(words[0]) > 1000:
            assert sentence in refused("post", "last", "order", "-", given=words[0].encode())
        else:
            assert sentence in refused("post", "last", "order", *words)


class TestAKind:
    def test_that_is_not_declared_is_refused_with_the_nearest(self, refused):
        assert "there is no kind 'ordr'; did you mean order? shop-1 has: order" in refused(
            "post", "last", "ordr", "what=x"
        )

    def test_of_the_boards_own_is_not_for_people(self, refused):
        assert refused("post", "last", "failure", "agent=x") == "only the board itself writes failure\n"


class TestAStatus:
    def test_that_does_not_follow_is_refused_with_those_that_do(self, refused):
        said = refused("amend", "last", "order-1", "--status", "sent")
        assert said == "order: 'open' does not lead to 'sent'; it leads to paid, void\n"

    def test_that_is_not_there_is_refused_with_those_that_are(self, refused):
        for words in (("amend", "last", "order-1"), ("post", "last", "order", "what=x")):
            assert "order has no status 'lost'; it has open, paid" in refused(*words, "--status", "lost")

    def test_or_nothing_at_all_to_change_is_refused(self, refused):
        assert "say what is to change of order-1" in refused("amend", "last", "order-1")


class TestAnEntry:
    def test_that_is_not_there_is_refused(self, refused):
        assert "no entry has the key 'order-9'" in refused("amend", "last", "order-9", "what=x")
        assert "no entry has the key 'order-9'" in refused("post", "last", "order", "what=x", "--about", "order-9")


class TestTheDatabase:
    def test_of_a_newer_release_is_refused(self, refused):
        with sqlite3.connect("shop.db") as at:
            at.execute("INSERT INTO schema_version VALUES (?, 0)", (len(MIGRATIONS) + 1,))
        at.close()

        for words in (("post", "last", "order", "what=x"), ("show", "last"), ("resume", "last", "--more")):
            assert f"newer blackboard (schema {len(MIGRATIONS) + 1})" in refused(*words)

    def test_that_is_read_only_can_be_looked_at_and_refuses_posts(self, blackboard, tmp_path):
        place = tmp_path / "locked"
        place.mkdir()
        real = tmp_path / "real"
        real.mkdir()
        shutil.copy("shop.db", real / "shop.db")
        mounted("--bind", str(real), str(place))
        try:
            mounted("-o", "remount,bind,ro", str(place))
            before = digest(real / "shop.db")
            for words in (
                ("post", "last", "order", "what=x"),
                ("amend", "last", "order-1", "pieces=2"),
                ("cancel", "last"),
            ):
                code, out, err = blackboard(*words, "--db", str(place / "shop.db"))
                assert (code, out, err.count("\n")) == (2, "", 1), err
                assert "is read-only; make the file and its folder writable" in err
            for words in (("show", "last"), ("why", "last", "order-1"), ("log", "last")):
                assert blackboard(*words, "--db", str(place / "shop.db"))[0] == 0
            assert digest(real / "shop.db") == before
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)

    def test_on_a_full_disk_refuses_the_post_and_takes_it_when_there_is_room(self, blackboard, tmp_path):
        disk = tmp_path / "disk"
        disk.mkdir()
        mounted("-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk))
        try:
            path, ballast = disk / "shop.db", disk / "ballast"
            shutil.copy("shop.db", path)
            large = json.dumps({"what": "x" * (LARGEST_BODY - 100)}).encode()
            landed = 0
            for _ in range(30):
                code, out, err = blackboard("post", "last", "order", "-", "--db", str(path), given=large)
                if code:
                    break
                landed += 1
            assert (code, out, err.count("\n")) == (2, "", 1), err
            assert "free some space" in err
            assert landed > 2
            assert [e.key for e in orders(path)] == [f"order-{n}" for n in range(1, landed + 2)]

            mounted("-o", "remount,size=30m", str(disk))

            assert blackboard("post", "last", "order", "what=y", "--db", str(path))[1] == f"order-{landed + 2}\n"
            assert blackboard("resume", "last", "--db", str(path), "-q")[0] in {0, 4}
            assert len(orders(path)) == landed + 2
            assert not ballast.exists()
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)


class TestAFolderOfDocuments:
    @pytest.mark.skipif(os.name != "posix", reason="permissions of a file")
    def test_with_a_file_that_cannot_be_read_skips_and_notes_it(self, blackboard, tmp_path):
        folder = tmp_path / "docs"
        folder.mkdir()
        (folder / "good.md").write_text("Tea is a drink that is made of leaves. Tea is made with hot water.\n")
        (folder / "bad.md").write_bytes(b"\xff\xfe\x00tea\x00\x80" * 50)
        (folder / "gone.md").symlink_to(folder / "nowhere.md")

        code, out, _ = blackboard("run", "research", "What is tea?", "--documents", str(folder), "-q")

        assert code == 0
        assert "good.md:1" in out
        assert "bad.md" in out, "what was not read is noted in the report"


def orders(path) -> list:
    with open_board(db=str(path)) as board:
        return board.entries("order")


def digest(path: Path) -> str:
    return hashlib.sha256(subprocess.run(["cat", str(path)], capture_output=True, check=True).stdout).hexdigest()


def mounted(*words: str) -> None:
    """Mount something, or skip the test with the reason."""
    if sys.platform != "linux" or not shutil.which("mount"):
        pytest.skip("mounts are tried on Linux")
    done = subprocess.run(["mount", *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
