"""Which files of a folder are documents, and what is said of the others."""

import os
from pathlib import Path

import pytest

from blackboard.errors import UsageError
from blackboard.tools.documents import Library, files, unread_documents

pytestmark = pytest.mark.usefixtures("cache")


class TestFolder:
    def test_a_folder_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(UsageError, match=r"--documents takes a folder .*nowhere does not exist"):
            Library(tmp_path / "nowhere")

    def test_a_file_is_no_folder(self, folder):
        with pytest.raises(UsageError, match=r"guide\.md is not a folder"):
            Library(folder / "guide.md")

    def test_a_folder_without_readable_documents_is_an_error_at_the_search(self, tmp_path):
        (tmp_path / "empty").mkdir()
        (tmp_path / "empty" / "blank.md").write_text("\n \n")
        (tmp_path / "empty" / "thing.xyz").write_text("print()")
        library = Library(tmp_path / "empty")
        with pytest.raises(UsageError, match=r"blank\.md \(no text in it\), 1 file of another type \(\.xyz\); --do"):
            library.search("anything")

    def test_what_cannot_be_read_is_skipped_with_the_reason(self, folder):
        (folder / "picture.md").write_bytes(b"GIF\0\1")
        (folder / "packed.txt").write_bytes(bytes(range(1, 256)))
        (folder / "huge.rst").write_bytes(b"word " * 1_000_001)
        (folder / "blank.text").write_text("\n")
        (folder / ".hidden.md").write_text("secret")
        (folder / ".git").mkdir()
        (folder / "node_modules").mkdir()
        (folder / "loop").symlink_to(folder)
        (folder / "link.md").symlink_to(folder / "guide.md")
        os.mkfifo(folder / "pipe.md")
        library = Library(folder)
        assert library.skipped == [
            (".git", "hidden"),
            (".hidden.md", "hidden"),
            ("blank.text", "no text in it"),
            ("huge.rst", "larger than 5 MB"),
            ("link.md", "a link"),
            ("loop", "a link"),
            ("node_modules", "installed packages"),
            ("packed.txt", "binary"),
            ("picture.md", "binary"),
            ("pipe.md", "not a regular file"),
        ]
        assert library.documents == 1
        assert Library(folder).skipped == library.skipped

    def test_what_a_person_would_miss_is_told_in_few_words(self, folder):
        for name in "abc":
            (folder / f"{name}.md").write_bytes(b"\0")
        (folder / "blank.txt").write_bytes(b" ")
        (folder / ".hidden.md").write_text("hidden")
        assert unread_documents.function(Library(folder)) == ["3 files (binary)", "blank.txt (no text in it)"]

    def test_is_told_of_several_files_in_the_plural(self):
        skipped = [("a.md", "no text in it"), ("b.md", "no text in it"), ("c", "a link"), ("d", "a link")]
        assert files.in_words(skipped) == ["2 files (no text in them)", "2 files (links)"]

    def test_a_folder_that_is_opened_is_refused_at_once_with_the_reason(self, tmp_path):
        (tmp_path / "picture.md").write_bytes(b"\0")
        with pytest.raises(UsageError, match=r"has no readable document: picture\.md \(binary\); --documents takes"):
            Library.opened(tmp_path)

    def test_a_name_that_is_not_utf8_is_skipped(self, folder):
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.md")).write_text("text")
        assert Library(folder).skipped == [("caf\N{REPLACEMENT CHARACTER}.md", "its name is not UTF-8")]

    def test_a_skipped_file_that_becomes_readable_is_read(self, folder):
        (folder / "late.md").write_bytes(b"\0\xff\xfe")
        library = Library(folder)
        assert library.skipped == [("late.md", "binary")]
        (folder / "late.md").write_text("A zebra.")
        library.refresh()
        assert library.search("zebra")
        assert library.skipped == []


