"""Callers of every kind at once, against a server that dies and comes back under them. What was promised to them is noted, and checked:
while they run, and when all is over."""
import hashlib
import http.client
import random
import threading
import time

from database import Database, stored_digest
from pdf_maker import agreement, padded, pdf
from quire_server import wait_until

CALLERS = 4
OPEN_MAX = 12  # documents that are not at their end: more wait, so that the end comes soon
LARGE_BYTES = 1 << 20  # beyond the threshold that test servers are given: not waited for
FINAL = ("completed", "failed", "cancelled")


class Document:
    """What a caller knows of a document whose upload was acknowledged."""

    def __init__(self, file_id, content, page_count):
        self.id, self.page_count = file_id, page_count
        self.digest = hashlib.sha256(content).hexdigest()
        self.seen = (None, 0)  # status and processed pages
        self.manifest = None  # digest of the one that was seen

    @property
    def is_open(self):
        return self.seen[0] not in FINAL

    def see(self, job, seen):
        """What had been `seen` when the call was made is still true."""
        (status, processed), now = seen, (job["status"], job["progress"]["processed"])
        assert job["sha256"] == self.digest, job
        assert status not in FINAL or now == seen, (seen, job)
        assert processed <= now[1] <= self.page_count, (seen, job)
        if self.is_open:
            self.seen = now

    def see_manifest(self, body):
        digest = hashlib.sha256(body).hexdigest()
        assert self.manifest in (None, digest), f"{self.id} has two manifests"
        self.manifest = digest


class Load:
    """Start it, crash the server as often as you like, then finish(): everything is to end well."""

    def __init__(self, server, seed):
        self.server = server
        self.documents = []  # those that were acknowledged
        self.unanswered = 0
        self.failure = None
        self.is_over = threading.Event()
        self.lock = threading.Lock()  # of documents
        self.threads = [threading.Thread(target=self.call_on, args=(random.Random(f"{seed}/{number}"),), daemon=True)
                        for number in range(CALLERS)]
        server.client()  # makes the token that all share

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        if self.failure:
            raise self.failure

    def call_on(self, dice):
        while not self.is_over.is_set():
            action = dice.choices(list(ACTIONS), list(ACTIONS.values()))[0]
            try:
                action(self, self.server.client(), dice)
            except (OSError, http.client.HTTPException):  # the server died, or is not there yet
                self.unanswered += 1
                time.sleep(0.05)
            except Exception as failure:
                self.failure = self.failure or failure
                return

    def any_document(self, dice):
        with self.lock:
            return dice.choice(self.documents[-3 * OPEN_MAX:]) if self.documents else None

    # --- What callers do ---------------------------------------------------------------------------

    def upload(self, client, dice):
        if sum(document.is_open for document in self.documents) >= OPEN_MAX:
            return self.poll(client, dice)
        pages = dice.choice((1, 2, 3, 8, 60))
        content = pdf(*(agreement(dice.randrange(10 ** 6)) for _ in range(pages)))
        if dice.randrange(5) == 0:
            content = padded(content, LARGE_BYTES)
        answer = client.upload(content)
        if answer.status == 503:
            return None
        assert answer.status in (200, 202), answer
        document = Document(answer.json["fileId"], content, pages)
        if answer.status == 200:
            document.see(answer.json["job"], document.seen)
        with self.lock:
            self.documents.append(document)
        return None

    def poll(self, client, dice):
        with self.lock:
            document = dice.choice([document for document in self.documents if document.is_open] or [None])
        if document := document or self.any_document(dice):
            seen = document.seen
            document.see(client.job(document.id), seen)

    def download(self, client, dice):
        if document := self.any_document(dice):
            answer = client.get(f"/api/jobs/{document.id}/results")
            assert answer.status in (200, 409), answer
            if answer.status == 200:
                document.see_manifest(answer.body)

    def read_page(self, client, dice):
        if document := self.any_document(dice):
            answer = client.get(f"/api/jobs/{document.id}/pages/{dice.randint(1, document.page_count)}")
            assert answer.status in (200, 409), answer

    def list_jobs(self, client, dice):
        assert client.get(f"/api/jobs?limit={dice.randint(1, 100)}").status == 200

    # --- The end -----------------------------------------------------------------------------------

    def finish(self, end_s=60):
        """Everything that was begun ends within end_s, whether its caller heard of it or not."""
        self.stop()
        assert self.documents, "nothing was acknowledged: the load proves nothing"
        client = self.server.client()
        for document in self.documents:
            document.see(job := client.wait_for_end(document.id, end_s), document.seen)
            assert (job["status"], job["progress"]) == ("completed", counts(document.page_count)), job
            document.see_manifest(client.get(f"/api/jobs/{document.id}/results").body)
        for status in ("pending", "chunking", "processing", "aggregating"):
            wait_until(lambda: not client.get(f"/api/jobs?status={status}").json["items"], f"nothing is {status}", end_s)
        self.server.stop()
        check_disk(self.server, self.documents)


ACTIONS = {Load.upload: 4, Load.poll: 5, Load.download: 3, Load.read_page: 3, Load.list_jobs: 1}


def counts(pages):
    return {"processed": pages, "total": pages, "failed": 0}


# --- Behind the server's back ------------------------------------------------------------------------


def check_disk(server, documents):
    database = Database(server.data_dir)
    assert database.integrity() == ["ok"]
    check_changes(database)
    check_jobs(server, database)
    jobs = {job.id: job for job in database.items("STATUS")}
    for document in documents:
        path = server.data_dir / "documents" / "3" / jobs[document.id]["sourceKey"]
        assert stored_digest(path) == document.digest, f"{path} is not what was acknowledged"
    files = server.stored_files()
    assert sum(file.endswith("/results.json") for file in files) == sum("resultKey" in job for job in jobs.values())
    assert not [file for file in files if "/.tmp/" in file], files


def check_changes(database):
    """A page is stored once in a run, and a job ends once in a run."""
    stored, ended = set(), set()
    for before, after in database.changes():
        if after is None or not after.pk.startswith("DOC#"):
            continue
        key = (after.pk, after.sk, after["run"]) if "run" in after else None
        if after.sk.startswith("PAGE#"):
            assert key not in stored and (before is None or before["run"] < after["run"]), f"{key} is stored twice"
            stored.add(key)
        elif after.sk == "STATUS" and after["status"] in FINAL and before["status"] not in FINAL:
            assert key not in ended, f"{key} ends twice"
            ended.add(key)


def check_jobs(server, database):
    """The counters of a job are those of its pages, and its log has no gap and one end a run."""
    pages, events = by_document(database.items("PAGE#")), by_document(database.items("EVENT#"))
    for job in database.items("STATUS"):
        statuses = [page["status"] for page in pages.get(job.id, [])]
        assert statuses.count("completed") == job["processedPages"] and statuses.count("failed") == job["failedPages"], job
        log = sorted(events[job.id], key=lambda event: event.sk)
        assert [int(event.sk[len("EVENT#"):]) for event in log] == list(range(1, job["eventCount"] + 1)), job
        ends = [event["run"] for event in log if event["type"] in FINAL]
        assert ends == list(range(1, job["run"] + 1)), (job, log)


def by_document(items):
    found = {}
    for item in items:
        found.setdefault(item.id, []).append(item)
    return found
