"""The page for people who look at a database with SQL: its statements run, and it describes every view."""

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from blackboard import Budget, Entry, Failure, Kind, Scenario, View, agent, all_done, open_board, resource, tool
from blackboard.activation import State
from blackboard.entry import Confidentiality, Integrity
from blackboard.records import Seat
from scenarios.research import scenario as research
from store.sqlite import open_store
from tests.builders import Bench, Clock
from tests.calling import spent_board

PAGE = (Path(__file__).parents[2] / "docs" / "database.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w+)\n(.*?)```\n*", re.DOTALL)
ROW_OF_A_TABLE = re.compile(r"^\| `([^|]+)` \|", re.MULTILINE)
QUESTIONS = 10


# -- a board on which something goes wrong -----------------------------------------------------------------------------
class Order(Kind):
    """Sell and send something."""

    item: str
    database: str


class Price(Kind):
    """What an item costs."""

    euros: int


class Offer(Kind):
    """What is sold, for how much."""

    text: str


class Parcel(Kind, lifecycle={"packed": "sent"}):
    """What is to be sent."""

    address: str


class Receipt(Kind):
    """The end of it."""

    text: str


@agent(watches=Order, writes=Price, rating=2)
def pricer(order: Entry[Order], view: View) -> None:
    view.post(Price(euros=12), about=order)


@agent(watches=Order, writes=Offer, rating=1)
def seller(order: Entry[Order], view: View) -> None:
    price = view.find(Price)[0]
    if price.version == 1:
        with open_board(db=order.body.database) as board:  # a person changes it while this is thinking
            board.amend(board.find(Price)[0], Price(euros=9))
    view.post(Offer(text=f"{order.body.item} for {price.body.euros} euros"), about=(order, price))


@agent(watches=Price, writes=())
def auditor(price: Entry[Price], view: View) -> None:
    """Has not begun when the price changes."""


class AddressBook:
    """Somebody else's; answers at the second try."""

    tried = 0

    def look_up(self) -> str:
        self.tried += 1
        if self.tried == 1:
            raise OSError("the line is busy")
        return "1 Long Lane"


@tool(effects="none", returns="untrusted")
def address(book: AddressBook = resource(AddressBook)) -> str:
    """Where it goes."""
    return book.look_up()


@agent(watches=Offer, writes=Parcel, tools=[address])
async def packer(offer: Entry[Offer], view: View) -> None:
    view.post(Parcel(address=await view.call(address)), about=offer)


@agent(watches=Parcel, writes=(), retry=1)
def courier(parcel: Entry[Parcel], view: View) -> None:
    raise ConnectionError(f"nobody opens at {parcel.body.address}")


@agent(watches=Failure, writes=())
def clerk(failure: Entry[Failure], view: View) -> None:
    """Never acts: by then the budget is used up."""


@agent(watches=all_done(Parcel), writes=Receipt)
def cashier(parcels: Sequence[Entry[Parcel]], view: View) -> None:
    """Never acts: nothing is sent."""


TEAM = [pricer, seller, auditor, packer, courier, clerk, cashier]
shop = Scenario(
    "shop", params=Order, agents=TEAM, result=Receipt,
    resources=lambda params: [AddressBook()], budget=Budget(activations=5, seconds=60),
)  # fmt: skip


# -- the page ----------------------------------------------------------------------------------------------------------
class Statement(NamedTuple):
    """A statement on the page, and the columns of the answer that is shown below it."""

    sql: str
    shown: list[str]


def statements() -> Iterator[Statement]:
    found = list(BLOCK.finditer(PAGE))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if block[1] == "sql":
            is_answered = after is not None and after[1] == "text" and after.start() == block.end()
            header = after[2].splitlines()[0] if after and is_answered else ""
            yield Statement(block[2], re.split(r" {2,}", header.strip()))


