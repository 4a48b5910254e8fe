"""Webhooks, from the upload to what a receiver gets: signed, retried, announced once under one id, for one tenant alone."""
import base64
import contextlib
import datetime
import http.client
import importlib
import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pdf_maker import pdf
from quire_client import metric
from quire_program import quire
from quire_server import Server, wait_until
from webhook_receiver import Receiver, signatures_by

LOOPBACK = {"WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("webhooks") / "data", variables=LOOPBACK).start()
    yield server
    server.stop()


@pytest.fixture
def receiver():
    receivers = []

    def start(*arguments):
        receivers.append(Receiver(*arguments))
        return receivers[-1]

    yield start
    for one in receivers:
        one.close()


@pytest.fixture
def tenant(server, request):
    """The admin of a tenant of the case's own."""
    return server.client(tenant=request.node.name.replace("_", "-")[5:60])


def make(client, url, **more):
    answer = client.post("/api/webhooks", {"url": url, **more})
    assert answer.status == 201, answer
    return answer.json


def end_job(client, fields=None, text="Nothing more."):
    answer = client.upload(pdf(text), fields=fields)
    assert answer.status == 200, answer
    return answer.json["fileId"]


def deliveries(client, webhook_id):
    answer = client.get(f"/api/webhooks/{webhook_id}/deliveries")
    assert answer.status == 200, answer
    return answer.json["items"]


def wait_for_status(client, webhook_id, status):
    def found():
        items = deliveries(client, webhook_id)
        return items[0] if items and items[0]["status"] == status else None
    return wait_until(found, f"a delivery is {status}")


def milliseconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


# --- What is sent ----------------------------------------------------------------------------------


def test_the_end_of_a_job_is_told(tenant, receiver):
    to = receiver()
    webhook = make(tenant, f"{to.url}/hooks/quire?a=b")
    file_id = end_job(tenant)
    message = to.wait_for(1)[0]
    assert message.path == "/hooks/quire?a=b"
    assert message.id == f"msg_{file_id}_1"
    assert message.headers["Content-Type"] == "application/json"
    body = json.loads(message.body)
    assert body["type"] == "document.completed"
    assert body["data"] == {"fileId": file_id, "tenantId": webhook["tenantId"], "status": "completed", "run": 1}
    assert signatures_by(webhook["secret"], message) == 1
    delivery = wait_for_status(tenant, webhook["id"], "delivered")
    assert delivery["attempts"] == 1 and delivery["responseStatus"] == 204
    assert delivery["messageId"] == message.id and delivery["payload"] == body
    assert tenant.get(f"/api/deliveries/{delivery['id']}").json == delivery


def test_failed_jobs_are_told_to_those_who_ask(tenant, receiver):
    to, other = receiver(), receiver()
    make(tenant, to.url, events=["document.failed"])
    make(tenant, other.url, events=["document.completed", "document.cancelled"])
    answer = tenant.upload(b"%PDF-1.7 and nothing that can be read")
    assert answer.json["status"] == "failed"
    file_id = end_job(tenant)
    assert json.loads(to.wait_for(1)[0].body)["data"]["status"] == "failed"
    assert other.wait_for(1)[0].id == f"msg_{file_id}_1"
    assert len(to.messages) == 1 and len(other.messages) == 1


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """The verifier that the makers of the specification publish, where it can be had."""
    target = tmp_path_factory.mktemp("packages")
    done = subprocess.run(["timeout", "120", sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
                           "--only-binary", ":all:", "--target", target,
                           "-r", Path(__file__).parent / "requirements-webhooks.txt"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("the package standardwebhooks cannot be installed here: signatures are held to the "
                    f"specification by signatures_by alone ({done.stderr.strip().splitlines()[-1:]})")
    sys.path.insert(0, str(target))
    yield importlib.import_module("standardwebhooks")
    sys.path.remove(str(target))


def test_the_official_verifier_takes_our_signatures(tenant, receiver, official):
    to = receiver()
    webhook = make(tenant, to.url)
    file_id = end_job(tenant)
    message = to.wait_for(1)[0]
    verifier = official.Webhook(webhook["secret"])
    assert verifier.verify(message.body, message.headers)["data"]["fileId"] == file_id
    with pytest.raises(official.WebhookVerificationError):
        verifier.verify(message.body.replace(b"completed", b"Completed"), message.headers)
    new_secret = tenant.post(f"/api/webhooks/{webhook['id']}/rotate").json["secret"]
    end_job(tenant)
    message = to.wait_for(2)[1]
    for secret in (webhook["secret"], new_secret):
        official.Webhook(secret).verify(message.body, message.headers)


def test_after_a_rotation_both_secrets_sign(tenant, receiver):
    to = receiver()
    webhook = make(tenant, to.url)
    rotated = tenant.post(f"/api/webhooks/{webhook['id']}/rotate").json
    assert rotated["secret"] != webhook["secret"]
    assert 23.9 < (milliseconds(rotated["previousSecretUntil"]) - milliseconds(webhook["createdAt"])) / 3600e3 < 24.1
    end_job(tenant)
    message = to.wait_for(1)[0]
    assert signatures_by(webhook["secret"], message) == signatures_by(rotated["secret"], message) == 1
    assert "secret" not in tenant.get(f"/api/webhooks/{webhook['id']}").json


# --- What goes wrong -------------------------------------------------------------------------------


def test_a_failure_is_tried_again_under_the_same_id(tenant, receiver):
    first_is_seen = threading.Event()

    def answer(message):
        if len(to.messages) == 1:
            return 500, {}, b"not now " + 2000 * b"x"
        first_is_seen.wait(300)
        return None
    to = receiver(answer)
    webhook = make(tenant, to.url)
    end_job(tenant)
    first = wait_until(lambda: [d for d in deliveries(tenant, webhook["id"]) if d["attempts"] == 1],
                       "the first attempt is noted")[0]
    assert first["status"] == "pending" and first["responseStatus"] == 500
    assert first["response"].startswith("not now x") and len(first["response"]) == 1024
    assert 4500 <= milliseconds(first["nextAttemptAt"]) - milliseconds(first["attemptedAt"]) <= 5500
    first_is_seen.set()
    one, two = to.wait_for(2)
    assert one.id == two.id and one.body == two.body
    assert signatures_by(webhook["secret"], two) == 1
    delivery = wait_for_status(tenant, webhook["id"], "delivered")
    assert delivery["attempts"] == 2 and "nextAttemptAt" not in delivery


def test_gone_disables_and_enable_ends_it(tenant, receiver):
    to = receiver(lambda message: (410, {}, b"") if len(to.messages) == 1 else None)
    webhook = make(tenant, to.url)
    end_job(tenant)
    assert wait_for_status(tenant, webhook["id"], "failed")["responseStatus"] == 410
    shown = tenant.get(f"/api/webhooks/{webhook['id']}").json
    assert shown["disabledReason"] == "its receiver answered 410 Gone"
    refused = tenant.post(f"/api/webhooks/{webhook['id']}/test")
    assert refused.status == 409 and refused.code == "webhook_disabled"
    assert "disabledAt" not in tenant.post(f"/api/webhooks/{webhook['id']}/enable").json
    end_job(tenant)
    to.wait_for(2)


def test_retry_after_is_honoured(tenant, receiver):
    to = receiver(lambda message: (429, {"Retry-After": "3600"}, b""))
    webhook = make(tenant, to.url)
    end_job(tenant)
    delivery = wait_until(lambda: [d for d in deliveries(tenant, webhook["id"]) if d["attempts"]], "it was tried")[0]
    assert milliseconds(delivery["nextAttemptAt"]) - milliseconds(delivery["attemptedAt"]) == 3600e3


def test_a_redirect_is_not_followed(tenant, receiver):
    elsewhere = receiver()
    to = receiver(lambda message: (307, {"Location": elsewhere.url}, b""))
    webhook = make(tenant, to.url)
    end_job(tenant)
    delivery = wait_until(lambda: [d for d in deliveries(tenant, webhook["id"]) if d["attempts"]], "it was tried")[0]
    assert delivery["error"] == "the answer was 307: redirects are not followed"
    assert not elsewhere.messages


def test_a_receiver_that_hangs_is_given_up_and_delays_no_other(server, tenant, receiver):
    may_end = threading.Event()
    slow = receiver(lambda message: may_end.wait(300) and None)
    quick = receiver()
    for _ in range(6):  # more than there are senders
        hanging = make(tenant, slow.url)
    end_job(tenant)
    slow.wait_for(1)
    other = server.client(tenant="quick")
    make(other, quick.url)
    end_job(other)
    quick.wait_for(1)
    delivery = wait_until(lambda: [d for d in deliveries(tenant, hanging["id"]) if d["attempts"]], "it was tried")[0]
    may_end.set()
    assert "responseStatus" not in delivery and delivery["error"]
    assert delivery["status"] == "pending"


def test_an_end_is_told_under_the_same_id_after_kill_9(tmp_path, receiver):
    server = Server(tmp_path / "data", variables=LOOPBACK).start()
    hold = threading.Event()
    to = receiver(lambda message: hold.wait(300) and None)
    client = server.client()
    webhook = make(client, to.url)
    file_id = client.upload(pdf("Told however it ends.")).json["fileId"]
    to.wait_for(1)
    server.kill()  # the edge is taken, the attempt is under way
    hold.set()
    server.start()
    messages = to.wait_for(2)
    assert {message.id for message in messages} == {f"msg_{file_id}_1"}
    client = server.client()
    assert wait_for_status(client, webhook["id"], "delivered")["messageId"] == f"msg_{file_id}_1"
    assert len(deliveries(client, webhook["id"])) == 1
    server.stop()


def test_no_kill_9_loses_an_announcement_or_gives_it_another_id(tmp_path, receiver):
    """Killed at random moments while documents come in, end and are told of."""
    dice = random.Random(int(os.environ.get("QUIRE_SEED", "4")))
    server = Server(tmp_path / "data", variables=LOOPBACK).start()
    to = receiver()
    make(server.client(), to.url)
    for _ in range(int(os.environ.get("QUIRE_ROUNDS", "4"))):
        client = server.client()
        client.upload(pdf("One at least is told of in each life."))
        killer = threading.Timer(dice.uniform(0.05, 0.6), server.process.kill)
        killer.start()
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                client.upload(pdf("Killed or not, it is told of."))
        killer.join()
        server.kill()
        server.start()
    client = server.client()
    wait_until(lambda: not [job for job in all_jobs(client) if job["status"] != "completed"], "all jobs end")
    expected = {f"msg_{job['fileId']}_1" for job in all_jobs(client)}
    assert len(expected) >= 4
    wait_until(lambda: {message.id for message in to.messages} == expected, "each end is told")
    server.stop()


def all_jobs(client):
    jobs, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/api/jobs?limit=100{cursor}").json
        jobs += page["items"]
        cursor = f"&cursor={page['nextCursor']}" if "nextCursor" in page else None
    return jobs


# --- Callbacks, tests, replays ---------------------------------------------------------------------


def test_a_callback_is_signed_with_the_default_secret(tenant, receiver):
    to = receiver()
    secret = tenant.post("/api/webhooks/default/rotate").json["secret"]
    file_id = end_job(tenant, fields={"callbackUrl": f"{to.url}/job/7"})
    message = to.wait_for(1)[0]
    assert message.path == "/job/7" and message.id == f"msg_{file_id}_1"
    assert signatures_by(secret, message) == 1
    assert wait_for_status(tenant, "default", "delivered")["url"] == f"{to.url}/job/7"
    assert [w["id"] for w in tenant.get("/api/webhooks").json["items"]] == ["default"]


def test_a_duplicate_adds_its_callback(tenant, receiver):
    to = receiver()
    content = pdf("The same document twice.")
    first = tenant.upload(content, fields={"callbackUrl": f"{to.url}/1"}, again=False).json
    to.wait_for(1)
    again = tenant.upload(content, fields={"callbackUrl": f"{to.url}/2"}, again=False).json
    assert again["duplicate"] and again["fileId"] == first["fileId"]
    one, two = to.wait_for(2)
    assert (one.path, two.path) == ("/1", "/2") and one.id == two.id
    for n in (3, 4):
        tenant.upload(content, fields={"callbackUrl": f"{to.url}/{n}"}, again=False)
    refused = tenant.upload(content, fields={"callbackUrl": f"{to.url}/5"}, again=False)
    assert refused.status == 409 and refused.code == "too_many_callbacks"


def test_a_test_and_replays_are_sent(tenant, receiver):
    to = receiver()
    webhook = make(tenant, to.url)
    sent = tenant.post(f"/api/webhooks/{webhook['id']}/test")
    assert sent.status == 202 and sent.json["type"] == "webhook.test"
    assert json.loads(to.wait_for(1)[0].body)["type"] == "webhook.test"
    file_id = end_job(tenant)
    to.wait_for(2)
    delivery = wait_for_status(tenant, webhook["id"], "delivered")
    assert tenant.post(f"/api/deliveries/{delivery['id']}/replay").status == 202
    assert to.wait_for(3)[2].id == f"msg_{file_id}_1"
    wait_for_status(tenant, webhook["id"], "delivered")
    answer = tenant.post(f"/api/webhooks/{webhook['id']}/replay", {"since": webhook["createdAt"]})
    assert answer.status == 202 and answer.json == {"replayed": 2}
    assert to.wait_for(5)[3].id == to.messages[0].id  # the oldest first
    answer = tenant.post(f"/api/webhooks/{webhook['id']}/replay",
                         {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"})
    assert answer.json == {"replayed": 0}


def test_deliveries_are_listed_page_by_page_the_newest_first(tenant, receiver):
    to = receiver()
    webhook, files = make(tenant, to.url), []
    for number in range(1, 6):  # one after the other: ends that are told together have no order
        files.append(end_job(tenant))
        to.wait_for(number)
    seen, cursor = [], ""
    while cursor is not None:
        page = tenant.get(f"/api/webhooks/{webhook['id']}/deliveries?limit=2{cursor}").json
        seen += [delivery["fileId"] for delivery in page["items"]]
        cursor = f"&cursor={page['nextCursor']}" if "nextCursor" in page else None
    assert seen == files[::-1]


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [
    "", "example.org", "ftp://example.org/", "https://user:secret@example.org/", "https://10.0.0.1/", "https://[::1]/",
    "https://169.254.169.254/latest/meta-data", "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/",
    "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://example.org./",
    "http://93.184.216.34/", "https://example.org/" + 2100 * "a",
])
def test_a_url_that_leads_inwards_is_refused_at_once(server, url):
    client = server.client()
    answer = client.post("/api/webhooks", {"url": url})
    assert answer.status == 400 and answer.code == "bad_webhook_url", answer
    if url and len(url) <= 2048:
        answer = client.upload(pdf("x"), fields={"callbackUrl": url})
        assert answer.status == 400 and answer.code == "bad_webhook_url", answer


def test_a_name_that_leads_inwards_is_refused_when_it_is_sent_to(new_server):
    server = new_server()  # no network is allowed here
    client = server.client()
    webhook = make(client, "https://localhost:1/")
    end_job(client)
    delivery = wait_until(lambda: [d for d in deliveries(client, webhook["id"]) if d["attempts"]], "it was tried")[0]
    assert "not public" in delivery["error"] and "127.0.0.1" not in delivery["error"]
    assert client.post("/api/webhooks", {"url": "http://127.0.0.1:1/"}).code == "bad_webhook_url"


@pytest.mark.parametrize("body", [
    {}, {"url": 7}, {"url": "https://a.example/", "events": []}, {"url": "https://a.example/", "events": ["document.eaten"]},
    {"url": "https://a.example/", "colour": "red"}, {"url": "https://a.example/", "events": "document.failed"},
])
def test_a_malformed_webhook_is_refused(server, body):
    assert server.client().post("/api/webhooks", body).status == 400


@pytest.mark.parametrize("body", [
    {}, {"since": "yesterday"}, {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
    {"since": "2026-01-02T00:00:00Z", "colour": "red"},
])
def test_a_malformed_replay_is_refused(server, body):
    assert server.client().post("/api/webhooks/default/replay", body).status in (400, 404)
    server.client().post("/api/webhooks/default/rotate")
    assert server.client().post("/api/webhooks/default/replay", body).status == 400


def test_a_tenant_has_twenty_webhooks(tenant):
    for _ in range(20):
        webhook = make(tenant, "https://a.example/")
    refused = tenant.post("/api/webhooks", {"url": "https://a.example/"})
    assert refused.status == 409 and refused.code == "too_many_webhooks"
    assert tenant.delete(f"/api/webhooks/{webhook['id']}").status == 204
    make(tenant, "https://a.example/")


def test_the_same_request_again_makes_one_webhook_and_shows_its_secret_again(tenant):
    body = {"url": "https://a.example/"}
    first, again = [tenant.post("/api/webhooks", body, Idempotency_Key="once") for _ in range(2)]
    assert first.status == 201 and first.json == again.json
    other = tenant.post("/api/webhooks", {"url": "https://b.example/"}, Idempotency_Key="once")
    assert other.status == 422 and other.code == "idempotency_mismatch"
    assert len(tenant.get("/api/webhooks").json["items"]) == 1


# --- Tenants and secrets ---------------------------------------------------------------------------


def test_another_tenant_cannot_tell_that_they_are_there(server, tenant, receiver):
    to = receiver()
    webhook = make(tenant, to.url)
    end_job(tenant)
    delivery = wait_for_status(tenant, webhook["id"], "delivered")
    other = server.client(tenant="stranger")
    unknown_webhook, unknown_delivery = "01976b3e-4f1c-7d2a-9a60-3c5b8f1d2e40", "dlv_" + 32 * "0"

    def same(method, target, theirs, unknown, body=None):
        answers = [other.request(method, target.format(id), body) for id in (theirs, unknown)]
        shown = [{k: v for k, v in answer.json.items() if k != "requestId"} for answer in answers]
        assert shown[0] == shown[1] and answers[0].status == 404, answers

    for method, target in (("GET", "/api/webhooks/{}"), ("DELETE", "/api/webhooks/{}"),
                           ("POST", "/api/webhooks/{}/rotate"), ("POST", "/api/webhooks/{}/enable"),
                           ("POST", "/api/webhooks/{}/test"), ("GET", "/api/webhooks/{}/deliveries")):
        same(method, target, webhook["id"], unknown_webhook)
    same("POST", "/api/webhooks/{}/replay", webhook["id"], unknown_webhook, {"since": "2026-01-01T00:00:00Z"})
    same("GET", "/api/deliveries/{}", delivery["id"], unknown_delivery)
    same("POST", "/api/deliveries/{}/replay", delivery["id"], unknown_delivery)
    assert other.get("/api/webhooks").json == {"items": []}
    asked = other.get(f"/api/webhooks/{webhook['id']}?tenantId={webhook['tenantId']}")
    assert asked.status == 403 and asked.code == "wrong_tenant"
    end_job(other)
    end_job(tenant)
    wait_until(lambda: len(to.messages) == 2, "the second end is told")
    assert {json.loads(m.body)["data"]["tenantId"] for m in to.messages} == {webhook["tenantId"]}


def test_internal_admins_name_the_tenant_and_auditors_are_refused(server, tenant, receiver):
    webhook = make(tenant, receiver().url)
    operator = server.internal_admin()
    assert operator.get(f"/api/webhooks/{webhook['id']}").status == 404
    shown = operator.get(f"/api/webhooks/{webhook['id']}?tenantId={webhook['tenantId']}").json
    assert shown["url"] == webhook["url"]
    assert server.client("auditor", "platform", "internal").get("/api/webhooks").status == 403
    assert server.client("auditor").post("/api/webhooks", {"url": "https://a.example/"}).status == 403


def test_secrets_are_nowhere_in_clear(tmp_path, receiver):
    server = Server(tmp_path / "data", variables=LOOPBACK).start()
    client, to = server.client(), receiver()
    webhook = make(client, to.url)
    secrets = [webhook["secret"], client.post("/api/webhooks/default/rotate").json["secret"],
               client.post(f"/api/webhooks/{webhook['id']}/rotate").json["secret"]]
    end_job(client, fields={"callbackUrl": to.url})
    to.wait_for(2)
    server.stop()  # and its log is looked through for secrets
    for path in server.data_dir.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for secret in secrets:
            text = secret.removeprefix("whsec_")
            assert text.encode() not in content and base64.b64decode(text) not in content, path


def test_attempts_are_counted(server, tenant, receiver):
    to = receiver()
    make(tenant, to.url)

    def delivered():
        return metric(server.anonymous().get("/metrics").body.decode(), "webhook_deliveries_total", status="delivered")
    before = delivered()
    end_job(tenant)
    wait_until(lambda: delivered() >= before + 1, "the attempt is counted")


# --- The command line ------------------------------------------------------------------------------


def test_webhooks_and_deliveries_from_the_command_line(server, receiver):
    to, name = receiver(), "command-line"
    variables = {"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token(tenant=name)}

    def run(*words, exit_code=0):
        done = quire(*words, "--json", variables=variables)
        assert done.returncode == exit_code, done
        return [json.loads(line) for line in done.stdout.splitlines()]

    made, = run("webhooks", "add", to.url, "--events", "document.completed,document.failed")
    server.secrets.add(made["secret"])
    assert made["events"] == ["document.completed", "document.failed"]
    shown, = run("webhooks", "ls")
    assert shown == run("webhooks", "show", made["id"])[0] and shown["url"] == to.url
    rotated, = run("webhooks", "rotate", made["id"])
    assert rotated["secret"].startswith("whsec_") and rotated["secret"] != made["secret"]
    tested, = run("webhooks", "test", made["id"])
    assert signatures_by(rotated["secret"], to.wait_for(1)[0]) == 1
    client = server.client(tenant=name)
    wait_for_status(client, made["id"], "delivered")
    delivery, = run("deliveries", "ls", made["id"])
    assert delivery["id"] == tested["id"] and delivery == run("deliveries", "show", tested["id"])[0]
    assert run("deliveries", "replay", tested["id"])[0]["status"] == "pending"
    to.wait_for(2)
    wait_for_status(client, made["id"], "delivered")
    assert run("webhooks", "replay", made["id"], "--since", made["createdAt"]) == [{"replayed": 1}]
    to.wait_for(3)
    assert run("webhooks", "enable", made["id"])[0]["id"] == made["id"]
    assert run("webhooks", "rm", made["id"]) == []
    run("webhooks", "show", made["id"], exit_code=4)
    run("deliveries", "show", "dlv_0", exit_code=4)
    run("webhooks", "replay", made["id"], exit_code=2)
    run("deliveries", exit_code=2)
    run("webhooks", "add", exit_code=2)
