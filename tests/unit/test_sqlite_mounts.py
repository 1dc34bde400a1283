"""Which file systems are refused, from the table of mounts that Linux shows."""

import pytest

from blackboard.errors import StoreError
from store import mounts
from store.mounts import file_system, is_network
from store.sqlite import open_store

TABLE = r"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
40 27 0:40 / /home rw,relatime shared:1 master:2 - nfs4 server:/home rw,vers=4.2
41 40 254:1 / /home/ada/local rw,relatime - xfs /dev/vdb rw
42 27 0:42 / /mnt/my\040share rw - cifs //server/my\040share rw
43 27 0:43 / /mnt/back\134slash rw - fuse.sshfs ada@server: rw
44 27 0:44 / /twice rw - ext4 /dev/vdc rw
45 27 0:45 / /twice rw - 9p hostshare rw
a line that is none
"""


class TestTheFileSystemOfAPath:
    @pytest.mark.parametrize(("path", "kind"), [
        ("/work/b.db", "ext4"),
        ("/", "ext4"),
        ("/home/b.db", "nfs4"),
        ("/homework/b.db", "ext4"),
        ("/home/ada/local/b.db", "xfs"),
        ("/mnt/my share/b.db", "cifs"),
        ("/mnt/back\\slash/b.db", "fuse.sshfs"),
        ("/twice/b.db", "9p"),
    ])  # fmt: skip
    def test_is_that_of_its_longest_mount_point_and_of_the_one_on_top(self, path, kind):
        assert file_system(TABLE, path) == kind

    def test_is_unknown_where_no_table_tells_of_it(self):
        assert file_system("", "/work/b.db") is None


class TestANetworkFileSystem:
    @pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "lustre", "fuse.sshfs"])
    def test_reaches_other_machines(self, kind):
        assert is_network(kind)

    @pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs"])
    def test_is_not_a_disk_of_this_machine(self, kind):
        assert not is_network(kind)

    def test_is_refused_when_a_database_is_opened_there(self, tmp_path, monkeypatch):
        table = tmp_path / "mountinfo"
        table.write_text(f"40 27 0:40 / {tmp_path} rw - nfs4 server:/home rw\n")
        monkeypatch.setattr(mounts, "TABLE", table)

        with pytest.raises(StoreError, match=r"b\.db is on a network file system \(nfs4\).*use a local disk"):
            open_store(str(tmp_path / "b.db"))
        assert not (tmp_path / "b.db").exists()

    def test_is_found_behind_a_symbolic_link(self, tmp_path, monkeypatch):
        (tmp_path / "far").mkdir()
        (tmp_path / "near").symlink_to(tmp_path / "far")
        table = tmp_path / "mountinfo"
        table.write_text(f"40 27 0:40 / {tmp_path / 'far'} rw - nfs4 server:/home rw\n")
        monkeypatch.setattr(mounts, "TABLE", table)

        with pytest.raises(StoreError, match="network"):
            open_store(str(tmp_path / "near" / "b.db"))

    def test_is_not_looked_for_where_no_table_is(self, tmp_path, monkeypatch):
        monkeypatch.setattr(mounts, "TABLE", tmp_path / "none")

        open_store(str(tmp_path / "b.db")).close()
