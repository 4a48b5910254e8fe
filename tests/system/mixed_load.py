"""Callers of every kind at once, against a server that dies and comes back under them. What was promised to them is noted, and checked:
while they run, and when all is over."""
import hashlib
import http.client
import random
import threading
import time
import uuid

from database import Database, stored_digest
from event_reader import poll_all
from mixed_followers import Followers
from pdf_maker import agreement, padded, pdf
from quire_client import Form
from quire_server import wait_until

CALLERS = 4
OPEN_MAX = 12  # documents that are not at their end: more wait, so that the end comes soon
RECENT = 36  # callers turn to the latest documents
LARGE_BYTES = 1 << 20  # beyond the threshold that test servers are given: not waited for
FINAL = ("completed", "failed", "cancelled")
KEPT, STOPPED, DELETED = FATES = ("kept", "stopped", "deleted")  # what callers have in mind with a document


class Document:
    """What a caller knows of a document whose upload was acknowledged."""

    def __init__(self, file_id, content, page_count, fate):
        self.id, self.page_count, self.fate = file_id, page_count, fate
        self.digest = hashlib.sha256(content).hexdigest()
        self.seen = (1, None, 0)  # run, status, processed pages
        self.log = []  # events
        self.manifests = {}  # run -> digest of the one that was seen
        self.may_be_gone = self.is_gone = False  # its deletion was asked for, was acknowledged

    @property
    def is_open(self):
        return self.seen[1] not in FINAL and not self.may_be_gone

    def is_there(self, answer, was_gone):
        """Checks an answer about the document: is it one that tells of it?"""
        assert answer.status in (200, 409) if not self.may_be_gone else answer.status in (200, 204, 404, 409, 503), answer
        assert not was_gone or answer.status == 404, answer
        return answer.status == 200

    def see(self, job, seen):
        """What had been `seen` when the call was made is still true."""
        now = (job["run"], job["status"], job["progress"]["processed"])
        assert job["sha256"] == self.digest, job
        if now[0] == seen[0]:
            assert seen[1] not in FINAL or now == seen, (seen, job)
        assert now[0] == seen[0] or (self.fate == STOPPED and now[0] > seen[0]), (seen, job)
        assert seen[2] <= now[2] <= self.page_count, (seen, job)
        assert now[1] in ("cancelled", "completed") or now[1] not in FINAL, job
        assert now[1] != "cancelled" or self.fate == STOPPED, job
        self.seen = max(self.seen, now, key=lambda state: (state[0], state[1] in FINAL, state[2]))

    def see_manifest(self, body, run):
        digest = hashlib.sha256(body).hexdigest()
        assert self.manifests.setdefault(run, digest) == digest, f"{self.id} has two manifests of run {run}"


