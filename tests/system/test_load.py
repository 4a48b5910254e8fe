"""64 clients upload, watch and download at once: no error, and memory that does not grow. How fast it is, is printed and decides nothing.
10 s; QUIRE_LONG makes it 60 s."""
import os
import random
import threading
import time
from pathlib import Path

from pdf_maker import agreement, pdf

CLIENTS = 64
SECONDS = 60 if os.environ.get("QUIRE_LONG") else 10
GROWTH_BYTES_MAX = 8 << 20  # over the second half
IS_SANITIZED = "QUIRE_SANITIZED" in os.environ  # then what is freed stays for a while
SEED = int(os.environ.get("QUIRE_SEED", os.getpid()))


class Caller:
    """Uploads a document, follows it to its end, downloads its results, and begins again."""

    def __init__(self, server, number, until):
        self.server, self.until = server, until
        self.dice = random.Random(f"{SEED}/{number}")
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while time.monotonic() < self.until:
                self.work_once(self.server.client())
        except Exception as failure:
            self.failure = failure

    @staticmethod
    def done(answer):
        assert answer.status in (200, 202), answer
        return answer.json

    def work_once(self, client):
        content = pdf(*(agreement(self.dice.randrange(10 ** 9)) for _ in range(self.dice.choice((1, 2, 5)))))
        path = f"/api/jobs/{self.done(client.upload(content))['fileId']}"
        while self.done(client.get(path))["status"] != "completed":
            time.sleep(0.05)
        assert self.done(client.get(f"{path}/events?limit=100"))["isOver"]
        assert self.done(client.get(f"{path}/results"))["failedCount"] == 0


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measured_until(pid, until):
    """The most memory that was resident."""
    most = 0
    while time.monotonic() < until:
        most = max(most, resident_bytes(pid))
        time.sleep(0.05)
    return most


def test_64_clients_get_no_error_and_memory_does_not_grow(new_server):
    server = new_server()
    server.client()  # makes the token that all share
    started = time.monotonic()
    callers = [Caller(server, number, started + SECONDS) for number in range(CLIENTS)]
    first_half = measured_until(server.process.pid, started + SECONDS / 2)
    second_half = measured_until(server.process.pid, started + SECONDS)
    for caller in callers:
        caller.thread.join()
        if caller.failure:
            raise caller.failure
    assert IS_SANITIZED or second_half <= first_half + GROWTH_BYTES_MAX
    print(f"resident: {first_half >> 20} MiB, then {second_half >> 20} MiB")
    print_durations(server, "reads", lambda line: line["method"] == "GET")
    print_durations(server, "uploads with their results", lambda line: line["method"] == "POST")


def print_durations(server, what, condition):
    """In the server: here 64 callers share one thread."""
    ms = sorted(line["durationUs"] / 1000 for line in server.log_lines() if line["event"] == "http.request" and condition(line))
    print(f"{len(ms)} {what}: median {middle(ms, 0.5)} ms, p99 {middle(ms, 0.99)} ms")


def middle(ordered, part):
    return round(ordered[int(part * (len(ordered) - 1))], 1)