class TestFilesThatAreNoDocuments:
    def test_they_are_counted_by_type_the_most_frequent_first(self, folder):
        for name in ("a.png", "b.png", "c.zip", "d.mp3", "e.mp4", "f"):
            (folder / name).write_bytes(b"x")
        assert unread_documents.function(Library(folder)) == ["6 files of other types (.png, .mp3, 3 more)"]

    def test_one_is_counted_too(self, folder):
        (folder / "a.PNG").write_bytes(b"x")
        assert unread_documents.function(Library(folder)) == ["1 file of another type (.png)"]

    @pytest.mark.parametrize("name", ["README", "NEWS", "Changelog", "LICENSE", "todo"])
    def test_well_known_names_need_no_suffix(self, folder, name):
        (folder / name).write_text("A zebra.")
        assert Library(folder).search("zebra")[0].document == name

    @pytest.mark.parametrize("name", ["app.min.js", "package-lock.json", "__pycache__/a.md"])
    def test_what_programs_wrote_for_programs_is_not_read_and_not_told(self, folder, name):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("A zebra.")
        library = Library(folder)
        assert library.search("zebra") == []
        told = unread_documents.function(library)
        assert all("other" in line for line in told), told  # JavaScript and JSON may be no documents at all


class TestAStrangeFolder:
    def test_of_a_large_file_only_the_name_is_read(self, folder):
        with (folder / "huge.txt").open("wb") as huge:
            huge.truncate(200_000_000)
        library = Library(folder)
        assert library.search("lease")
        assert library.skipped == [("huge.txt", "larger than 5 MB")]

    def test_a_pdf_may_be_larger_than_a_text(self, folder):
        with (folder / "huge.pdf").open("wb") as huge:
            huge.truncate(50_000_001)
        (folder / "large.pdf").write_bytes(b"%PDF-" + b"x" * 5_000_001)
        assert Library(folder).skipped == [("huge.pdf", "larger than 50 MB"), ("large.pdf", "a damaged PDF")]

    def test_links_that_lead_in_circles_or_nowhere_are_named_and_not_followed(self, folder):
        (folder / "a").mkdir()
        (folder / "a" / "up").symlink_to(folder)
        (folder / "self.md").symlink_to(folder / "self.md")
        (folder / "lost.md").symlink_to(folder / "nowhere")
        (folder / "picture.png").symlink_to(folder / "nowhere")
        library = Library(folder)
        assert library.skipped == [
            ("a/up", "a link"),
            ("lost.md", "a link"),
            ("picture.png", "another type"),
            ("self.md", "a link"),
        ]
        assert library.documents == 1

    def test_a_folder_whose_name_is_not_utf8_is_skipped(self, folder):
        strange = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9"))
        strange.mkdir()
        (strange / "a.md").write_text("text")
        assert Library(folder).skipped == [("caf\N{REPLACEMENT CHARACTER}", "its name is not UTF-8")]

    def test_a_file_that_goes_between_listing_and_reading_is_not_there(self, folder, monkeypatch):
        (folder / "gone.md").write_text("A zebra.")
        listed = files.list_documents(folder)
        (folder / "gone.md").unlink()
        monkeypatch.setattr(files, "list_documents", lambda _: listed)
        library = Library(folder)
        assert library.search("zebra") == []
        assert library.skipped == []

    def test_a_file_that_cannot_be_opened_is_named(self, folder, monkeypatch):
        (folder / "shut.md").write_text("A zebra.")

        def refused(path, flags):
            if path.name == "shut.md":
                raise PermissionError(13, "Permission denied")
            return os_open(path, flags)

        os_open = os.open
        monkeypatch.setattr(files.os, "open", refused)
        assert Library(folder).skipped == [("shut.md", "cannot be opened")]

    def test_a_pipe_that_took_the_place_of_a_file_is_not_waited_for(self, folder, monkeypatch):
        regular = (folder / "guide.md").lstat()
        (folder / "guide.md").unlink()
        os.mkfifo(folder / "guide.md")
        monkeypatch.setattr(Path, "lstat", lambda _: regular)  # as it was when it was looked at
        with pytest.raises(UsageError, match="not a regular file"):
            files.read_file(folder, "guide.md")
