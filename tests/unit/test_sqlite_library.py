"""Which SQLite keeps the boards, and what is known of its faults."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from store import library

SECONDS = 120
REPRESENTATIVE = (
    "tests/contract/test_posting.py", "tests/contract/test_claims.py", "tests/contract/test_concurrency.py",
    "tests/contract/test_feed.py", "tests/contract/test_query_plans.py", "tests/contract/test_verdict.py",
    "tests/unit/test_sqlite.py", "tests/unit/test_sqlite_closing.py", "tests/unit/test_sqlite_files.py",
    "tests/unit/test_sqlite_guard.py", "tests/unit/test_sqlite_readonly.py",
)  # fmt: skip
"""Every kind of statement, its plan, and how files are opened, shared and closed: where versions of SQLite differ."""
TESTS = Path(__file__).parent.parent
BUNDLED = pytest.mark.skipif(library.NAME != library.BUNDLED, reason="pysqlite3 is not installed, or not wanted")


def with_the_standard_one(*words: str) -> subprocess.CompletedProcess[str]:
    """Run Python where BLACKBOARD_SQLITE asks for its own SQLite."""
    environment = {**os.environ, "BLACKBOARD_SQLITE": "stdlib"}
    return subprocess.run(
        [sys.executable, *words], env=environment, cwd=TESTS.parent, capture_output=True, text=True, timeout=SECONDS
    )


class TestTheLibrary:
    @BUNDLED
    def test_is_the_bundled_one_where_it_is_installed(self):
        assert library.sqlite3.__name__ == "pysqlite3.dbapi2"
        assert library.VERSION >= (3, 53)
        assert not library.has_wal_reset_bug()

    def test_is_that_of_python_if_the_setting_says_so(self):
        said = with_the_standard_one("-c", "from store import library; print(library.NAME, library.sqlite3.__name__)")

        assert said.stdout.split() == ["sqlite3", "sqlite3"]

    def test_is_that_of_python_where_no_other_is_installed(self):
        hidden = "import sys; sys.modules['pysqlite3.dbapi2'] = None; from store import library; print(library.NAME)"

        said = subprocess.run(
            [sys.executable, "-c", hidden], cwd=TESTS.parent, capture_output=True, text=True, timeout=SECONDS
        )

        assert said.stdout.split() == ["sqlite3"]

    @BUNDLED
    @pytest.mark.slow
    def test_may_be_either_for_what_a_store_promises(self):
        """All of it: `BLACKBOARD_SQLITE=stdlib pytest tests/contract tests/unit/test_sqlite*.py`."""
        done = with_the_standard_one("-m", "pytest", "-n", "0", "-q", "-x", "-p", "no:cacheprovider", *REPRESENTATIVE)

        assert done.returncode == 0, done.stdout[-3000:]


class TestTheWalResetBug:
    @pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 2)])
    def test_is_in_these_versions(self, version):
        assert library.has_wal_reset_bug(version)

    @pytest.mark.parametrize("version", [(3, 6, 23), (3, 44, 6), (3, 50, 7), (3, 51, 3), (3, 53, 0), (4, 0, 0)])
    def test_is_not_in_these(self, version):
        assert not library.has_wal_reset_bug(version)