def section(title: str) -> str:
    """What stands below a heading, up to the next one."""
    assert title in PAGE, f"the page has no section {title}"
    return re.split(r"^#", PAGE.split(title, 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


STATEMENTS = list(statements())


@pytest.fixture(scope="module")
def boards(tmp_path_factory) -> dict[str, Path]:
    """Databases: a run of the research scenario, a board on which something goes wrong, one where models are asked."""
    folder = tmp_path_factory.mktemp("boards")
    made = {name: folder / name / "blackboard.db" for name in ("research", "shop", "asking")}
    for path in made.values():
        path.parent.mkdir()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BLACKBOARD_CACHE", str(folder / "cache"))
        environment.setenv("BLACKBOARD_SYNCHRONOUS", "NORMAL")
        question = research.params(question="How do agents agree on shared state?")
        research.run(question, db=str(made["research"])).close()
        order = Order(item="a lamp", database=str(made["shop"]))
        shop.run(order, db=str(made["shop"]), slots=1).close()
        with closing(open_store(str(made["asking"]), True, clock := Clock())) as store:
            spent_board(store, clock)
    return made


def asked(path: Path, sql: str) -> tuple[list[str], list[tuple]]:
    """The columns and rows that a person gets who has opened the file as the page says."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(sql)
        return [d[0] for d in cursor.description], cursor.fetchall()


def has_shell() -> bool:
    """Whether there is a sqlite3 shell that the page is good for."""
    if shutil.which("sqlite3") is None:
        return False
    said = subprocess.run(["sqlite3", "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    return tuple(map(int, said.split()[0].split("."))) >= (3, 38)


class TestTheStatementsOfThePage:
    @pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
    def test_give_rows_with_the_columns_that_are_shown(self, statement, boards):
        answers = [asked(path, statement.sql) for path in boards.values()]

        assert [columns for columns, _ in answers] == [statement.shown] * len(boards)
        assert any(rows for _, rows in answers), f"no board has a row for\n{statement.sql}"

    @pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
    def test_give_the_same_to_whoever_has_the_board_open(self, statement, boards):
        for path in boards.values():
            columns, rows = asked(path, statement.sql)
            with open_board(db=str(path)) as board:
                assert board.sql(statement.sql) == [dict(zip(columns, row, strict=True)) for row in rows]

    @pytest.mark.skipif(not has_shell(), reason="no sqlite3 that knows ->>")
    @pytest.mark.parametrize("name", ["research", "shop", "asking"])
    def test_run_in_the_shell_as_the_page_opens_it(self, name, boards):
        (opening,) = (text for language, text in BLOCK.findall(PAGE) if language == "sh")
        everything = "".join(statement.sql for statement in STATEMENTS)

        done = subprocess.run(
            ["bash", "-ec", opening], cwd=boards[name].parent, input=everything,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout

    def test_answer_ten_questions(self):
        numbers = re.findall(r"^### (\d+)\. ", PAGE, re.MULTILINE)
        assert numbers == [str(n) for n in range(1, QUESTIONS + 1)]
        assert all("```sql" in section(f"### {n}. ") for n in numbers)

    def test_name_the_conflict_and_its_cause(self, boards):
        _, rows = asked(boards["shop"], BLOCK.findall(section("### 7. "))[0][1])
        assert {(agent, outcome, *change) for agent, _, outcome, _, *change in rows} >= {
            ("seller", "stale", "price-1 v2", "person"),
            ("auditor", "moot", "price-1 v2", "person"),
        }

    def test_say_why_each_activation_waits(self, tmp_path, clock):
        path = tmp_path / "board.db"
        with closing(open_store(str(path), True, clock)) as store:
            bench = Bench.on(store, clock, cap=2)
            running = bench.start("busy", worker="w1")
            failed = bench.start("unlucky")
            assert store.retry(failed, "OSError: the line is busy")
            bench.seat("poor")
            bench.wake("poor", bench.note())
            store.seat(bench.id, [Seat("sleepy", "all note done")])

            rows = store.sql(BLOCK.findall(section("### 5. "))[0][1], {})

        assert {row["agent"]: (row["state"], row["why"]) for row in rows} == {
            "busy": ("running", f"worker w1 is at it, attempt {running.attempt}"),
            "unlucky": ("pending", "to be tried again after: OSError: the line is busy"),
            "poor": ("pending", "all 2 activations are used or reserved"),
            "sleepy": ("asleep", "nothing has woken it: it watches all note done"),
        }

    def test_follow_a_report_down_to_its_documents(self, boards):
        _, rows = asked(boards["research"], BLOCK.findall(section("### 3. "))[0][1])
        keys = [key for key, *_ in rows]
        assert (keys[0], keys[-1]) == ("report-1", "question-1")
        assert all("shared-state.md:" in documents for key, _, _, documents in rows if key.startswith("answer"))


class TestTheWordsOfThePage:
    def test_describe_every_column_of_every_view(self, boards):
        _, views = asked(boards["shop"], "SELECT name FROM sqlite_schema WHERE type = 'view'")
        for (view,) in views:
            columns, _ = asked(boards["shop"], f"SELECT * FROM {view}")
            assert ROW_OF_A_TABLE.findall(section(f"### `{view}`").split("| `state` | meaning |")[0]) == columns

    def test_describe_every_table(self, boards):
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        _, rows = asked(boards["shop"], tables)
        assert sorted(ROW_OF_A_TABLE.findall(section("### Tables"))) == sorted(name for (name,) in rows)

    def test_describe_every_state_of_an_activation(self):
        described = section("### `agenda`").split("| `state` | meaning |")[1]
        assert sorted(ROW_OF_A_TABLE.findall(described)) == sorted(get_args(State))

    @pytest.mark.parametrize("label", [Integrity, Confidentiality])
    def test_name_the_numbers_of_labels(self, label):
        line = next(line for line in PAGE.splitlines() if line.startswith(f"| `{label.__name__.lower()}` |"))
        assert ", ".join(f"{one.value} {one.name.lower()}" for one in label) in line
