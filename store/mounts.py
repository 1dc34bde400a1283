"""Which file systems a database may not be on.

The processes that share a database find its newest commits through memory that they map together. Between two machines
there is no such memory, and locks over a network are not to be trusted: acknowledged commits would be lost.
"""

import re
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")
NETWORK = frozenset({
    "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
})  # fmt: skip
LOCAL_FUSE = frozenset({"fuseblk", "fuse.fuse-overlayfs"})
"""A disk of this machine (NTFS, exFAT), and the root of a container: any other FUSE may reach over a network."""


def network_file_system(path: str) -> str | None:
    """The type of the file system of this path if databases may not be on it. None too where it cannot be known."""
    found = of(path)
    return found if found is not None and is_network(found) else None


def of(path: str) -> str | None:
    """The type of the file system that this path is on; None where it cannot be known."""
    try:
        table = TABLE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # not Linux
        return None
    return file_system(table, str(Path(path).resolve()))


def file_system(table: str, path: str) -> str | None:
    """The type of the file system that a real path is on, from the text of a mountinfo; None if it tells of none."""
    best, found = -1, None
    for line in table.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = _plain(fields[4]).rstrip("/")
        if len(point) >= best and (path == point or path.startswith(point + "/")):  # the later one lies on top
            best, found = len(point), after.split(" ")[0]
    return found


def is_network(kind: str) -> bool:
    """Whether other machines may reach the files of such a file system."""
    is_fuse = kind == "fuse" or kind.startswith("fuse.")
    return kind in NETWORK or (is_fuse and kind not in LOCAL_FUSE)


def _plain(field: str) -> str:
    """A field as the path that it stands for: blanks and backslashes are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), field)
