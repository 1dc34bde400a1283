"""What every outline of a text must hold, whatever the format."""

from blackboard.tools.documents.passages import LONGEST_OTHER, Outline, Places, passages
from blackboard.tools.extractive.statements import statements


def check_outline(text: str, outline: Outline) -> None:
    """Blocks are in order and trimmed; what reads as it stands is what stands there; passages have exact places."""
    end = 0
    for block in outline.blocks:
        assert end <= block.start < block.end <= len(text)
        assert text[block.start : block.end] == text[block.start : block.end].strip()
        end = block.end
        if block.readable:
            check_runs(text, block)
    data = text.encode(errors="replace")
    for passage in passages("doc", outline.blocks, Places(text, "utf-8")) if "\udc80" not in text else ():
        assert data[passage.start : passage.end].decode() == passage.exact
        assert len(passage.text.encode()) <= LONGEST_OTHER


def check_runs(text, block):
    readable = block.readable
    ends = [*(at for at, _, _ in readable.runs[1:]), len(readable.text)]
    before = block.start
    for (at, begin, stop), until in zip(readable.runs, ends, strict=True):
        assert before <= begin < stop <= block.end
        before = stop
        if stop - begin == until - at:
            assert readable.text[at:until] == text[begin:stop]


def reads(text, outline):
    """(heading, text without line ends) of all that is prose."""
    return [
        (b.heading, " ".join((b.readable.text if b.readable else text[b.start : b.end]).split()))
        for b in outline.blocks
        if b.prose
    ]


def other(text, outline):
    """What is no prose, as it stands."""
    return [text[b.start : b.end] for b in outline.blocks if not b.prose]


def quotable(text, outline):
    """The sentences that can be quoted, in one line each."""
    found = passages("doc", outline.blocks, Places(text, "utf-8"))
    return [" ".join(s.text.split()) for s in statements(list(found))]