class Load:
    """Start it, crash the server (which has the variables LOOPBACK) as often as you like, then finish(): everything is to end well."""

    def __init__(self, server, seed):
        self.server = server
        self.documents = []  # those that were acknowledged
        self.unheard = []  # uploads without an answer: they are sent again
        self.unanswered = 0
        self.failure = None
        self.is_over = threading.Event()
        self.lock = threading.Lock()  # of documents and unheard
        self.threads = [threading.Thread(target=self.call_on, args=(random.Random(f"{seed}/{number}"),), daemon=True)
                        for number in range(CALLERS)]
        server.client()  # makes the token that all share
        self.followers = Followers(server)

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

    def draw(self, dice, condition):
        with self.lock:
            found = [document for document in self.documents[-RECENT:] if condition(document)]
        return dice.choice(found) if found else None

    def ask(self, document, method, target, client, **headers):
        """The answer, where it tells of the document."""
        was_gone = document.is_gone
        answer = client.request(method, f"/api/jobs/{document.id}{target}", headers=headers)
        return answer if document.is_there(answer, was_gone) else None

    # --- What callers do ---------------------------------------------------------------------------

    def upload(self, client, dice):
        with self.lock:
            upload = self.unheard.pop(0) if self.unheard and dice.randrange(2) else None
            is_busy = sum(document.is_open for document in self.documents) >= OPEN_MAX
        if not upload and is_busy:
            return self.poll(client, dice)
        upload = upload or draw_upload(dice)
        try:
            document = send(client, *upload)
        except (OSError, http.client.HTTPException):
            document = None
            raise
        finally:
            with self.lock:
                (self.documents if document else self.unheard).append(document or upload)

    def poll(self, client, dice):
        document = self.draw(dice, lambda document: document.is_open) or self.draw(dice, bool)
        if document:
            seen = document.seen
            if answer := self.ask(document, "GET", "", client):
                document.see(answer.json, seen)

    def download(self, client, dice):
        if document := self.draw(dice, bool):
            if answer := self.ask(document, "GET", "/results", client):
                document.see_manifest(answer.body, answer.json["run"])

    def read_page(self, client, dice):
        if document := self.draw(dice, lambda document: document.fate != STOPPED):  # whose pages may never have been counted
            self.ask(document, "GET", f"/pages/{dice.randint(1, document.page_count)}", client)

    def read_events(self, client, dice):
        """Goes on behind the last event that was seen, as one reader of the document at a time does."""
        if document := self.draw(dice, bool):
            log = list(document.log)
            if answer := self.ask(document, "GET", f"/events?after={len(log)}&limit=20", client):
                log += answer.json["items"]
                assert [event["id"] for event in log] == list(range(1, len(log) + 1)), log
                document.log = max(document.log, log, key=len)

    def list_jobs(self, client, dice):
        assert client.get(f"/api/jobs?limit={dice.randint(1, 100)}").status == 200

    def cancel(self, client, dice):
        if document := self.draw(dice, lambda document: document.fate == STOPPED):
            if answer := self.ask(document, "POST", "/cancel", client):
                assert answer.json["status"] == "cancelled", answer

    def retry(self, client, dice):
        if document := self.draw(dice, lambda document: document.fate == STOPPED):
            answer = client.post(f"/api/jobs/{document.id}/retry")
            assert answer.status in (202, 409), answer

    def delete(self, client, dice):
        if document := self.draw(dice, lambda document: document.fate == DELETED and not document.is_gone):
            remove(client, document)

    # --- The end -----------------------------------------------------------------------------------

    def finish(self, end_s=60):
        """Everything that was begun ends within end_s, whether its caller heard of it or not."""
        self.stop()
        assert self.documents, "nothing was acknowledged: the load proves nothing"
        client, logs = self.server.client(), {}
        for document in self.documents:
            if document.fate == DELETED:
                wait_until(lambda: remove(client, document), "it can be deleted", end_s)
            else:
                logs[document.id] = check_document(client, document, end_s)
        for status in ("pending", "chunking", "processing", "aggregating"):
            wait_until(lambda: not client.get(f"/api/jobs?status={status}").json["items"], f"nothing is {status}", end_s)
        self.followers.check(logs, end_s)
        self.followers.stop()
        stop_when_swept(self.server, end_s)
        check_disk(self.server, self.documents)


ACTIONS = {Load.upload: 8, Load.poll: 10, Load.download: 6, Load.read_page: 5, Load.read_events: 6, Load.list_jobs: 2,
           Load.cancel: 4, Load.retry: 2, Load.delete: 2}


def draw_upload(dice):
    page_count = dice.choice((1, 2, 3, 8, 60))
    content = pdf(*(agreement(dice.randrange(10 ** 9)) for _ in range(page_count)))
    if dice.randrange(5) == 0:
        content = padded(content, LARGE_BYTES)
    return content, page_count, dice.choices(FATES, (6, 2, 1))[0], str(uuid.uuid4())


def send(client, content, page_count, fate, key):
    """The document, once it is acknowledged; None where the server asks for patience."""
    form = Form().file(content)
    answer = client.post("/api/upload", form.body(), Content_Type=form.content_type, Idempotency_Key=key)
    if answer.status == 503 or (answer.status == 409 and answer.code == "idempotency_in_flight"):
        return None
    assert answer.status in (200, 202), answer
    document = Document(answer.json["fileId"], content, page_count, fate)
    if answer.json.get("job"):
        document.see(answer.json["job"], document.seen)
    return document


