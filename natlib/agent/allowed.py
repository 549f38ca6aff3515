"""Which files agents may read: those in some folders, however a path is spelled."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from ..errors import Failure

VARIABLE = "NAT_ALLOWED_DIRS"  # folders, separated as in PATH


class Allowed:
    """The folders in which files may be read. Symbolic links and .. are resolved first, in both."""

    def __init__(self, folders: Iterable[str]):
        self.folders = [os.path.realpath(os.path.expanduser(folder)) for folder in folders if folder]

    def holds(self, path: str) -> bool:
        """Does a resolved path lie in one of the folders?"""
        return any(os.path.commonpath([path, folder]) == folder for folder in self.folders)

    def find(self, path: str) -> str:
        """The resolved path of a file or folder that is there; a relative one is looked for in each of the folders.

        Raises Failure, which tells of no path outside the folders whether anything is there.
        """
        if not self.folders:
            raise Failure(f"no folder may be read: start the server in one, or name some in {VARIABLE}")
        if "\0" in path:
            raise Failure(f"expected the path of a file, got one with a NUL: {path!r}")
        inside = [real for folder in self.folders if self.holds(real := os.path.realpath(os.path.join(folder, path)))]
        if there := [real for real in inside if os.path.exists(real)]:
            return there[0]
        shown = ", ".join(self.folders)
        if not inside:
            raise Failure(f"{path}: expected a file in {shown}, the only folders that may be read ({VARIABLE})")
        raise Failure(f'{path}: no such file in {shown} (sheet with paths ["."] lists what there is)')

    def exists(self, path: str) -> bool:
        """May it be read, and is it there?"""
        try:
            return bool(self.find(path))
        except Failure:
            return False


def usual(roots: Sequence[str] = ()) -> Allowed:
    """The folders of the environment; else `roots`, which a client names; else the working directory.

    A working directory that is the root of all files, where desktop programs start, allows none.
    """
    if (named := os.environ.get(VARIABLE)) is not None:
        return Allowed(named.split(os.pathsep))
    here = os.getcwd()
    return Allowed(roots or ([here] if here != os.path.dirname(here) else []))
