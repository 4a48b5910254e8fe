"""Quotas of a tenant: what is refused at the door, what fails at the job, and what counts."""
import uuid

import pytest

from pdf_maker import agreement, padded, pdf
from quire_client import Form
from quire_program import quire
from quire_server import wait_until


def unique(pages=1):
    return pdf(*(f"{agreement(number)}\n{uuid.uuid4()}" for number in range(1, pages + 1)))


@pytest.fixture
def tenant(server):
    """A new tenant: (its client, a function that sets its quotas, one that reads its record)."""
    name, operator = f"t-{uuid.uuid4().hex[:8]}", server.internal_admin()

    def set_quotas(**quotas):
        answer = operator.put(f"/admin/tenants/{name}", {"quotas": quotas})
        assert answer.status == 200 and answer.json["quotas"] == quotas, answer
    return server.client(tenant=name), set_quotas, lambda: operator.get(f"/admin/tenants/{name}").json


def test_usage_is_counted_and_given_back(tenant):
    client, _, record = tenant
    assert record()["usage"] == {"documents": 0, "pages": 0, "bytes": 0, "directUploads": 0}
    contents = [unique(), unique(3)]
    ids = [client.upload(content).json["fileId"] for content in contents]
    assert record()["usage"] == {"documents": 2, "pages": 4, "bytes": sum(map(len, contents)), "directUploads": 0}
    client.upload(contents[0], again=False)  # a duplicate is no document of its own
    assert record()["usage"]["documents"] == 2
    assert client.delete(f"/api/jobs/{ids[1]}").status == 204
    assert record()["usage"] == {"documents": 1, "pages": 1, "bytes": len(contents[0]), "directUploads": 0}


def test_documents_beyond_the_quota_are_refused(tenant):
    client, set_quotas, record = tenant
    set_quotas(documents=1)
    file_id = client.upload(unique()).json["fileId"]
    answer = client.upload(unique())
    assert (answer.status, answer.code) == (403, "quota_documents"), answer
    started = client.post("/api/uploads", {"fileName": "a.pdf", "fileSize": 1000})
    assert (started.status, started.code) == (403, "quota_documents"), started
    assert record()["usage"]["documents"] == 1
    client.delete(f"/api/jobs/{file_id}")
    assert client.upload(unique()).status == 200


def test_bytes_beyond_the_quota_are_refused_and_not_kept(server, tenant):
    client, set_quotas, record = tenant
    set_quotas(bytes=100000)
    assert client.upload(padded(unique(), 60000)).status == 200
    before = server.stored_files()
    answer = client.upload(padded(unique(), 60000))
    assert (answer.status, answer.code) == (403, "quota_bytes"), answer
    assert server.stored_files() == before
    started = client.post("/api/uploads", {"fileName": "a.pdf", "fileSize": 60000})
    assert (started.status, started.code) == (403, "quota_bytes"), started
    assert client.upload(padded(unique(), 40000)).status == 200
    assert record()["usage"]["bytes"] == 100000


def test_pages_beyond_the_quota_fail_the_job_until_there_is_room(tenant):
    client, set_quotas, record = tenant
    set_quotas(pages=3)
    job = client.upload(unique(4)).json["job"]
    assert (job["status"], job["error"]["code"]) == ("failed", "quota_pages")
    assert client.upload(unique(3)).json["status"] == "completed"
    set_quotas(pages=7)
    assert client.post(f"/api/jobs/{job['fileId']}/retry").status == 202
    assert client.wait_for_end(job["fileId"])["status"] == "completed"
    assert record()["usage"]["pages"] == 7


def test_uploads_at_once_are_limited(server, tenant):
    client, set_quotas, _ = tenant
    set_quotas(concurrentUploads=1)
    form = Form().file(padded(unique(), 3 << 20))
    body = form.body()
    head = (f"POST /api/upload HTTP/1.1\r\nHost: {client.address.netloc}\r\nContent-Type: {form.content_type}\r\n"
            f"Content-Length: {len(body)}\r\nAuthorization: {client.headers['Authorization']}\r\n\r\n").encode()
    with client.open_socket() as peer:
        peer.sendall(head + body[:2 << 20])
        # Another that came before it would be the one that counts.
        wait_until(lambda: any(name.startswith("documents/.tmp/") for name in server.stored_files()), "the upload has begun")
        answer = client.upload(b"")
        assert answer.status == 429, answer
        assert answer.code == "too_many_uploads" and int(answer.headers["Retry-After"]) >= 1
    wait_until(lambda: client.upload(unique()).status == 200, "the first one's end is seen")


def test_quotas_are_one_tenants_own(server, tenant):
    client, set_quotas, _ = tenant
    set_quotas(documents=1)
    client.upload(unique())
    assert client.upload(unique()).status == 403
    assert server.client(tenant="another-one").upload(unique()).status == 200


@pytest.mark.parametrize("body", [
    {"quotas": {"documents": 0}}, {"quotas": {"documents": -1}}, {"quotas": {"documents": "5"}}, {"quotas": {"files": 5}},
    {"quotas": []}, {"quotas": {"bytes": 1.5}}, {"retentionDays": 0}, {"retentionDays": 36501}, {"retentionDays": "90"},
])
def test_limits_that_cannot_be_are_refused(server, body):
    answer = server.internal_admin().put("/admin/tenants/north", body)
    assert (answer.status, answer.code) == (400, "invalid_request"), answer


def test_command_line_sets_and_shows_them(server):
    def tenant(*words):
        return quire("tenant", *words, variables={"QUIRE_URL": server.url,
                                                  "QUIRE_TOKEN": server.token("admin", "platform", "internal")})
    done = tenant("set", "west", "--keep-days", "30", "--quota-documents", "5", "--quota-uploads", "2", "--json")
    assert done.returncode == 0, done.stderr
    record = server.internal_admin().get("/admin/tenants/west").json
    assert (record["retentionDays"], record["quotas"]) == (30, {"documents": 5, "concurrentUploads": 2})
    assert tenant("set", "west", "--quota-pages", "many").returncode in (1, 2)
    assert '"usage"' in tenant("show", "west").stdout
