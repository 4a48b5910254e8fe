"""Power cuts at random moments, under callers of every kind: as test_kill.py, but for what was never flushed, which is lost or half there.
QUIRE_SEED repeats a run's choices (not the machine's timing); QUIRE_LONG makes it 1,000 cuts."""
import os
import random
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

import pytest

from mixed_followers import LOOPBACK
from mixed_load import Load
from power_cut import LIBRARY, Disk

if not LIBRARY:
    pytest.skip("a program with sanitizers lets nothing be loaded before it", allow_module_level=True)

CUTS = 25
ROUNDS = 40 if os.environ.get("QUIRE_LONG") else 1  # each on a fresh disk
MOMENT_S_MAX = 0.8
SEED = int(os.environ.get("QUIRE_SEED", os.getpid()))


@pytest.fixture
def directory(tmp_path):
    """In memory where there is room: what a true disk does proves nothing here."""
    memory = Path("/dev/shm")
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    with tempfile.TemporaryDirectory(prefix="quire-", dir=memory if has_room else tmp_path) as directory:
        yield Path(directory)


def cut_again_and_again(new_server, directory, seed, cuts, end_s, forgets=None):
    dice, disk = random.Random(seed), Disk(directory / "data", forgets)
    server = new_server("--file-size-threshold-mb", "1", variables=disk.variables | LOOPBACK, name=disk.root)
    load = Load(server, seed).start()
    try:
        for _ in range(cuts):
            time.sleep(dice.uniform(0, MOMENT_S_MAX))
            server.kill()
            disk.cut(dice)
            server.start()
        load.finish(end_s)
    finally:
        load.is_over.set()
        load.followers.stop()
        if server.process:
            server.kill()  # its directory goes
    print(f"{cuts} cuts, {len(load.documents)} documents, {load.unanswered} calls unanswered; {load.followers}")


@pytest.mark.parametrize("number", range(ROUNDS))
def test_power_cuts_under_load_lose_nothing_and_repeat_nothing(new_server, directory, number):
    print(f"QUIRE_SEED={SEED}")
    cut_again_and_again(new_server, directory, f"{SEED}/{number}", CUTS, 60)


@pytest.mark.parametrize("forgets", ["documents/*/", "documents/.tmp/*", "quire.db-wal"])
def test_missing_flush_is_found(new_server, directory, forgets):
    with pytest.raises((AssertionError, OSError, sqlite3.DatabaseError)):
        cut_again_and_again(new_server, directory, SEED, 5, 5, forgets)
