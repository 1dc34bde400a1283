"""docs/models.md does what it says: its blocks run, in order."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


class TestThePageOnModels:
    def test_its_blocks_run_in_order(self):
        names: dict[str, object] = {"__name__": "page"}
        found = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/models.md").read_text(), re.MULTILINE | re.DOTALL)
        assert len(found) == 2
        for code in found:
            exec(code, names)

    def test_its_links_lead_somewhere(self):
        links = re.findall(r"\]\(([^)#:]+)", (ROOT / "docs/models.md").read_text())
        assert links
        assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
