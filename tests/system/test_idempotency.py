"""Idempotency-Key: a request that is sent again is done once and answered again, whatever happened to the first answer."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from pdf_maker import agreement, padded, pdf
from quire_client import Form, read_answer
from quire_server import wait_until

MIB = 1 << 20


@pytest.fixture
def content(request):
    """A document of the case's own."""
    return pdf(agreement(1), f"Of the case {request.node.name}")


def form_of(content, **fields):
    form = Form()
    for name, value in fields.items():
        form.field(name, value)
    return form.file(content)


def upload(client, key, form, query="again=1"):
    return client.post(f"/api/upload?{query}", form.body(), Content_Type=form.content_type, Idempotency_Key=key)


def start(client, key, **members):
    return client.post("/api/uploads", {"fileName": "a.pdf", "fileSize": 100} | members, Idempotency_Key=key)


def job_count(client):
    return len(client.get("/api/jobs?limit=100").json["items"])


# --- Uploads ----------------------------------------------------------------------------------------


def test_upload_again_is_the_first_answer_again(server, content):
    client = server.client(tenant="replay")
    first = upload(client, "k-1", form_of(content))
    before = server.stored_files()
    again = upload(client, "k-1", form_of(content))
    assert (first.status, again.status) == (200, 200)
    for answer in (first, again):  # links are signed anew
        answer.link = answer.json["job"]["downloadUrl"].partition("?")[0]
    assert again.link == first.link and again.json["results"] == first.json["results"]
    assert again.json["fileId"] == first.json["fileId"] and "duplicate" not in again.json
    assert (job_count(client), server.stored_files()) == (1, before)


def test_large_upload_again_is_202_again(server, content):
    client, large = server.client(tenant="replay-large"), padded(content, 6 << 20)
    first = upload(client, "k", form_of(large))
    client.wait_for_end(first.json["fileId"])
    again = upload(client, "k", form_of(large))
    assert (first.status, again.status) == (202, 202) and again.json == first.json
    assert job_count(client) == 1


def test_order_and_boundary_of_the_form_do_not_matter(server, content):
    client = server.client(tenant="order")
    first = upload(client, "k", form_of(content, kind="contract", locationId="order"))
    form = Form().file(content).field("locationId", "order").field("kind", "contract")
    assert upload(client, "k", form).json["fileId"] == first.json["fileId"]


def test_other_body_is_422(server, content):
    client = server.client(tenant="other-body")
    first = upload(client, "k", form_of(content))
    before = server.stored_files()
    for form, query in ((form_of(content + b"x"), "again=1"), (form_of(content, kind="contract"), "again=1"),
                        (Form().file(content, "other.pdf"), "again=1"), (form_of(content), "")):
        answer = upload(client, "k", form, query)
        assert (answer.status, answer.code) == (422, "idempotency_mismatch")
    assert upload(client, "k", form_of(content)).json["fileId"] == first.json["fileId"]
    assert (job_count(client), server.stored_files()) == (1, before)


def test_duplicate_is_answered_as_one_again(server, content):
    client = server.client(tenant="duplicate")
    first = client.upload(content, again=False).json["fileId"]
    for _ in range(2):
        answer = upload(client, "k", form_of(content), "")
        assert (answer.json["fileId"], answer.json["duplicate"]) == (first, True)
    client.upload(content, again=True)
    assert upload(client, "k", form_of(content), "").json["fileId"] == first


def test_key_is_of_tenant_principal_and_route(server, content):
    answers = [upload(client, "same", form_of(content)) for client in (server.client(tenant="t-1"), server.client(tenant="t-2"))]
    boss = server.internal_admin()
    for name in ("one", "two"):  # two keys of one tenant are two principals
        made = boss.post("/admin/keys", {"name": name, "tenantId": "t-1", "tenantType": "external", "roles": ["admin"]})
        answers.append(upload(type(boss)(server, {"X-API-Key": made.json["key"]}), "same", form_of(content)))
    assert len({answer.json["fileId"] for answer in answers}) == len(answers) == 4
    assert start(server.client(tenant="t-1"), "same").status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tin", "caf\u00e9"])
def test_key_that_is_malformed_is_refused(admin, content, key):
    answer = upload(admin, key.encode(), form_of(content))
    assert (answer.status, answer.code) == (400, "bad_idempotency_key")
    assert start(admin, key.encode()).code == "bad_idempotency_key"


def test_longest_key_is_taken(admin):
    key = "!~ " * 85
    assert len(key.strip()) <= 255 and start(admin, key.strip() + "x").status == 201


def test_key_of_a_request_that_was_refused_is_free(admin, content):
    assert upload(admin, "free", form_of(b"no document")).status == 415
    assert upload(admin, "free", form_of(content, kind="novel")).status == 400
    assert upload(admin, "free", form_of(content)).status == 200
    assert start(admin, "free-2", fileSize=0).status == 400
    assert start(admin, "free-2").status == 201


# --- At once, and interrupted -----------------------------------------------------------------------


