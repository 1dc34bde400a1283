"""Conditions in words, as verdicts and `why-not` say them."""

from blackboard import Kind, exists, when


class Answer(Kind):
    pass


class Report(Kind):
    pass


class TestAConditionInWords:
    def test_has_brackets_only_where_it_would_be_read_otherwise(self):
        a, b, sure = exists(Answer), exists(Report), when(lambda board: True, "somebody is sure")

        assert str(a & b & sure) == "1 answer and 1 report and somebody is sure"
        assert str((a | b) & ~sure) == "(1 answer or 1 report) and not somebody is sure"
        assert str(~(a & b) | sure) == "not (1 answer and 1 report) or somebody is sure"
