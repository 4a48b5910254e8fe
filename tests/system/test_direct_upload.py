"""Documents sent in parts by signed links: by whom, what is checked, and what an interruption costs."""
import base64
import hashlib
import hmac
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from pdf_maker import agreement, padded, pdf
from quire_server import wait_until
from webhook_receiver import Receiver

MIB = 1 << 20
NOBODY_ID = "01976b3e-4f1c-7d2a-9a60-3c5b8f1d2e40"


@pytest.fixture
def content(request):
    """A document of the case's own."""
    return pdf(agreement(1), f"Of the case {request.node.name}")


def announce(client, content, **members):
    answer = client.post("/api/uploads", {"fileName": "report.pdf", "fileSize": len(content)} | members)
    assert answer.status == 201, answer
    return answer.json


def bytes_of(upload, part, content):
    start = (part["number"] - 1) * upload["partSize"]
    return content[start:start + part["size"]]


def send_part(server, upload, part, content):
    return server.anonymous().request("PUT", part["url"], bytes_of(upload, part, content), part["headers"])


def send_parts(server, upload, content):
    for part in upload["parts"]:
        if not part["received"]:
            assert send_part(server, upload, part, content).status == 200


def complete(client, upload, query=""):
    return client.post(f"/api/uploads/{upload['fileId']}/complete{query}")


def send(server, client, content, **members):
    upload = announce(client, content, **members)
    send_parts(server, upload, content)
    return upload, complete(client, upload)


def is_refused(answer, status=403, code="link_invalid"):
    return (answer.status, answer.code) == (status, code)


# --- As it should be --------------------------------------------------------------------------------


def test_small_document_is_one_part(server, admin, content):
    upload = announce(admin, content, sha256=hashlib.sha256(content).hexdigest(), kind="contract", locationId="default")
    assert (upload["status"], len(upload["parts"]), upload["partSize"]) == ("open", 1, len(content))
    assert (upload["parts"][0]["method"], upload["parts"][0]["size"]) == ("PUT", len(content))
    send_parts(server, upload, content)
    answer = complete(admin, upload)
    assert (answer.status, answer.json["fileId"], answer.json["status"]) == (202, upload["fileId"], "uploaded")
    assert answer.headers["Location"] == f"/api/jobs/{upload['fileId']}"
    job = admin.wait_for_end(upload["fileId"])
    assert (job["status"], job["kind"], job["locationId"], job["fileName"]) == ("completed", "contract", "default", "report.pdf")
    assert (job["fileSize"], job["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert not [name for name in server.stored_files() if ".incoming" in name or ".parts" in name]


def test_large_document_is_sent_in_parts_in_any_order_and_at_once(server, admin, content):
    large = padded(content, 20 * MIB + 5)
    upload = announce(admin, large)
    assert [part["size"] for part in upload["parts"]] == [8 * MIB, 8 * MIB, 4 * MIB + 5]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda part: send_part(server, upload, part, large), reversed(upload["parts"])))
    assert [answer.status for answer in answers] == [200] * 3
    assert complete(admin, upload).status == 202
    job = admin.wait_for_end(upload["fileId"])
    assert (job["status"], job["sha256"]) == ("completed", hashlib.sha256(large).hexdigest())


def test_sixteen_mebibytes_are_one_part_and_a_byte_more_is_three(admin):
    for size, count in ((16 * MIB, 1), (16 * MIB + 1, 3)):
        answer = admin.post("/api/uploads", {"fileName": "a.pdf", "fileSize": size})
        assert len(answer.json["parts"]) == count and sum(part["size"] for part in answer.json["parts"]) == size


def test_upload_tells_which_parts_are_there(server, admin, content):
    large = padded(content, 17 * MIB)
    upload = announce(admin, large)
    send_part(server, upload, upload["parts"][1], large)
    again = admin.get(f"/api/uploads/{upload['fileId']}").json
    assert [part["received"] for part in again["parts"]] == [False, True, False]
    assert "url" not in again["parts"][1] and all(again["parts"][n]["url"] for n in (0, 2))
    early = complete(admin, upload)
    assert (early.status, early.code) == (409, "parts_missing")
    send_parts(server, again, large)
    assert complete(admin, upload).status == 202
    assert admin.get(f"/api/uploads/{upload['fileId']}").json["status"] == "completed"


