"""Power cuts: a directory as a disk could show it afterwards. tests/support/power_cut.c keeps what was flushed; what was not has reached
the disk or has not, each name and each block of a file by itself."""
import ctypes
import os
import shutil
from pathlib import Path

LIBRARY = os.environ.get("QUIRE_POWER_CUT")
BLOCK_BYTES = 4096
LUCK = (0, 0, 0.1, 0.5, 0.9)  # the chance of what was not flushed; 0: a disk that holds nothing but what it owes

AT_FDCWD, AT_SYMLINK_NOFOLLOW, STATX_INO_AND_BTIME = -100, 0x100, 0x900
STATX_BYTES, STATX_INO_AT, STATX_BTIME_AT = 256, 32, 80
libc = ctypes.CDLL(None, use_errno=True)


def identity(path):
    """As power_cut.c names it."""
    answer = ctypes.create_string_buffer(STATX_BYTES)
    if libc.statx(AT_FDCWD, os.fsencode(path), AT_SYMLINK_NOFOLLOW, STATX_INO_AND_BTIME, answer):
        raise OSError(ctypes.get_errno(), f"statx {path}")
    number = int.from_bytes(answer.raw[STATX_INO_AT:STATX_INO_AT + 8], "little")
    seconds = int.from_bytes(answer.raw[STATX_BTIME_AT:STATX_BTIME_AT + 8], "little", signed=True)
    return f"{number}.{seconds}.{int.from_bytes(answer.raw[STATX_BTIME_AT + 8:STATX_BTIME_AT + 12], 'little')}"


class Disk:
    """Holds `root`, which is made. A server with these `variables` flushes to it."""

    def __init__(self, root, forgets=None):
        self.root = Path(root).resolve()
        self.kept = self.root.with_name(self.root.name + ".kept")
        self.variables = {"LD_PRELOAD": LIBRARY, "POWER_CUT_ROOT": str(self.root), "POWER_CUT_KEPT": str(self.kept)}
        if forgets:
            self.variables["POWER_CUT_FORGETS"] = forgets
        self.root.mkdir(mode=0o700)
        self.keep_all()

    def keep_all(self):
        """What is there now survives."""
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir()
        for directory, _, files in os.walk(self.root):
            names = (f"{'d' if kind else 'f'} {which} {name}\0" for name, (kind, which) in names_in(directory).items())
            (self.kept / identity(directory)).write_text("".join(names))
            for name in files:
                shutil.copyfile(os.path.join(directory, name), self.kept / identity(os.path.join(directory, name)))

    def cut(self, dice):
        """Nobody may be at work on the disk any more."""
        survivors = Survivors(self, dice)
        target = self.root.with_name(self.root.name + ".new")
        survivors.make_directory(identity(self.root), target)
        shutil.rmtree(self.root)
        target.rename(self.root)
        self.keep_all()


class Survivors:
    def __init__(self, disk, dice):
        self.kept, self.dice, self.luck = disk.kept, dice, dice.choice(LUCK)
        self.now = {identity(disk.root): disk.root}  # where each thing stands that has a name
        for directory, directories, files in os.walk(disk.root):
            for name in directories + files:
                path = os.path.join(directory, name)
                self.now[identity(path)] = path
        self.made = {}  # a file may have two names

    def is_lucky(self):
        return self.dice.random() < self.luck

    def make_directory(self, which, target):
        os.mkdir(target, 0o700)
        flushed = self.names_kept(which)
        now = names_in(self.now[which]) if which in self.now else flushed
        for name in sorted(flushed | now):
            entry = (now if self.is_lucky() else flushed).get(name)
            if entry:
                is_directory, inner = entry
                (self.make_directory if is_directory else self.make_file)(inner, os.path.join(target, name))

    def names_kept(self, which):
        if not (self.kept / which).exists():
            return {}
        lines = (self.kept / which).read_text().split("\0")[:-1]
        return {name: (kind == "d", inner) for kind, inner, name in (line.split(" ", 2) for line in lines)}

    def make_file(self, which, target):
        if which in self.made:
            os.link(self.made[which], target)
            return
        flushed = (self.kept / which).read_bytes() if (self.kept / which).exists() else b""
        now = Path(self.now[which]).read_bytes() if which in self.now else flushed
        with open(target, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(flushed if now == flushed or not self.luck else self.mixed(flushed, now))
        self.made[which] = target

    def mixed(self, flushed, now):
        size = len(now if self.is_lucky() else flushed)
        blocks = ((now if self.is_lucky() else flushed)[at:at + BLOCK_BYTES] for at in range(0, size, BLOCK_BYTES))
        return b"".join(block.ljust(BLOCK_BYTES, b"\0") for block in blocks)[:size]


def names_in(directory):
    with os.scandir(directory) as entries:
        return {entry.name: (entry.is_dir(follow_symlinks=False), identity(entry.path)) for entry in entries}
