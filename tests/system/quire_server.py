"""A running `quire serve` of a test's own, and what must hold of it when it stops."""
import contextlib
import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

from quire_client import Client
from quire_program import PATIENCE_S, PROGRAM, environment, quire


class Server:
    """Serves `data_dir`. `settings` are further words of the command line, `variables` environment variables."""

    def __init__(self, data_dir, *settings, variables=None, log_path=None, **process_options):
        self.data_dir = Path(data_dir)
        self.settings = settings
        self.variables = variables or {}
        self.process_options = process_options
        self.log_path = log_path or self.data_dir.parent / f"{self.data_dir.name}.log"
        self.secrets = set()  # what must never show in the log
        self.tokens = {}
        self.expected_errors = set()  # events that may show in the log as errors
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "serve", "--port", "0", "--data-dir", str(self.data_dir), *self.settings],
                stdout=subprocess.PIPE, stderr=log, env=environment(self.variables), **self.process_options)
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        line = self.process.stdout.readline() if ready else b""
        assert line, f"the server did not start: {self.log()}"
        announcement = json.loads(line)
        assert announcement["event"] == "listening"
        self.url = announcement["url"]
        return self

    def stop(self):
        """Ends the server as an operator does; fails where its end or its log is not as it should be."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        exit_code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.process = None
        assert exit_code == 0, f"exit code {exit_code}: {self.log()[-4000:]}"
        self.check_log()

    def kill(self):
        """As a power cut would; returns when its helpers have gone too."""
        helpers = self.helpers()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process = None
        wait_until(lambda: not any(is_alive(pid) for pid in helpers), "the helpers end with the server")

    def helpers(self):
        found, todo = [], [self.process.pid]
        while todo:
            with contextlib.suppress(OSError):  # a thread or a process that has ended meanwhile
                for task in Path(f"/proc/{todo.pop()}/task").glob("*"):
                    children = [int(pid) for pid in (task / "children").read_text().split()]
                    found += children
                    todo += children
        return found

    @contextlib.contextmanager
    def held(self):
        """The helpers stand still: no document comes to its end meanwhile."""
        helpers = self.helpers()
        for pid in helpers:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in helpers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    # --- The log -----------------------------------------------------------------------------------

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_lines(self):
        """Those that are whole: the server may be writing one."""
        return [json.loads(line) for line in self.log().splitlines(keepends=True) if line.endswith("\n")]

    def check_log(self):
        text = self.log()
        assert text == "" or text.endswith("\n"), text[-1000:]
        for secret in self.secrets:
            assert secret not in text, f"the log holds {secret[:12]}..."
        for line in self.log_lines():  # each is JSON: a sanitizer's report would not be
            assert line["level"] != "error" or line["event"] in self.expected_errors, line

    # --- Callers -----------------------------------------------------------------------------------

    def token(self, role="admin", tenant="default", tenant_type="external"):
        who = (role, tenant, tenant_type)
        if who not in self.tokens:
            done = quire("token", role, "--tenant", tenant, "--tenant-type", tenant_type, "--data-dir", self.data_dir,
                         variables=self.variables)
            assert done.returncode == 0, done.stderr
            self.tokens[who] = done.stdout.strip()
        return self.tokens[who]

    def client(self, role="admin", tenant="default", tenant_type="external"):
        return Client(self, {"Authorization": f"Bearer {self.token(role, tenant, tenant_type)}"})

    def internal_admin(self):
        return self.client("admin", "platform", "internal")

    def anonymous(self):
        return Client(self, {})

    # --- What it keeps -----------------------------------------------------------------------------

    def stored_files(self):
        """Every file of the blob stores, unfinished ones too."""
        return sorted(str(path.relative_to(self.data_dir)) for store in ("documents", "results")
                      for path in (self.data_dir / store).rglob("*") if path.is_file())


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, what, timeout_s=PATIENCE_S, every_s=0.02):
    """The condition's value, when it is true."""
    until = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < until, f"waited {timeout_s} s in vain until {what}"
        time.sleep(every_s)
    return value


def is_root():
    return os.geteuid() == 0
