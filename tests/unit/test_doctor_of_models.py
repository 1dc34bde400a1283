"""What doctor says of models: who can be asked, never with which key; what they cost; what is left today."""

import pytest

from blackboard.calls import ANY, Limits
from blackboard.cli import modelling
from blackboard.errors import StoreError
from blackboard.records import Spent

KEY = "sk-ant-of-a-test"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch, tmp_path):
    for name in ("API_KEY", "AUTH_TOKEN", "BASE_URL", "PROFILE", "CUSTOM_HEADERS", "IDENTITY_TOKEN"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))


def found(what):
    return next(f for f in modelling.of_this_machine() if f.what == what)


class TestModels:
    def test_without_a_key_it_says_what_to_set(self):
        one = found("models")
        assert one.level == "ok"
        assert one.detail == "none can be asked: ANTHROPIC_API_KEY is not set"

    def test_of_a_key_the_name_is_told_and_where_it_goes(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        assert found("models").detail == "there is ANTHROPIC_API_KEY; calls go to api.anthropic.com"

    def test_no_key_and_no_password_is_ever_told(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://me:secret@localhost:11434/v")
        told = str(modelling.of_this_machine())
        assert "calls go to localhost:11434" in told
        assert (KEY in told, "secret" in told) == (False, False)

    def test_an_address_that_is_none_is_a_warning(self, monkeypatch):
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "localhost")
        assert found("models").level == "warning"


class TestPrices:
    def test_of_the_tiers_are_known(self):
        assert (found("prices").level, "fast claude-" in found("prices").detail) == ("ok", True)

    def test_that_are_not_known_are_a_warning_that_names_the_model(self, monkeypatch):
        monkeypatch.setenv("BLACKBOARD_MODEL_FAST", "llama")
        assert found("prices").level == "warning"
        assert "what llama costs is not known" in found("prices").detail


class Used:
    """A store with limits a day, and what is used of them."""

    def __init__(self, used):
        self.used = used

    def limits(self):
        return {ANY: Limits(calls_a_day=5, calls_at_once=2), "fast": Limits(nano_usd_a_day=10**9)}

    def sql(self, _, values):
        spent = Spent("calls", 5, self.used, 0)
        return [{"scope": values["day"], "unit": spent.unit, "settled": spent.settled, "reserved": spent.reserved}]


class TestToday:
    def test_tells_what_is_used_of_all_and_of_a_model(self):
        (told,) = modelling.of_today(Used(3))
        assert (told.level, told.detail) == ("ok", "3 of 5 calls; 0 of 1 USD of fast")

    def test_warns_where_nothing_is_left(self):
        (told,) = modelling.of_today(Used(5))
        assert told.level == "warning"
        assert "`blackboard limits` raises it" in told.remedy

    def test_is_silent_where_the_database_cannot_tell(self, monkeypatch):
        def broken(*_):
            raise StoreError("the file is damaged")

        used = Used(1)
        monkeypatch.setattr(used, "sql", broken)
        assert modelling.of_today(used) == []
