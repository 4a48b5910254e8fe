"""How the server is run: health, metrics, errors of every kind, CORS, the end, and what a crash leaves."""
import hashlib
import json
import re
import signal
import time

import pytest

from pdf_maker import agreement, padded, pdf
from quire_client import Client, metric, read_answer
from quire_program import quire
from quire_server import PATIENCE_S, wait_until

METRICS_TOKEN = "a-token-for-metrics-of-some-length"


# --- Health, readiness, metrics ---------------------------------------------------------------------


def test_health_is_public(server):
    answer = server.anonymous().get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_readiness_is_public_and_its_details_are_for_loopback(server):
    answer = server.anonymous().get("/ready")
    assert answer.json["status"] == "ready"
    assert {port["status"] for port in answer.json["ports"]} == {"ok"}
    assert "record_store" in {port["port"] for port in answer.json["ports"]}
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        forwarded = server.anonymous().request("GET", "/ready", headers={header: "for=192.0.2.1"})
        assert forwarded.json == {"status": "ready"}, header


def test_metrics_are_for_loopback_without_a_token(server):
    answer = server.anonymous().get("/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    refused = server.anonymous().get("/metrics", X_Forwarded_For="192.0.2.1")
    assert (refused.status, refused.code) == (401, "metrics_token_required")


def test_metrics_token_is_required_where_it_is_set(new_server):
    server = new_server(variables={"METRICS_TOKEN": METRICS_TOKEN})
    anonymous, operator = server.anonymous(), Client(server, {"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert anonymous.get("/metrics").status == 401
    assert "ports" not in anonymous.get("/ready").json
    assert operator.get("/metrics").status == 200
    assert "ports" in operator.get("/ready").json
    for wrong in (METRICS_TOKEN[:-1], METRICS_TOKEN + "x", "", METRICS_TOKEN.upper()):
        assert Client(server, {"Authorization": f"Bearer {wrong}"}).get("/metrics").status == 401


def test_metrics_count_requests_and_pages_and_name_no_tenant(server):
    def read():
        return server.anonymous().get("/metrics").body.decode()
    before = read()
    file_id = server.client(tenant="secretive").upload(pdf(agreement(1), agreement(2))).json["fileId"]
    assert server.client(tenant="secretive").get(f"/api/jobs/{file_id}").status == 200
    def pages(text):
        return metric(text, "pages_processed_total", status="completed")
    after = wait_until(lambda: pages(text := read()) >= pages(before) + 2 and text, "the pages are counted")  # once they are stored
    upload = {"method": "POST", "route": "/api/upload", "status": "200"}
    assert metric(after, "http_requests_total", **upload) - metric(before, "http_requests_total", **upload) == 1
    job = {"method": "GET", "route": "/api/jobs/{fileId}", "status": "200"}
    assert metric(after, "http_requests_total", **job) - metric(before, "http_requests_total", **job) == 1
    assert pages(after) - pages(before) == 2
    assert "secretive" not in after and file_id not in after
    for line in after.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .*|[a-z_]+(\{.*\})? [-+0-9.eInfNa]+", line), line


def test_description_and_docs_are_public(server):
    assert server.anonymous().get("/openapi.json").json["openapi"].startswith("3.1")
    page = server.anonymous().get("/docs")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy and "'unsafe-eval'" not in policy
    # Every script and style of the page is one that the policy lets run.
    for kind, text in re.findall(rb"<(script|style)>(.*?)</\1>", page.body, re.DOTALL):
        digest = hashlib.sha256(text).digest()
        assert f"'sha256-{base64_of(digest)}'" in policy, kind
    assert not re.search(rb"(src|href)=[\"']?(https?:)?//", page.body)
    assert not re.search(rb"<[^>]+\s(on\w+|style)=", page.body)


def base64_of(data):
    import base64
    return base64.b64encode(data).decode()


# --- Requests ---------------------------------------------------------------------------------------


def test_request_id_is_taken_where_it_is_sane_and_made_otherwise(server):
    anybody = server.anonymous()
    assert anybody.get("/health", X_Request_Id="order-66.a_b").headers["X-Request-Id"] == "order-66.a_b"
    for odd in ("x" * 300, "a b", "<script>", "a;b\x80", ""):
        made = anybody.get("/health", X_Request_Id=odd).headers["X-Request-Id"]
        assert re.fullmatch(r"[0-9a-f-]{36}", made), odd
    assert anybody.get("/nowhere", X_Request_Id="mine").json["requestId"] == "mine"
    wait_until(lambda: "mine" in {line.get("requestId") for line in server.log_lines()}, "it is logged")


def test_log_names_the_route_and_never_the_query(server):
    server.client().get("/api/jobs?status=failed&kind=contract", X_Request_Id="query-1")
    line = wait_until(lambda: [line for line in server.log_lines() if line.get("requestId") == "query-1"], "it is logged")[0]
    assert (line["route"], line["method"], line["status"]) == ("/api/jobs", "GET", 200)
    assert "failed" not in json.dumps(line)


BROKEN = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "no Host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "bare newline": (b"GET /health HTTP/1.1\nHost: a\n\n", 400),
    "folded header": (b"GET /health HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
    "NUL in a header": (b"GET /health HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
    "space before the colon": (b"GET /health HTTP/1.1\r\nHost: a\r\nX : a\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/0.9": (b"GET /health\r\n\r\n", 505),
    "HTTP/1.2": (b"GET /health HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    "long request line": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "long header": (b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "path without a slash": (b"GET health HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "fragment": (b"GET /health#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "unknown expectation": (b"GET /health HTTP/1.1\r\nHost: a\r\nExpect: a-pony\r\n\r\n", 417),
    "length and chunks": (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
}


@pytest.mark.parametrize("data, status", BROKEN.values(), ids=BROKEN.keys())
def test_request_that_is_no_sound_http_gets_a_problem_and_the_connection_is_closed(server, data, status):
    answer = server.anonymous().raw(data)
    # 400 will do where the parser gives up before it knows the reason.
    assert answer.status in (status, 400), answer
    assert answer.headers["Connection"] == "close"
    assert answer.json["code"] and answer.json["requestId"]


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api", "/api/jobs/", "//api/jobs", "/api/../health", "/health/", "/HEALTH", "/api/jobs/a/b/c"])
def test_unknown_path_is_404(server, path):
    answer = server.client().get(path)
    assert (answer.status, answer.code) == (404, "not_found"), answer


@pytest.mark.parametrize("method, path, allowed", [
    ("DELETE", "/api/upload", {"POST"}), ("POST", "/api/jobs", {"GET", "HEAD"}), ("PUT", "/admin/keys", {"GET", "HEAD", "POST"}),
    ("PATCH", "/admin/tenants/a", {"GET", "HEAD", "PUT"}), ("TRACE", "/health", {"GET", "HEAD"}),
])
def test_method_that_a_path_does_not_take_is_405(server, method, path, allowed):
    answer = server.client().request(method, path)
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert allowed <= set(answer.headers["Allow"].split(", ")) <= allowed | {"OPTIONS"}


def test_options_tells_the_methods(server):
    answer = server.anonymous().request("OPTIONS", "/api/upload")
    assert answer.status == 204 and "POST" in answer.headers["Allow"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_head_is_get_without_the_body(server):
    get, head = server.client().get("/api/jobs"), server.client().request("HEAD", "/api/jobs")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", get.headers["Content-Length"])


def test_answers_are_not_to_be_sniffed(server):
    for path in ("/health", "/nowhere", "/docs"):
        assert server.anonymous().get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_many_requests_go_over_one_connection(server):
    connection = server.client().connect()
    headers = server.client().headers
    for number in range(50):
        connection.request("GET", "/api/jobs?limit=1" if number % 2 else "/nowhere", headers=headers)
        response = connection.getresponse()
        response.read()
        assert response.status == (200 if number % 2 else 404)
    connection.close()


# --- CORS -------------------------------------------------------------------------------------------

APP = "https://app.example.org"


def preflight(server, origin):
    return server.anonymous().request("OPTIONS", "/api/upload", headers={
        "Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"})


def test_cors_is_off_by_default(server):
    assert "Access-Control-Allow-Origin" not in preflight(server, APP).headers
    assert "Access-Control-Allow-Origin" not in server.client().get("/api/jobs", Origin=APP).headers


def test_cors_lets_exactly_the_listed_origins_in(new_server):
    server = new_server("--cors-origins", f"{APP}, http://localhost:5173")
    for origin in (APP, "http://localhost:5173"):
        answer = preflight(server, origin)
        assert answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == origin
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
        assert server.client().get("/api/jobs", Origin=origin).headers["Access-Control-Allow-Origin"] == origin
        assert server.anonymous().get("/api/jobs", Origin=origin).headers["Access-Control-Allow-Origin"] == origin
    for origin in ("https://app.example.org.evil.example", "https://evil.example", "null", "https://app.example.org:8443",
                   "http://app.example.org", "HTTPS://APP.EXAMPLE.ORG", ""):
        answer = server.client().get("/api/jobs", Origin=origin)
        assert "Access-Control-Allow-Origin" not in answer.headers, origin
        assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origins", ["*", "https://app.example.org/", "app.example.org", "https://a.example,*"])
def test_cors_origins_that_are_not_exact_stop_the_start(tmp_path, origins):
    done = quire("serve", "--port", "0", "--data-dir", tmp_path / "data", "--cors-origins", origins)
    assert done.returncode == 2 and "CORS_ORIGINS" in done.stderr


# --- Start and end ----------------------------------------------------------------------------------


def test_host_beyond_loopback_needs_tls_or_a_proxy(tmp_path):
    done = quire("serve", "--port", "0", "--host", "0.0.0.0", "--data-dir", tmp_path / "data")
    assert done.returncode == 2 and "TLS_CERT" in done.stderr and "TRUST_PROXY" in done.stderr


def test_plain_http_through_the_proxy_is_refused(new_server):
    server = new_server("--trust-proxy", "127.0.0.1")
    moved = server.anonymous().raw(b"GET /health?a=1 HTTP/1.1\r\nHost: quire.example\r\nX-Forwarded-Proto: http\r\n\r\n")
    assert (moved.status, moved.headers["Location"]) == (308, "https://quire.example/health?a=1")
    refused = server.anonymous().raw(b"POST /api/upload HTTP/1.1\r\nHost: quire.example\r\nX-Forwarded-Proto: http\r\nContent-Length: 0\r\n\r\n")
    assert (refused.status, refused.code) == (403, "https_required")
    assert server.anonymous().get("/health", X_Forwarded_Proto="https").status == 200


def test_second_process_on_the_data_directory_is_refused_with_the_pid(server):
    done = quire("serve", "--port", "0", "--data-dir", server.data_dir)
    assert done.returncode == 1 and done.stdout == ""
    assert str(server.process.pid) in done.stderr
    assert server.anonymous().get("/ready").json["status"] == "ready"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signal_ends_the_server_in_good_order(new_server, name):
    server = new_server()
    idle = server.anonymous().open_socket()
    server.client().upload(pdf(agreement()))
    helpers = server.helpers()
    started = time.monotonic()
    server.process.send_signal(getattr(signal, name))
    assert server.process.wait(PATIENCE_S) == 0
    assert time.monotonic() - started < 20  # it waits 25 s for requests, and not for idle connections
    idle.close()
    server.process.stdout.close()
    server.process = None
    server.check_log()
    assert helpers


def test_request_in_flight_is_answered_before_the_end(new_server):
    server = new_server()
    client = server.client()
    content = padded(pdf(agreement()), 1 << 20)
    body = (b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n" + content + b"\r\n--b--\r\n")
    with client.open_socket() as peer:
        peer.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\n"
                     f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        peer.sendall(body[:600_000])
        wait_until(lambda: server.stored_files(), "the upload has begun")
        server.process.send_signal(signal.SIGTERM)
        peer.sendall(body[600_000:])
        answer = read_answer(peer)
    assert answer.status in (200, 202)
    assert server.process.wait(PATIENCE_S) == 0
    server.process.stdout.close()
    server.process = None
    server.start()
    assert server.client().wait_for_end(answer.json["fileId"])["status"] == "completed"


def test_restart_keeps_jobs_links_keys_and_tokens(new_server):
    server = new_server()
    client = server.client()
    done = client.upload(pdf(agreement())).json
    key = server.internal_admin().post("/admin/keys", {"tenantId": "default", "tenantType": "external"}).json["key"]
    link = done["job"]["downloadUrl"].removeprefix(server.url)
    cursor_of = server.internal_admin().get("/admin/keys?limit=1").json
    server.stop()
    server.start()
    client = Client(server, client.headers)  # the token of before
    assert client.get(f"/api/jobs/{done['fileId']}/results").json == done["results"]
    assert Client(server, {"X-API-Key": key}).job(done["fileId"])["status"] == "completed"
    assert server.anonymous().get(link).json == done["results"]
    assert [item["id"] for item in server.internal_admin().get("/admin/keys").json["items"]] == [i["id"] for i in cursor_of["items"]]