def half_upload(client, key, content):
    """A connection on which half an upload has been sent, and is being worked on, and the other half."""
    form = form_of(content)
    body = form.body()
    peer = client.open_socket()
    peer.sendall(f"POST /api/upload?again=1 HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\n"
                 f"Content-Type: {form.content_type}\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {key}\r\n\r\n".encode()
                 + body[:len(body) // 2])
    wait_until(lambda: any(name.startswith("documents/.tmp/") for name in client.server.stored_files()), "the upload has begun")
    return peer, body[len(body) // 2:]


def test_second_request_while_the_first_is_at_work_is_409(admin, content):
    content = padded(content, MIB)
    peer, rest = half_upload(admin, "busy", content)
    with peer:
        busy = upload(admin, "busy", form_of(content))
        assert (busy.status, busy.code, busy.headers["Retry-After"]) == (409, "idempotency_in_flight", "1")
        peer.sendall(rest)
        first = read_answer(peer)
    assert first.status == 200
    assert upload(admin, "busy", form_of(content)).json["fileId"] == first.json["fileId"]


def test_client_that_goes_away_leaves_the_key_free(admin, content):
    content = padded(content, MIB)
    peer, _ = half_upload(admin, "gone", content)
    peer.close()
    wait_until(lambda: upload(admin, "gone", form_of(content)).status == 200, "the key is free")


def test_many_at_once_make_one_job(server, content):
    client = server.client(tenant="at-once")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: upload(client, "k", form_of(content)), range(12)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert len({answer.json["fileId"] for answer in answers if answer.status == 200}) == 1
    assert job_count(client) == 1


def test_record_and_mark_outlive_the_server(new_server, content):
    server, content = new_server(), padded(content, MIB)
    client = server.client()
    done = upload(client, "done", form_of(content)).json["fileId"]
    peer, _ = half_upload(client, "cut", content)
    assert upload(client, "cut", form_of(content)).status == 409
    server.kill()
    peer.close()
    server.start()
    client = server.client()
    assert upload(client, "done", form_of(content)).json["fileId"] == done
    assert upload(client, "cut", form_of(content)).code == "idempotency_in_flight"
    assert job_count(client) == 1


# --- Uploads in parts -------------------------------------------------------------------------------


def test_announcing_again_is_the_same_upload_with_new_links(server, admin, content):
    first = start(admin, "parts", fileSize=len(content))
    part = first.json["parts"][0]
    assert server.anonymous().request("PUT", part["url"], content, part["headers"]).status == 200
    again = start(admin, "parts", fileSize=len(content))
    assert (again.status, again.json["fileId"], again.headers["Location"]) == (201, first.json["fileId"], first.headers["Location"])
    assert again.json["parts"][0]["received"]
    other = start(admin, "parts", fileSize=len(content) + 1)
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    for _ in range(2):
        done = admin.post(f"/api/uploads/{first.json['fileId']}/complete", Idempotency_Key="parts-done")
        assert (done.status, done.json["fileId"]) == (202, first.json["fileId"])
    second = start(admin, "parts-2").json["fileId"]
    mixed = admin.post(f"/api/uploads/{second}/complete", Idempotency_Key="parts-done")
    assert (mixed.status, mixed.code) == (422, "idempotency_mismatch")


def test_space_in_json_does_not_matter(admin):
    texts = ['{"fileName":"a.pdf","fileSize":100}', '{ "fileName" : "\\u0061.pdf",\n "fileSize": 100 }']
    answers = [admin.post("/api/uploads", text, Content_Type="application/json", Idempotency_Key="space") for text in texts]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json["fileId"] == answers[1].json["fileId"]


# --- What shows a secret once, and what begins a run ------------------------------------------------


def test_key_made_again_is_the_same_key_with_its_secret(server):
    boss = server.internal_admin()
    asked = {"name": "scanner", "tenantId": "keys", "tenantType": "external", "roles": ["admin"]}
    first, again = (boss.post("/admin/keys", asked, Idempotency_Key="make-key") for _ in range(2))
    assert (first.status, again.status) == (201, 201) and again.json == first.json
    assert type(boss)(server, {"X-API-Key": again.json["key"]}).get("/api/jobs").status == 200
    assert len([key for key in boss.get("/admin/keys?limit=100").json["items"] if key["tenantId"] == "keys"]) == 1
    other = boss.post("/admin/keys", asked | {"name": "other"}, Idempotency_Key="make-key")
    assert (other.status, other.code) == (422, "idempotency_mismatch")
    stored = b"".join(path.read_bytes() for path in server.data_dir.glob("*") if path.is_file())
    assert again.json["key"].split("_", 2)[2].encode() not in stored


def test_webhook_added_again_is_the_same_webhook_with_its_secret(server):
    client = server.client(tenant="hooks")
    asked = {"url": "https://hooks.example/quire", "events": ["document.failed"]}
    first, again = (client.post("/api/webhooks", asked, Idempotency_Key="add-hook") for _ in range(2))
    assert (first.status, again.status) == (201, 201), first
    assert again.json == first.json and again.json["secret"].startswith("whsec_")
    assert len(client.get("/api/webhooks").json["items"]) == 1


def test_retry_again_begins_no_other_run(server, request):
    client = server.client(tenant="retries")
    file_id = client.upload(b"%PDF-1.4 broken " + request.node.name.encode()).json["fileId"]
    first = client.post(f"/api/jobs/{file_id}/retry", Idempotency_Key="retry-it")
    assert (first.status, first.json["run"]) == (202, 2)
    client.wait_for_end(file_id)
    again = client.post(f"/api/jobs/{file_id}/retry", Idempotency_Key="retry-it")
    assert (again.status, again.json["run"]) == (202, 2)
    assert client.post(f"/api/jobs/{file_id}/retry", Idempotency_Key="once-more").json["run"] == 3
