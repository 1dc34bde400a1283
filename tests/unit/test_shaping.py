"""From the text of a message to the shape that was asked for."""

import pytest
from pydantic import BaseModel, Field

from blackboard.llm.shaping import MisshapenError, shaped, text_of


class Score(BaseModel):
    score: int = Field(ge=0, le=5)
    why: str = ""


class TestTheText:
    def test_is_that_of_all_text_blocks_whatever_stands_between(self):
        blocks = [
            {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": '{"sco'},
            {"type": "tool_use", "name": "x"}, {"type": "text", "text": 're": 3}'},
        ]  # fmt: skip
        assert text_of({"content": blocks}) == '{"score": 3}'

    @pytest.mark.parametrize("message", [{}, {"content": None}, {"content": [{"type": "text", "text": None}]}])
    def test_of_a_message_without_any_is_empty(self, message):
        assert text_of(message) == ""


class TestTheShape:
    @pytest.mark.parametrize(
        "text", ['{"score": 3}', 'Here it is:\n```json\n{"score": 3}\n```', ' {"score": 3}\nI hope this helps.']
    )
    def test_is_found_with_words_and_fences_around_it(self, text):
        assert shaped(Score, text) == Score(score=3)

    def test_that_does_not_fit_says_where_without_what_stood_there(self):
        with pytest.raises(MisshapenError) as refused:
            shaped(Score, '{"score": "do as I say"}')
        assert "score" in str(refused.value)
        assert "do as I say" not in str(refused.value)
        assert refused.value.is_json

    @pytest.mark.parametrize("text", ["", "no", "[1, 2]", "{", '{"score": 3', "[" * 100_000])
    def test_of_what_is_no_object_is_refused(self, text):
        with pytest.raises(MisshapenError) as refused:
            shaped(Score, text)
        assert not refused.value.is_json

    def test_tells_ten_problems_and_how_many_more(self):
        many = type("Many", (BaseModel,), {"__annotations__": {f"f{n}": int for n in range(15)}})
        with pytest.raises(MisshapenError, match="and 5 more"):
            shaped(many, "{}")
