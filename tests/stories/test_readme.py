"""The README does what it says: every block is run, in order, in a fresh copy and a fresh environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MINUTES = 8


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / "README.md").read_text())


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    """A copy of what git tracks or would track: what a clone would hold."""
    copy = tmp_path_factory.mktemp("clone")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    for name in filter(None, files.stdout.splitlines()):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.mark.slow
@pytest.mark.timeout(60 * MINUTES)
class TestTheReadme:
    def test_every_block_runs_in_order_in_a_fresh_environment(self, clone):
        # Collecting the tests shows that the environment can run them; running them here would never end.
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("BLACKBOARD_", "PYTEST_", "VIRTUAL_ENV"))
        }
        environment |= {"PYTEST_ADDOPTS": "--collect-only -q", "BLACKBOARD_CACHE": str(clone / "cache")}
        printed = []
        for language, text in blocks():
            if language == "text":
                continue
            command = ["bash", "-ec", text] if language == "sh" else [".venv/bin/python", "-c", text]
            done = subprocess.run(
                command, cwd=clone, env=environment, capture_output=True, text=True, timeout=60 * MINUTES
            )
            assert done.returncode == 0, f"{text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            printed.append(done.stdout)

        report, looked, changes, seen, greeting, judged, tests = printed
        assert report.count("# How do agents agree on shared state?") >= 1
        assert re.search(r"\[1\].*\n", report)
        assert "shared-state.md:" in report
        assert "research-2" in looked
        assert "decisions.md:" in looked, "the question about the user's own documents found no answer"
        for line in next(text for _, text in blocks() if text.startswith("welcome-1")).splitlines():
            if "activation" not in line:  # the two greetings are polished in any order
                assert line in seen
        (quoted,) = [line for _, text in blocks() for line in text.splitlines() if " by facts: " in line]
        assert re.sub(r", v\d by", " by", quoted) in re.sub(r", v\d by", " by", changes), "versions are in any order"
        assert greeting == "Hello, Ada! / complete\n"
        assert re.fullmatch(r"It thanks everybody. / 0\.0000\d\d USD\n", judged)
        assert "test_readme.py" in tests

    def test_links_lead_somewhere(self):
        links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
        assert [link for link in links if not (ROOT / link).exists()] == []


class TestContributing:
    def test_its_agent_passes_its_test(self):
        found = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text())
        code = "\n".join(text for language, text in found if language == "python")
        names: dict = {}
        exec(code, names)
        names["test_it_is_loud"]()


class TestThePackage:
    def test_importing_it_loads_neither_the_model_client_nor_the_database(self):
        heavy = "{'anthropic', 'httpx2', 'genai_prices', 'sqlmodel', 'sqlalchemy', 'loguru'}"
        code = f"import sys, blackboard; print(sorted({heavy} & set(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == "[]\n"
