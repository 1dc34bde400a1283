"""Two dates of what happened once to a named thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackboard.tools.extractive import clash, topic
from blackboard.tools.extractive.happenings import contradicting, happenings

CARDS = (
    "The suite KW-1 was kept for old card readers; it is withdrawn on 15 May 2031, and the readers that know nothing "
    "else have to be exchanged by then."
)
KEYS = "The older suite KW-1 is withdrawn on 1 March 2031, and signatures made with it are refused from that day on."


class TestWhatHappenedOnce:
    @pytest.mark.parametrize(
        ("one", "other", "dates"),
        [
            (CARDS, KEYS, ("15 May 2031", "1 March 2031")),
            ("Acme was founded in 1999 by two engineers.", "Acme was founded in 2001.", ("1999", "2001")),
            ("Acme was founded on 3 May 1999 in Bern.", "The company Acme was founded on 5 May 1999.",
             ("3 May 1999", "5 May 1999")),
            ("The Lantern Bridge was opened on 4 March 1984 by the mayor.",
             "The Lantern Bridge opened in May 1985, and the king came.", ("4 March 1984", "May 1985")),
        ],
    )  # fmt: skip
    def test_to_a_named_thing_has_one_date_whatever_else_is_said(self, one, other, dates):
        found = clash(one, other)
        assert found
        assert found.values == dates
        reverse = clash(other, one)
        assert reverse
        assert reverse.values == dates[::-1]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Acme was founded in 1999.", "Acme was founded on 3 May 1999."),  # the same, told more exactly
            ("Acme was founded in 1999.", "Bolt was founded in 2001."),
            ("Acme was founded in 1999.", "Acme was sold in 2001."),
            ("Acme was founded in 1999.", "Acme was not founded in 2001."),
            ("Acme was founded in 1999.", "Acme was founded again in 2001."),
            ("Acme was founded before 1999.", "Acme was founded in 2001."),
            ("Construction was finished in 1999.", "Construction was finished in 2003."),  # of which building?
            ("It was founded in 1999.", "It was founded in 2001."),
            ("The first Acme Report was published in 1999.", "The second Acme Report was published in 2001."),
            ("Was Acme founded in 1999?", "Acme was founded in 2001."),
        ],
    )
    def test_is_no_contradiction_where_another_reason_may_be(self, one, other):
        assert contradicting(one, other) is None

    def test_can_be_searched_for(self):
        assert topic(CARDS) == "kw-1 withdrawn"

    @given(st.text())
    def test_of_any_text_is_told_without_failing(self, text):
        assert all(h.names for h in happenings(text))
        assert contradicting(text, text) is None