def remove(client, document):
    document.may_be_gone = True
    answer = client.delete(f"/api/jobs/{document.id}")
    assert answer.status in (204, 404, 503), answer
    document.is_gone = document.is_gone or answer.status in (204, 404)
    return document.is_gone


def check_document(client, document, end_s):
    """What was stopped is taken up again; then it is all there. Its log."""
    job = client.wait_for_end(document.id, end_s)
    document.see(job, document.seen)
    if job["status"] == "cancelled":
        assert client.post(f"/api/jobs/{document.id}/retry").status == 202
        document.see(job := client.wait_for_end(document.id, end_s), document.seen)
    assert (job["status"], job["progress"]) == ("completed", counts(document.page_count)), job
    document.see_manifest(client.get(f"/api/jobs/{document.id}/results").body, job["run"])
    log = poll_all(client, document.id)
    assert log[:len(document.log)] == document.log, "what was told changes"
    assert sorted(event["page"] for event in log if event["type"] == "page") == list(range(1, document.page_count + 1))
    return log


def stop_when_swept(server, end_s):
    """A deletion that a crash interrupted is gone on with after a while. The database is the server's alone until it stops."""
    def is_swept():
        if not server.process:
            server.start()
            time.sleep(1)
        server.stop()
        return not Database(server.data_dir).unswept()
    wait_until(is_swept, "what was deleted is removed", end_s)


def counts(pages):
    return {"processed": pages, "total": pages, "failed": 0}


# --- Behind the server's back ------------------------------------------------------------------------


def check_disk(server, documents):
    database = Database(server.data_dir)
    assert database.integrity() == ["ok"]
    check_changes(database)
    check_jobs(database)
    jobs = {job.id: job for job in database.items("STATUS") if "deletedAt" not in job}
    files = server.stored_files()
    for document in documents:
        if document.is_gone:
            assert document.id not in jobs
            assert not [file for file in files if document.id in file and file.startswith("documents")], files
        else:
            path = server.data_dir / "documents" / "3" / jobs[document.id]["sourceKey"]
            assert stored_digest(path) == document.digest, f"{path} is not what was acknowledged"
            assert f"results/3/{jobs[document.id]['resultKey']}" in files
    digests = [job["sha256"] for job in jobs.values()]
    assert len(digests) == len(set(digests)), "an upload that was sent again made two jobs"
    assert not [file for file in files if "/.tmp/" in file], files


def check_changes(database):
    """A page is stored once in a run, never again once it has succeeded, and a job ends once in a run."""
    stored, ended = set(), set()
    for before, after in database.changes():
        if after is None or not after.pk.startswith("DOC#"):
            continue
        if after.sk.startswith("PAGE#"):
            assert before is None or (before["status"] == "failed" and before["run"] < after["run"]), after
            assert (after.pk, after.sk, after["run"]) not in stored, after
            stored.add((after.pk, after.sk, after["run"]))
        elif after.sk == "STATUS" and after.get("status") in FINAL and before["status"] not in FINAL:
            assert (after.pk, after["run"]) not in ended, f"{after} ends twice"
            ended.add((after.pk, after["run"]))


def check_jobs(database):
    """The counters of a job are those of its pages, its log has no gap and one end a run; a deleted one has none of it."""
    pages, events = by_document(database.items("PAGE#")), by_document(database.items("EVENT#"))
    for job in database.items("STATUS"):
        log = sorted(events.get(job.id, []), key=lambda event: event.sk)
        statuses = [page["status"] for page in pages.get(job.id, [])]
        if "deletedAt" in job:
            assert not log and not statuses, job
            continue
        assert statuses.count("completed") == job["processedPages"] and statuses.count("failed") == job["failedPages"], job
        assert [int(event.sk[len("EVENT#"):]) for event in log] == list(range(1, job["eventCount"] + 1)), job
        assert [event["run"] for event in log if event["type"] in FINAL] == list(range(1, job["run"] + 1)), (job, log)


def by_document(items):
    found = {}
    for item in items:
        found.setdefault(item.id, []).append(item)
    return found