def test_completing_again_answers_the_same(server, admin, content):
    upload, first = send(server, admin, content)
    assert complete(admin, upload).json == first.json
    admin.wait_for_end(upload["fileId"])
    again = complete(admin, upload)
    assert (again.status, again.json) == (202, first.json)


def test_completed_from_many_sides_at_once_it_becomes_one_job(server, content):
    client = server.client(tenant="many-sides")
    upload = announce(client, content)
    send_parts(server, upload, content)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: complete(client, upload), range(8)))
    assert {answer.status for answer in answers} <= {202, 503} and 202 in {answer.status for answer in answers}
    assert complete(client, upload).json["fileId"] == upload["fileId"]
    assert client.wait_for_end(upload["fileId"])["status"] == "completed"
    assert len(client.get("/api/jobs").json["items"]) == 1


def test_same_bytes_again_are_the_document_that_is_there(server, admin, content):
    first = admin.upload(content, again=False).json
    upload, answer = send(server, admin, content)
    assert (answer.status, answer.json["fileId"], answer.json["duplicate"]) == (202, first["fileId"], True)
    assert complete(admin, upload).json == answer.json
    assert not [name for name in server.stored_files() if upload["fileId"] in name]
    other = announce(admin, content)
    send_parts(server, other, content)
    assert complete(admin, other, "?again=1").json["fileId"] == other["fileId"]


# --- What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("members, status, code", [
    ({"fileSize": 0}, 400, "empty_file"), ({"fileSize": -1}, 400, "invalid_request"), ({"fileSize": 1.5}, 400, "invalid_request"),
    ({"fileSize": "10"}, 400, "invalid_request"), ({"fileSize": 501 * MIB}, 413, "file_too_large"),
    ({"fileName": ""}, 400, "invalid_request"), ({"fileName": 1}, 400, "invalid_request"), ({"colour": "red"}, 400, "invalid_request"),
    ({"sha256": "x"}, 400, "bad_sha256"), ({"sha256": "A" * 64}, 400, "bad_sha256"), ({"kind": "novel"}, 400, "bad_kind"),
    ({"locationId": "elsewhere"}, 403, "bad_location"), ({"tenantId": "other"}, 403, "wrong_tenant"),
])
def test_announcement_that_does_not_fit_is_refused(admin, members, status, code):
    answer = admin.post("/api/uploads", {"fileName": "a.pdf", "fileSize": 10} | members)
    assert (answer.status, answer.code) == (status, code), answer


@pytest.mark.parametrize("body", [{"fileName": "a.pdf"}, {"fileSize": 3}])
def test_announcement_has_a_name_and_a_size(admin, body):
    assert is_refused(admin.post("/api/uploads", body), 400, "invalid_request")


def test_upload_is_of_its_tenant_alone(server, content):
    north, south = server.client(tenant="north"), server.client(tenant="south")
    upload = announce(north, content)
    send_parts(server, upload, content)
    unknown = south.get(f"/api/uploads/{NOBODY_ID}")
    for foreign in (south.get(f"/api/uploads/{upload['fileId']}"), complete(south, upload),
                    complete(south, {"fileId": NOBODY_ID}), complete(south, {"fileId": "x"})):
        assert (foreign.status, foreign.code, foreign.json["detail"]) == (404, unknown.code, unknown.json["detail"])
    assert server.client("auditor", "north").post("/api/uploads", {"fileName": "a", "fileSize": 1}).status == 403
    assert server.client("auditor", "north").get(f"/api/uploads/{upload['fileId']}").status == 403
    assert server.anonymous().get(f"/api/uploads/{upload['fileId']}").status == 401
    assert complete(north, upload).status == 202


def test_internal_admin_uploads_for_a_tenant(server, content):
    boss = server.internal_admin()
    upload, answer = send(server, boss, content, tenantId="east")
    assert answer.status == 202
    assert server.client(tenant="east").wait_for_end(upload["fileId"])["tenantId"] == "east"


def test_bytes_with_another_hash_end_the_upload(server, admin, content):
    large = padded(content, 17 * MIB)
    upload, answer = send(server, admin, large, sha256=hashlib.sha256(content).hexdigest())
    assert is_refused(answer, 400, "sha256_mismatch")
    assert is_refused(complete(admin, upload), 400, "sha256_mismatch")
    assert admin.get(f"/api/uploads/{upload['fileId']}").json["status"] == "refused"
    assert admin.get(f"/api/jobs/{upload['fileId']}").status == 404
    assert not [name for name in server.stored_files() if upload["fileId"] in name]


