"""A disk whose power can be cut, and that fails on cue, under one directory of a server (tests/recovery/disk/disk.cpp).

After `cut` the directory holds what a disk may hold then: all that was synced and, of the rest, what the dice say.
"""

import itertools
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

from .server import find_binary

SECTOR = 512
MODES = ("drop", "keep", "tear")

SYNC_ALL = """
import os, sys
for folder, _, files in os.walk(sys.argv[1]):
    for name in [*files, "."]:
        descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
"""


class Disk:
    """The disk under `root`. What is there at first, and after each cut, counts as synced."""

    def __init__(self, root, notes):
        self.root, self.notes = Path(root), Path(notes)
        self.faults = self.notes.parent / "faults"
        self.library = find_binary().parent / "disk_under_test.so"
        self.root.mkdir(parents=True, exist_ok=True)
        self.trust()

    def environment(self):
        """What the program under test has to be started with."""
        return {
            "LD_PRELOAD": str(self.library),
            # Ours comes before the sanitizer's library, which minds.
            "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
            "COATCHECK_DISK_ROOT": str(self.root.resolve()),
            "COATCHECK_DISK_NOTES": str(self.notes.resolve()),
            "COATCHECK_DISK_FAULTS": str(self.faults.resolve()),
        }

    def trust(self):
        """Everything that is there is synced from now on."""
        shutil.rmtree(self.notes, ignore_errors=True)
        for name in ("bytes", "live", "names"):
            (self.notes / name).mkdir(parents=True)
        subprocess.run([sys.executable, "-c", SYNC_ALL, str(self.root)], env={**os.environ, **self.environment()}, check=True)

    # --- failing -----------------------------------------------------------------------------------

    def fail(self, *faults):
        """From now on each of these (call, how, part of the path) goes wrong."""
        written = self.faults.with_suffix(".new")
        written.write_text("".join(f"{' '.join(fault)}\n" for fault in faults))
        written.rename(self.faults)

    def heal(self):
        self.faults.unlink(missing_ok=True)

    # --- losing its power --------------------------------------------------------------------------

    def cut(self, mode, seed=0):
        """Leaves what a power cut leaves of things not synced: nothing (drop), all (keep), or what dice say (tear).

        Only while no program has files open in it.
        """
        left = self.root.with_name(self.root.name + ".left")
        dice = random.Random(seed)
        self.leave_directory(self.root, left, {"drop": lambda: False, "keep": lambda: True, "tear": lambda: dice.random() < 0.5}[mode])
        shutil.rmtree(self.root)
        left.rename(self.root)
        self.trust()

    def leave_directory(self, now, left, is_kept):
        left.mkdir(mode=0o700)
        for kind, inode, name in self.names_left(now, is_kept):
            if kind == "d":
                self.leave_directory(now / name, left / name, is_kept)
            else:
                (left / name).write_bytes(self.bytes_left(inode, now / name, is_kept))
                (left / name).chmod(0o600)

    def names_left(self, directory, is_kept):
        current, synced = set(), set()
        if directory.exists():
            current = {("d" if each.is_dir() else "f", each.stat().st_ino, each.name) for each in directory.iterdir()}
            noted = self.notes / "names" / str(directory.stat().st_ino)
            if noted.exists():
                fields = (line.split(" ", 2) for line in noted.read_text().splitlines())
                synced = {(kind, int(inode), name) for kind, inode, name in fields}
        names = current & synced
        # A file that was renamed has its old name or its new one.
        changed = sorted(current ^ synced, key=lambda each: (each[1], each[2]))
        for _, changes in itertools.groupby(changed, key=lambda each: each[1]):
            side = current if is_kept() else synced
            names |= {each for each in changes if each in side}
        # A name that was given to another file leads to one of the two.
        return sorted({name: (kind, inode, name) for kind, inode, name in sorted(names)}.values())

    def bytes_left(self, inode, path, is_kept):
        noted, live = self.notes / "bytes" / str(inode), self.notes / "live" / str(inode)
        synced = noted.read_bytes() if noted.exists() else b""
        current = live.read_bytes() if live.exists() else path.read_bytes() if path.exists() else b""
        if synced == current:
            return current
        size = len(current) if is_kept() else len(synced)
        sectors = []
        for at in range(0, size, SECTOR):
            old, new = (each[at:at + SECTOR].ljust(SECTOR, b"\0") for each in (synced, current))
            sectors.append(new if old == new or is_kept() else old)
        return b"".join(sectors)[:size]
