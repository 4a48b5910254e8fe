"""Deleting a document: unknown at once, to everybody, whatever its job does."""
import hashlib
import uuid

import pytest

from pdf_maker import agreement, padded, pdf
from quire_server import wait_until


@pytest.fixture
def done(admin):
    """A finished document; another one each time, so that it is no duplicate."""
    answer = admin.upload(pdf(agreement(), f"Reference {uuid.uuid4()}"), "to be deleted.pdf")
    assert answer.json["status"] == "completed", answer
    return answer.json


def test_deleted_document_is_unknown_everywhere(admin, done):
    file_id = done["fileId"]
    link = done["job"]["downloadUrl"]
    assert admin.get(link).status == 200
    assert admin.delete(f"/api/jobs/{file_id}").status == 204
    never = uuid.uuid4()
    for path in ("", "/results", "/download", "/pages/1"):
        gone, unknown = (admin.get(f"/api/jobs/{id}{path}", X_Request_Id="same") for id in (file_id, never))
        assert gone.status == 404 and gone.body == unknown.body, path
    for path in ("cancel", "retry"):
        assert admin.post(f"/api/jobs/{file_id}/{path}").status == 404
    assert admin.delete(f"/api/jobs/{file_id}").status == 404
    assert admin.get(link).status == 404


def test_deleted_document_is_in_no_list(admin, done):
    def listed():
        return {job["fileId"] for query in ("", "&status=completed")
                for job in admin.get(f"/api/jobs?limit=100{query}").json["items"]}
    assert done["fileId"] in listed()
    assert admin.delete(f"/api/jobs/{done['fileId']}").status == 204
    assert done["fileId"] not in listed()


def test_its_files_are_gone(server, admin, done):
    file_id = done["fileId"]
    assert [path for path in server.stored_files() if file_id in path]
    assert admin.delete(f"/api/jobs/{file_id}").status == 204
    assert not [path for path in server.stored_files() if file_id in path]


def test_running_job_is_deleted_and_frees_the_workers(server, admin):
    content = padded(pdf(*(agreement(number) for number in range(1, 401))), 6 << 20)
    file_id = admin.upload(content).json["fileId"]
    assert admin.delete(f"/api/jobs/{file_id}").status == 204
    assert admin.get(f"/api/jobs/{file_id}").status == 404
    answer = admin.upload(pdf(agreement(), "The next one"))
    assert answer.json["status"] == "completed"
    # A worker that was at its text finds out when it has stored it.
    wait_until(lambda: not [path for path in server.stored_files() if file_id in path], "its files are gone")


def test_same_bytes_are_a_new_document_afterwards(admin):
    content = pdf(agreement(), f"Reference {uuid.uuid4()}")
    first = admin.upload(content).json["fileId"]
    assert admin.delete(f"/api/jobs/{first}").status == 204
    again = admin.upload(content).json
    assert again["fileId"] != first and again["status"] == "completed"


def test_deletion_survives_a_kill(new_server):
    server = new_server()
    file_id = server.client().upload(pdf(agreement())).json["fileId"]
    assert server.client().delete(f"/api/jobs/{file_id}").status == 204
    server.kill()
    server.start()
    assert server.client().get(f"/api/jobs/{file_id}").status == 404
    assert server.client().get("/api/jobs").json["items"] == []


def test_nobody_else_deletes_it(server, admin, done):
    file_id = done["fileId"]
    other = server.client(tenant="other")
    foreign, unknown = (other.delete(f"/api/jobs/{id}", X_Request_Id="same") for id in (file_id, uuid.uuid4()))
    assert foreign.status == 404 and foreign.body == unknown.body
    for reader in (server.client("auditor"), server.client("auditor", "platform", "internal")):
        assert reader.delete(f"/api/jobs/{file_id}").status == 403
    assert admin.job(file_id)["status"] == "completed"
    assert server.internal_admin().delete(f"/api/jobs/{file_id}").status == 204


# --- What is left on disk ---------------------------------------------------------------------------

NAME = "Wexford-Quillon merger.pdf"
TEXT = "Quillonesque"


def scan(server, needles):
    """Which of these bytes stand anywhere in the data directory, file names included."""
    found = set()
    for path in server.data_dir.rglob("*"):
        content = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        found |= {(needle, str(path)) for needle in needles if needle.encode() in content}
    return found


def test_purge_leaves_nothing_but_ids(new_server):
    server = new_server()
    client, operator = server.client(tenant="erased"), server.internal_admin()
    others = [server.client().upload(pdf(agreement(number), f"Stays {number}")).json["fileId"] for number in range(20)]
    pages = [f"{TEXT} page {number}.\n{agreement(number)}" for number in range(1, 61)]
    job = client.upload(pdf(*pages), NAME).json["job"]
    assert (job["status"], job["progress"]["processed"]) == ("completed", 60)
    needles = {NAME, "Wexford-Quillon", TEXT, job["sha256"]}
    before = {needle for needle, _ in scan(server, needles)}
    assert {NAME, job["sha256"]} <= before
    assert TEXT in before  # in summaries, and in the text that is kept of pages

    assert client.delete(f"/api/jobs/{job['fileId']}").status == 204
    answer = operator.post("/admin/purge")
    assert answer.status == 200, answer
    assert scan(server, needles) == set()
    assert scan(server, {job["fileId"]})  # the tombstone

    # Everything else is as it was, also after a restart.
    server.stop()
    assert scan(server, needles) == set()
    server.start()
    for file_id in others:
        assert server.client().job(file_id)["status"] == "completed"
    assert server.client().upload(pdf("After the purge")).json["status"] == "completed"


def test_purge_while_documents_are_worked_on_loses_nothing(new_server):
    server = new_server()
    client = server.client()
    content = pdf(*(agreement(number) for number in range(1, 201)))
    running = client.upload(padded(content, 6 << 20)).json["fileId"]
    deleted = client.upload(pdf("Short-lived")).json["fileId"]
    assert client.delete(f"/api/jobs/{deleted}").status == 204
    assert server.internal_admin().post("/admin/purge").status == 200
    job = client.wait_for_end(running)
    assert (job["status"], job["progress"]["processed"]) == ("completed", 200)


def test_purge_is_for_internal_admins(server, admin):
    assert admin.post("/admin/purge").status == 403
    assert server.client("auditor", "platform", "internal").post("/admin/purge").status == 403
    assert server.anonymous().post("/admin/purge").status == 401


def test_purge_leaves_nothing_of_a_document_that_was_sent_in_parts(new_server):
    server = new_server()
    client = server.client(tenant="erased")
    content = padded(pdf(f"{TEXT} in parts.\n{agreement()}"), 17 << 20)
    digest = hashlib.sha256(content).hexdigest()
    upload = client.post("/api/uploads", {"fileName": NAME, "fileSize": len(content), "sha256": digest},
                         Idempotency_Key="once").json
    start = 0
    for part in upload["parts"]:
        sent = server.anonymous().request("PUT", part["url"], content[start:start + part["size"]], part["headers"])
        assert sent.status in (200, 201, 204), sent
        start += part["size"]
    file_id = client.post(f"/api/uploads/{upload['fileId']}/complete").json["fileId"]
    assert client.wait_for_end(file_id)["status"] == "completed"
    needles = {NAME, "Wexford-Quillon", TEXT, digest}
    assert NAME in {needle for needle, _ in scan(server, needles)}
    assert client.delete(f"/api/jobs/{file_id}").status == 204
    assert server.internal_admin().post("/admin/purge").status == 200
    assert scan(server, needles) == set()
