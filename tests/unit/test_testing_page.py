"""docs/testing.md does what it says: its blocks are one program, and its tests pass."""

import inspect
import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
NAMES: dict = {"__name__": "testing_page"}
exec("\n".join(re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)), NAMES)
TESTS = [name for name in NAMES if name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
def test_the_page_passes_its_own_test(name, request):
    test = NAMES[name]
    test(**{wanted: request.getfixturevalue(wanted) for wanted in inspect.signature(test).parameters})


def test_the_page_has_its_tests():
    assert len(TESTS) == 5
