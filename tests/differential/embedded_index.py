"""The embedded engine as the differential test asks it: an index in a directory, made by apply_bulk and asked by `quire index search`."""
import json
import os
import shutil
import subprocess
from pathlib import Path

from records import EMBEDDED_MAPPING

TIMEOUT_SECONDS = 300


class EmbeddedError(Exception):
    pass


def run(program, *words, text):
    ran = subprocess.run([os.environ[program], *map(str, words)], input=text, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    return ran.returncode, ran.stdout, ran.stderr


class EmbeddedIndex:
    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "mapping.json").write_text(json.dumps(EMBEDDED_MAPPING))

    def build(self, batches):
        """From nothing, with a refresh behind each batch; then merged."""
        shutil.rmtree(self.directory / "index", ignore_errors=True)
        code, _, errors = run("QUIRE_APPLY_BULK", self.directory / "index", self.directory / "mapping.json", text="\n".join(batches))
        if code:
            raise EmbeddedError(errors)

    def search(self, bodies):
        """An answer, or {"error": ...}, for each body."""
        return self.ask("search", bodies)

    def ask(self, verb, bodies):
        lines = "".join(json.dumps({"id": str(i), "body": body}) + "\n" for i, body in enumerate(bodies))
        _, out, errors = run("QUIRE_PROGRAM", "index", verb, self.directory / "index", "--ndjson", text=lines)
        answers = [json.loads(line) for line in out.splitlines()]
        if len(answers) != len(bodies):
            raise EmbeddedError(f"{len(answers)} answers to {len(bodies)} requests: {errors}")
        return answers
