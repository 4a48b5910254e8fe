"""The program under test, and commands run with it."""
import os
import subprocess
from pathlib import Path

SOURCE_ROOT = Path(os.environ.get("QUIRE_SOURCE_ROOT", Path(__file__).parents[2]))
PROGRAM = os.environ.get("QUIRE_PROGRAM", str(SOURCE_ROOT / "build" / "quire"))
SHARED = Path(os.environ.get("QUIRE_SHARED", SOURCE_ROOT.parent / "shared"))

PATIENCE_S = 300  # with what must come: time decides about no test
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


def environment(variables=None):
    """Nothing of the developer's own settings reaches the program."""
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | (variables or {})


def quire(*words, variables=None, **options):
    """Runs a command to its end; its output is text."""
    options = {"capture_output": True, "text": True, "timeout": PATIENCE_S} | options
    return subprocess.run([PROGRAM, *map(str, words)], env=environment(variables), **options)