def test_single_part_with_another_hash_is_refused_at_once_and_may_be_sent_again(server, admin, content):
    upload = announce(admin, content, sha256=hashlib.sha256(content).hexdigest())
    part = upload["parts"][0]
    changed = content[:-1] + b"x"
    assert is_refused(send_part(server, upload, part, changed), 400, "sha256_mismatch")
    assert send_part(server, upload, part, content).status == 200
    assert complete(admin, upload).status == 202


def test_what_is_no_pdf_ends_the_upload(server, admin):
    text = b"Dear Sir or Madam, " * 100
    upload, answer = send(server, admin, text)
    assert is_refused(answer, 415, "unsupported_type")
    assert is_refused(complete(admin, upload), 415, "unsupported_type")
    assert not [name for name in server.stored_files() if upload["fileId"] in name]


# --- The links --------------------------------------------------------------------------------------


def test_link_is_good_once(server, admin, content):
    upload = announce(admin, content)
    part = upload["parts"][0]
    other = b"%PDF-" + b"x" * (len(content) - 5)
    assert send_part(server, upload, part, content).status == 200
    assert is_refused(send_part(server, upload, part, other))
    assert complete(admin, upload).status == 202
    assert is_refused(send_part(server, upload, part, other))
    assert admin.wait_for_end(upload["fileId"])["sha256"] == hashlib.sha256(content).hexdigest()


