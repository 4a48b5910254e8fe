"""Those who are told of what happens under a mixed load, while the server dies and comes back: over a WebSocket, and by webhooks."""
import contextlib
import threading
import time

from quire_server import wait_until
from webhook_receiver import Receiver, signatures_by
from websocket_client import Closed, WebSocket

FINAL = ("completed", "failed", "cancelled")
LOOPBACK = {"WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8"}  # for servers that tell such a receiver
FOLLOWED_MAX = 500  # documents: their numbers go into one message of 64 KiB at most
REFUSED = range(10, 200, 20)  # the 10th message that comes, the 30th, ...: each holds up all others for 5 s


class SocketFollower:
    """To all documents of the tenant, from one connection to the next: each event comes once, in its order."""

    def __init__(self, server):
        self.server = server
        self.since = None
        self.events = {}  # file id -> what has been told
        self.forgotten = set()
        self.connections = 0
        self.failure = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        with WebSocket(self.server.client()) as socket:
            self.since = socket.ask({"subscribe": "*"})["since"]
        self.thread.start()

    def run(self):
        while not self.is_over.is_set():
            try:
                self.listen()
            except (Closed, OSError):  # the server died, or is not there yet
                time.sleep(0.05)
            except Exception as failure:
                self.failure = failure
                return

    def listen(self):
        self.forget_oldest()
        last = {file_id: len(events) for file_id, events in self.events.items()}
        with WebSocket(self.server.client()) as socket:
            assert socket.ask({"subscribe": "*", "since": self.since, "after": last})["subscribed"] == "*"
            self.connections += 1
            while not self.is_over.is_set():
                self.take(socket.message())

    def take(self, message):
        if "error" in message:  # it was deleted
            assert message["error"]["code"] == "not_found", message
            self.forgotten.add(message["fileId"])
            self.events.pop(message["fileId"], None)
        elif message["fileId"] not in self.forgotten:
            events = self.events.setdefault(message["fileId"], [])
            assert message["id"] == len(events) + 1, (message, events[-1:])
            events.append(message)

    def forget_oldest(self):
        """An id begins with the time of its upload, in ms: those that stay are named, those that come are later."""
        if len(self.events) > FOLLOWED_MAX:
            ids = sorted(self.events)
            for file_id in ids[:FOLLOWED_MAX // 2]:
                self.forgotten.add(file_id)
                del self.events[file_id]
            first_ms = int(ids[FOLLOWED_MAX // 2].replace("-", "")[:12], 16)
            self.since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(first_ms // 1000)) + f".{first_ms % 1000:03}Z"

    def check(self, file_id, log, end_s):
        """It has been told this log, and nothing else."""
        if file_id not in self.forgotten:
            wait_until(lambda: self.failure or len(self.events.get(file_id, ())) >= len(log), f"all is told of {file_id}", end_s)
            self.check_failure()
            assert self.events[file_id] == log, f"{file_id} is told otherwise"

    def check_failure(self):
        if self.failure:
            raise self.failure


class WebhookFollower:
    """A receiver that refuses some messages, the first time that they come."""

    def __init__(self, server):
        self.receiver = Receiver(self.answer)
        self.bodies = {}  # message id -> the one body that it has
        self.confirmed = set()
        self.repeated = 0
        self.failure = None
        self.lock = threading.Lock()  # of what has been received
        made = server.client().post("/api/webhooks", {"url": f"{self.receiver.url}/ends"})
        assert made.status == 201, made
        self.secret = made.json["secret"]

    def answer(self, message):
        with self.lock:
            is_new = message.id not in self.bodies
            if self.bodies.setdefault(message.id, message.body) != message.body or signatures_by(self.secret, message) != 1:
                self.failure = self.failure or AssertionError(f"{message.id} comes with another body, or is not signed")
            self.repeated += message.id in self.confirmed
            if is_new and len(self.bodies) in REFUSED:
                return 503, {}, b"busy"
            self.confirmed.add(message.id)
        return None

    def check(self, file_id, log, end_s):
        """Each end of a run has been announced."""
        for run in [event["run"] for event in log if event["type"] in FINAL]:
            wait_until(lambda: self.failure or f"msg_{file_id}_{run}" in self.confirmed, f"end {run} of {file_id} is announced", end_s)
        if self.failure:
            raise self.failure


class Followers:
    def __init__(self, server):
        self.webhook, self.socket = WebhookFollower(server), SocketFollower(server)
        self.socket.start()

    def check(self, logs, end_s):
        """What has happened to each document that is there, by its id."""
        for file_id, log in logs.items():
            self.socket.check(file_id, log, end_s)
            self.webhook.check(file_id, log, end_s)

    def stop(self):
        self.socket.is_over.set()
        with contextlib.suppress(OSError):
            self.webhook.receiver.close()

    def __str__(self):
        return (f"{self.socket.connections} connections told {sum(map(len, self.socket.events.values()))} events, "
                f"{len(self.webhook.confirmed)} ends announced, {self.webhook.repeated} more than once")
