"""A quire server for benchmarks: started on a fresh data directory, stopped by its pid."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
QUIRE = ROOT / "build/quire"
PDF = ROOT / "tests/fixtures/pdfs/good"


class Server:
    def __init__(self, *arguments, directory=None):
        """On the directory, which is then kept, or on a fresh one."""
        self.is_kept = directory is not None
        self.directory = directory or tempfile.mkdtemp(prefix="quire-bench-", dir=os.environ.get("BENCH_DIR"))
        started = time.monotonic()
        environment = dict(os.environ, LOG_LEVEL="warn")
        self.process = subprocess.Popen([QUIRE, "serve", "--port", "0", "--data-dir", self.directory, *arguments],
                                        stdout=subprocess.PIPE, text=True, env=environment)
        self.url = json.loads(self.process.stdout.readline())["url"]
        urllib.request.urlopen(self.url + "/health").read()
        self.start_ms = (time.monotonic() - started) * 1000
        self.token = subprocess.run([QUIRE, "token", "admin", "--data-dir", self.directory], check=True,
                                    capture_output=True, text=True).stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)
        if not self.is_kept:
            shutil.rmtree(self.directory, ignore_errors=True)

    def curl(self, path, *arguments):
        return subprocess.run(["curl", "-s", "-S", "-H", f"Authorization: Bearer {self.token}", *arguments, self.url + path],
                              check=True, capture_output=True, text=True).stdout


def tree(pid):
    """The process and all below it."""
    pids = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
            pids += tree(int(child))
    return pids


def own_pss_mb(pid):
    """Of the process alone, in MB: memory that others share counts in part."""
    return int(re.search(r"^Pss:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) / 1024


def pss_mb(pid):
    return sum(map(own_pss_mb, tree(pid)))


def cpu_seconds(pid):
    total = 0
    for each in tree(pid):
        total += sum(map(int, pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
    return total / os.sysconf("SC_CLK_TCK")
