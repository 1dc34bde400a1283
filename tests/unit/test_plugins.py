"""Plugins: which files of a folder are looked at, what is found in them, what is said of those that are broken."""

import os
import sys
import threading

import pytest

from blackboard import plugins

PATIENCE = 10  # seconds
HEAD = """from blackboard import Entry, Kind, View, agent

class Note(Kind):
    text: str = ""

"""


def agent_named(name: str, does: str = "pass") -> str:
    return f"""{HEAD}
@agent(watches=Note, writes=Note)
def {name}(note: Entry[Note], view: View) -> None:
    {does}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A plugin folder; what it adds to the path of modules goes away with it."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "plugins"
    made.mkdir()
    before = set(sys.modules)
    yield made
    for name in set(sys.modules) - before:
        if str(made) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def names(*places) -> list[str]:
    return [a.name for a in plugins.load(places).agents]


class TestAFolder:
    def test_is_looked_through_for_files_and_packages_but_no_helpers_and_no_tests(self, folder):
        for name in ("one", "_helper", ".hidden", "test_one", "one_test", "conftest"):
            (folder / f"{name}.py").write_text(agent_named(name.strip("._")))
        (folder / "pack").mkdir()
        (folder / "pack" / "__init__.py").write_text("from .deep import packed\n__all__ = ['packed']\n")
        (folder / "pack" / "deep.py").write_text(agent_named("packed"))
        (folder / "data").mkdir()
        (folder / "notes.txt").write_text("no Python")

        assert names(folder) == ["one", "packed"]

    def test_gives_the_file_of_each_agent(self, folder):
        (folder / "one.py").write_text(agent_named("one"))

        (found,) = plugins.load([folder]).plugins

        assert (found.agent.name, found.file) == ("one", folder / "one.py")

    def test_that_is_not_there_is_a_sentence(self, folder):
        found = plugins.load([folder / "elsewhere", folder])

        assert found.broken == ["plugins/elsewhere: there is no such plugin folder"]

    def test_lets_its_files_import_each_other_and_hides_no_other_module(self, folder):
        (folder / "json.py").write_text(agent_named("hiding"))
        (folder / "_common.py").write_text("NAME = 'common'\n")
        (folder / "one.py").write_text("import json, _common\njson.dumps(_common.NAME)\n" + agent_named("one"))

        found = plugins.load([folder])

        assert (found.broken, [a.name for a in found.agents]) == ([], ["hiding", "one"])


class TestAFile:
    def test_can_be_named_alone(self, folder):
        (folder / "_one.py").write_text(agent_named("one"))
        (folder / "other.py").write_text(agent_named("other"))

        assert names(folder / "_one.py") == ["one"]

    def test_in_a_folder_that_is_named_too_is_there_once(self, folder):
        (folder / "one.py").write_text(agent_named("one"))

        found = plugins.load([folder, folder / "one.py"])

        assert ([a.name for a in found.agents], found.broken) == (["one"], [])


class TestTheAgentsOfAFile:
    def test_are_those_that_it_makes_and_not_those_that_it_imports(self, folder):
        (folder / "_shared.py").write_text(agent_named("shared"))
        (folder / "one.py").write_text("from _shared import shared\nimport _shared\n" + agent_named("one"))
        (folder / "all.py").write_text("from _shared import *\n" + agent_named("starred"))

        assert names(folder) == ["starred", "one"]

    def test_may_be_variants_of_those_that_it_imports(self, folder):
        (folder / "_shared.py").write_text(agent_named("shared"))
        variant = (
            "from dataclasses import replace\nfrom _shared import shared\ncopy = replace(shared, name='variant')\n"
        )
        (folder / "one.py").write_text(variant)

        assert names(folder) == ["variant"]

    def test_are_those_of_dunder_all_where_there_is_one(self, folder):
        (folder / "_shared.py").write_text(agent_named("shared"))
        (folder / "one.py").write_text("from _shared import shared\n" + agent_named("one") + "__all__ = ['shared']\n")

        assert names(folder) == ["shared"]

    def test_of_one_name_are_a_sentence_and_the_first_stays(self, folder):
        (folder / "a.py").write_text(agent_named("same"))
        (folder / "b.py").write_text(agent_named("same"))

        found = plugins.load([folder])

        assert [p.file.name for p in found.plugins] == ["a.py"]
        said = "plugins/b.py: plugins/a.py has an agent 'same' already; give one of them another name"
        assert found.broken == [said]


class TestABrokenFile:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (b"def f(:\n", "plugins/bad.py, line 1: SyntaxError: invalid syntax"),
            (b"\nimport nowhere\n", "plugins/bad.py, line 2: ModuleNotFoundError: No module named 'nowhere'"),
            (b"\n\n1 / 0\n", "plugins/bad.py, line 3: ZeroDivisionError: division by zero"),
            (b"# \xe9\nx = 1\n", "plugins/bad.py, line 1: SyntaxError: it is not UTF-8; save it in that encoding"),
            (b"x = 1\n\nz = '\xff'", "plugins/bad.py, line 3: SyntaxError: it is not UTF-8; save it in that encoding"),
            (b"\nx = '\0'\n", "plugins/bad.py, line 2: SyntaxError: it holds the character NUL; take it out"),
            (
                b"import sys\nsys.exit(3)\n",
                "plugins/bad.py, line 2: it ends the program when it is imported; "
                "put main() under `if __name__ == '__main__':`",
            ),
        ],
    )  # fmt: skip
    def test_is_told_with_line_and_cause_and_the_rest_loads(self, folder, text, said):
        (folder / "bad.py").write_bytes(text)
        (folder / "good.py").write_text(agent_named("good"))

        found = plugins.load([folder])

        assert (found.broken, [a.name for a in found.agents]) == ([said], ["good"])

    def test_is_one_whose_agent_has_a_wrong_signature(self, folder):
        (folder / "bad.py").write_text(HEAD + "@agent(watches=Note, writes=Note)\ndef wrong(note): ...\n")

        assert plugins.load([folder]).broken == ["plugins/bad.py, line 6: wrong: an agent takes (entry, view)"]

    def test_is_told_with_the_helper_in_which_it_breaks(self, folder):
        (folder / "_helper.py").write_text("x = 1\nx.y\n")
        (folder / "bad.py").write_text("import _helper\n")

        (said,) = plugins.load([folder]).broken

        cause = "AttributeError: 'int' object has no attribute 'y' (in plugins/_helper.py, line 2)"
        assert said == f"plugins/bad.py, line 1: {cause}"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_is_one_that_cannot_be_read(self, folder):
        (folder / "bad.py").touch(mode=0)

        assert plugins.load([folder]).broken == ["plugins/bad.py: it cannot be read: Permission denied"]

    def test_is_one_that_leads_nowhere(self, folder):
        (folder / "bad.py").symlink_to(folder / "bad.py")
        (folder / "good.py").write_text(agent_named("good"))

        assert names(folder) == ["good"]

    def test_leaves_nothing_of_it_behind_among_the_modules(self, folder):
        (folder / "bad.py").write_text("1 / 0\n")
        plugins.load([folder])

        assert [n for n in sys.modules if n.startswith("plugin_bad")] == []


class TestLookingAgain:
    def test_gives_the_same_agents_where_nothing_has_changed(self, folder):
        file = folder / "one.py"
        file.write_text(agent_named("one"))
        before = plugins.load([folder]).agents
        os.utime(file, (1, 1))

        (agent,) = plugins.load([folder]).agents

        assert agent is before[0]

    def test_gives_new_agents_of_a_file_that_has_changed_and_leaves_the_others_alone(self, folder):
        for name in ("one", "two"):
            (folder / f"{name}.py").write_text(agent_named(name))
        one, two = plugins.load([folder]).agents
        (folder / "one.py").write_text(agent_named("one", "view.retract(note)"))

        new, same = plugins.load([folder]).agents

        assert (new is one, same is two) == (False, True)
        assert new.code_version != one.code_version

    def test_sees_an_edit_that_changes_neither_size_nor_time(self, folder):
        (folder / "_helper.py").write_text("NAME = 'first'\n")
        os.utime(folder / "_helper.py", (1, 1))
        named = agent_named("one").replace("@agent(", "import _helper\n@agent(name=_helper.NAME, ")
        (folder / "one.py").write_text(named)
        assert names(folder) == ["first"]

        (folder / "_helper.py").write_text("NAME = 'later'\n")
        os.utime(folder / "_helper.py", (1, 1))

        assert names(folder) == ["later"]

    def test_takes_helpers_anew_through_other_helpers(self, folder):
        (folder / "_deep.py").write_text("NAME = 'first'\n")
        (folder / "_helper.py").write_text("from _deep import NAME\n")
        named = agent_named("one").replace("@agent(", "import _helper\n@agent(name=_helper.NAME, ")
        (folder / "one.py").write_text(named)
        (folder / "two.py").write_text(agent_named("two"))
        first, two = plugins.load([folder]).agents

        (folder / "_deep.py").write_text("NAME = 'later on'\n")
        later, same = plugins.load([folder]).agents

        assert (first.name, later.name, same is two) == ("first", "later on", True)

    def test_takes_a_package_anew_when_anything_in_it_has_changed(self, folder):
        (folder / "pack").mkdir()
        (folder / "pack" / "__init__.py").write_text("from .deep import packed\n__all__ = ['packed']\n")
        (folder / "pack" / "deep.py").write_text(agent_named("packed"))
        (before,) = plugins.load([folder]).agents

        (folder / "pack" / "deep.py").write_text(agent_named("packed", "view.retract(note)"))
        (after,) = plugins.load([folder]).agents

        assert before.code_version != after.code_version

    def test_keeps_the_agents_of_a_file_that_is_broken_now_until_it_is_mended(self, folder):
        (folder / "one.py").write_text(agent_named("one"))
        before = plugins.load([folder]).agents
        (folder / "one.py").write_text("def f(:\n")

        broken = plugins.load([folder])
        (folder / "one.py").write_text(agent_named("one", "view.retract(note)"))
        mended = plugins.load([folder])

        assert broken.agents == before
        assert broken.broken == [
            "plugins/one.py, line 1: SyntaxError: invalid syntax; what it had before stays",
        ]
        assert (mended.broken, mended.agents[0] is before[0]) == ([], False)

    def test_puts_a_helper_back_that_cannot_be_loaded_any_more(self, folder):
        (folder / "_helper.py").write_text("NAME = 'first'\n")
        (folder / "one.py").write_text("import _helper\n" + agent_named("one"))
        plugins.load([folder])
        before = sys.modules["_helper"]
        (folder / "_helper.py").write_text("def f(:\n")

        broken = plugins.load([folder])

        assert (len(broken.broken), sys.modules["_helper"] is before) == (1, True)

    def test_gives_nothing_of_files_and_folders_that_have_gone(self, folder):
        for name in ("one", "two"):
            (folder / f"{name}.py").write_text(agent_named(name))
        plugins.load([folder])
        (folder / "one.py").unlink()
        assert names(folder) == ["two"]

        (folder / "two.py").rename(folder.parent / "two.py")
        folder.rename(folder.parent / "moved")

        assert plugins.load([folder]).broken == ["plugins: there is no such plugin folder"]


class TestWatching:
    def test_tells_of_a_file_that_is_written_and_of_one_that_goes(self, folder):
        news = threading.Event()
        stop = plugins.watch([folder], news.set)
        try:
            (folder / "one.py").write_text("x = 1\n")
            assert news.wait(PATIENCE)
            news.clear()
            (folder / "one.py").unlink()
            assert news.wait(PATIENCE)
        finally:
            stop()