def test_object_that_is_changed_after_the_check_does_not_matter(new_server, content):
    """Whatever comes to stand where the parts were sent to: the document is the copy that was checked."""
    server = new_server("--worker-concurrency", "1")
    admin = server.client()
    admin.upload(padded(pdf(*[agreement(number) for number in range(300)]), 6 * MIB))  # the worker has enough to do
    upload, answer = send(server, admin, content)
    assert answer.status == 202
    incoming = server.data_dir / "documents" / "3" / ".incoming" / "default"
    incoming.mkdir(parents=True, exist_ok=True)
    (incoming / upload["fileId"]).write_bytes(b"other bytes")
    job = admin.wait_for_end(upload["fileId"])
    assert (job["status"], job["sha256"]) == ("completed", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("change", [
    lambda url: url.replace("part=1", "part=2"), lambda url: re.sub(r"length=\d+", "length=1", url),
    lambda url: url.replace("method=PUT", "method=GET"), lambda url: re.sub(r"&upload=\w+", "", url),
    lambda url: re.sub(r"expires=(\d)", r"expires=9\1", url), lambda url: url[:-1] + ("A" if url[-1] != "A" else "B"),
    lambda url: url.partition("?")[0], lambda url: url.replace("/default/", "/other/"), lambda url: url + "&again=1",
])
def test_link_that_was_changed_is_refused(server, admin, content, change):
    upload = announce(admin, content)
    part = upload["parts"][0]
    assert change(part["url"]) != part["url"]
    assert is_refused(send_part(server, upload, part | {"url": change(part["url"])}, content))
    assert not admin.get(f"/api/uploads/{upload['fileId']}").json["parts"][0]["received"]


def test_link_is_for_this_length_and_type(server, admin, content):
    upload = announce(admin, content)
    part, anybody = upload["parts"][0], server.anonymous()
    for body, headers in ((content + b"x", part["headers"]), (content[:-1], part["headers"]), (b"", part["headers"]),
                          (content, {"Content-Type": "text/plain"}), (content, {}),
                          (iter([content]), part["headers"] | {"Transfer-Encoding": "chunked"})):
        assert is_refused(anybody.request("PUT", part["url"], body, headers))
    assert send_part(server, upload, part, content).status == 200


def test_link_to_send_is_none_to_read(server, admin, content):
    upload = announce(admin, content)
    assert is_refused(server.anonymous().get(upload["parts"][0]["url"]))
    send_parts(server, upload, content)
    assert is_refused(server.anonymous().get(upload["parts"][0]["url"]))


KEY = b"k" * 32


def sign(text):
    """As base/keyring.h does it: for links of another time, which the server would not make now."""
    derived = hmac.digest(KEY, b"blob-link", "sha256")
    return "test." + base64.urlsafe_b64encode(hmac.digest(derived, text.encode(), "sha256")).rstrip(b"=").decode()


def with_expiry(url, expires_ms):
    text = re.sub(r"expires=\d+", f"expires={expires_ms}", url.partition("&signature=")[0])
    origin = f"{urlsplit(url).scheme}://{urlsplit(url).netloc}"
    return f"{text}&signature={sign(text.removeprefix(origin))}"


def test_link_that_has_expired_is_refused_and_a_new_one_is_to_be_had(new_server, content):
    server = new_server(variables={"SIGNING_KEYS": f"test:{base64.urlsafe_b64encode(KEY).rstrip(b'=').decode()}"})
    admin = server.client()
    upload = announce(admin, content)
    part, now_ms = upload["parts"][0], int(time.time() * 1000)
    expires_ms = int(parse_qs(urlsplit(part["url"]).query)["expires"][0])
    assert 3590_000 < expires_ms - now_ms <= 3600_000
    assert with_expiry(part["url"], expires_ms) == part["url"]  # signed as the server does
    late = with_expiry(part["url"], now_ms - 1)
    assert is_refused(send_part(server, upload, part | {"url": late}, content), 410, "link_expired")
    again = admin.get(f"/api/uploads/{upload['fileId']}").json
    send_parts(server, again, content)
    assert complete(admin, upload).status == 202


# --- What belongs to it -----------------------------------------------------------------------------


def test_callback_of_an_upload_in_parts_is_told(new_server, content):
    server = new_server(variables={"WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8"})
    admin, receiver = server.client(), Receiver()
    refused = admin.post("/api/uploads", {"fileName": "a.pdf", "fileSize": 9, "callbackUrl": "http://192.0.2.1:x/"})
    assert is_refused(refused, 400, "bad_webhook_url")
    upload, answer = send(server, admin, content, callbackUrl=f"{receiver.url}/done")
    assert answer.status == 202
    assert receiver.wait_for(1)[0].id == f"msg_{upload['fileId']}_1"
    receiver.close()


def test_upload_in_parts_that_is_deleted_leaves_no_trace_of_its_name(new_server, content):
    server = new_server()
    admin = server.client()
    upload, answer = send(server, admin, content, fileName="Kyrvenjalka.pdf")
    assert answer.status == 202
    admin.wait_for_end(upload["fileId"])
    assert admin.delete(f"/api/jobs/{upload['fileId']}").status == 204
    assert complete(admin, upload).status == 404
    wait_until(lambda: not [name for name in server.stored_files() if upload["fileId"] in name], "its blobs are gone")
    assert server.internal_admin().post("/admin/purge").status == 200
    digest = hashlib.sha256(content).hexdigest()
    for path in server.data_dir.rglob("*"):
        stored = path.read_bytes() if path.is_file() else b""
        assert b"Kyrvenjalka" not in stored and digest.encode() not in stored, path


# --- Interruptions ----------------------------------------------------------------------------------


def test_upload_survives_kill_and_restart(new_server, content):
    server = new_server()
    admin = server.client()
    large = padded(content, 25 * MIB)
    upload = announce(admin, large)
    assert send_part(server, upload, upload["parts"][0], large).status == 200
    half = admin.open_socket()
    target = urlsplit(upload["parts"][1]["url"])
    half.sendall(f"PUT {target.path}?{target.query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\n"
                 f"Content-Length: {8 * MIB}\r\n\r\n".encode() + large[8 * MIB:12 * MIB])
    server.kill()
    half.close()
    server.start()
    admin = server.client()
    again = admin.get(f"/api/uploads/{upload['fileId']}").json
    assert [part["received"] for part in again["parts"]] == [True, False, False, False]
    send_parts(server, again, large)
    assert complete(admin, upload).status == 202
    server.kill()
    server.start()
    job = server.client().wait_for_end(upload["fileId"])
    assert (job["status"], job["sha256"]) == ("completed", hashlib.sha256(large).hexdigest())


def test_part_that_was_broken_off_may_be_sent_again_by_the_same_link(server, admin, content):
    upload = announce(admin, content)
    part = upload["parts"][0]
    target = urlsplit(part["url"])
    with admin.open_socket() as half:
        half.sendall(f"PUT {target.path}?{target.query} HTTP/1.1\r\nHost: x\r\nContent-Type: application/pdf\r\n"
                     f"Content-Length: {part['size']}\r\n\r\n".encode() + content[:100])
    assert send_part(server, upload, part, content).status == 200
    assert complete(admin, upload).status == 202
