"""Who is let in, and what each may see: credentials, roles, tenants, keys."""
import json
import time
from urllib.parse import urlencode

import pytest

import quire_token
from pdf_maker import agreement, pdf
from quire_client import Client
from quire_program import quire
from quire_server import Server, wait_until
from quire_token import HEADER, VARIABLES, claims, encode, sign, token

NOW = int(time.time())
GOOD = pdf(agreement())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("server") / "data", variables=VARIABLES)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def job(server):
    """The id of a job of tenant-a."""
    return server.client(tenant="tenant-a").upload(GOOD).json["fileId"]


def bearer(server, text):
    return Client(server, {"Authorization": f"Bearer {text}"})


def key_client(server, key):
    return Client(server, {"X-API-Key": key})


# --- Without credentials ----------------------------------------------------------------------------


@pytest.mark.parametrize("method, path", [("GET", "/api/jobs"), ("POST", "/api/upload"), ("GET", "/api/jobs/x"),
                                          ("GET", "/api/jobs/tenant/default"), ("GET", "/api/jobs/x/results"),
                                          ("GET", "/admin/keys"), ("PUT", "/admin/tenants/a")])
def test_nobody_is_told_how_to_come_in(server, method, path):
    answer = server.anonymous().request(method, path)
    assert (answer.status, answer.code) == (401, "missing_credentials")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="quire"'


@pytest.mark.parametrize("headers", [
    {"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "},
    {"Authorization": "Bearer x"}, {"X-API-Key": "x"}, {"X-API-Key": "qk_x_y"}, {"Authorization": "qk_x_y"},
    {"X-API-Key": "qk_0123_" + "A" * 43}, {"X-API-Key": "qk_" + "A" * 5000},
])
def test_wrong_credentials_are_refused_alike(server, headers):
    answer = server.anonymous().request("GET", "/api/jobs", headers=headers)
    assert answer.status == 401 and answer.code.startswith("invalid_")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="quire", error="invalid_token"'


def test_two_kinds_of_credentials_at_once_are_refused(server):
    answer = server.client().get("/api/jobs", X_API_Key="qk_x_y")
    assert (answer.status, answer.code) == (401, "invalid_credentials")


def test_upload_is_refused_before_its_body_is_sent(server):
    client = server.anonymous()
    answer = client.raw(b"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
    assert answer.status == 401


# --- Tokens -----------------------------------------------------------------------------------------


def test_good_token_is_let_in(server):
    assert bearer(server, token()).get("/api/jobs").status == 200


ACCEPTED = {
    "typ in another case": token(HEADER | {"typ": "at+JWT"}),
    "no typ": token({"alg": "HS256"}),
    "unknown header": token(HEADER | {"kid": "x", "jku": "http://127.0.0.1:9/", "jwk": {}}),
    "nbf within the skew": token(payload=claims(nbf=NOW + 30, iat=NOW + 30)),
    "expired within the skew": token(payload=claims(exp=NOW - 1)),
    "time with a fraction": token(payload=claims(exp=NOW + 900.5)),
    "cognito's names": token(payload=claims(tenant_id=None, roles=None) | {"custom:tenant_id": "tenant-a", "cognito:groups": ["auditor"]}),
    "two names that agree": token(payload=claims() | {"custom:tenant_id": "tenant-a", "cognito:groups": ["auditor"]}),
    "no roles": token(payload=claims(roles=None)),
    "unknown roles": token(payload=claims(roles=["viewer", "ADMIN"])),
    "other claims": token(payload=claims() | {"aud": ["any"], "name": "Zoë", "deep": {"a": [1]}}),
}


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_token_within_the_rules_is_let_in(server, text):
    answer = bearer(server, text).get("/api/jobs")
    assert answer.status == 200, answer


def twice(name, value):
    """The claims as JSON, with one member written again."""
    return json.dumps(claims()).encode()[:-1] + f',"{name}":{json.dumps(value)}}}'.encode()


TEXT = token()
HEAD, BODY, SIGNATURE = TEXT.split(".")
UNSIGNED = {name: encode(json.dumps({"alg": name, "typ": "JWT"}).encode()) + "." + BODY for name in ("none", "None", "nOnE", "")}
HOSTILE = {
    **{f"alg {name or 'empty'}": f"{text}." for name, text in UNSIGNED.items()},
    "alg none with a signature": f"{UNSIGNED['none']}.{sign(UNSIGNED['none'])}",
    "no alg": token({"typ": "JWT"}),
    "alg HS512": token(HEADER | {"alg": "HS512"}, hash_name="sha512"),
    "alg HS512, signed as HS256": token(HEADER | {"alg": "HS512"}),
    "alg RS256": token(HEADER | {"alg": "RS256"}),
    "alg hs256": token(HEADER | {"alg": "hs256"}),
    "alg is a list": token(HEADER | {"alg": ["HS256"]}),
    "alg twice": token(b'{"alg":"none","alg":"HS256"}'),
    "empty secret": token(secret=""),
    "another secret": token(secret="secret"),
    "typ of another kind": token(HEADER | {"typ": "secevent+jwt"}),
    "crit": token(HEADER | {"crit": ["exp"]}),
    "crit unknown": token(HEADER | {"crit": ["zz"], "zz": 1}),
    "b64": token(HEADER | {"b64": False}),
    "zip": token(HEADER | {"zip": "DEF"}),
    "expired": token(payload=claims(exp=NOW - 120)),
    "exp missing": token(payload=claims(exp=None)),
    "exp a string": token(payload=claims(exp=str(NOW + 900))),
    "exp negative": token(payload=claims(exp=-1)),
    "exp true": token(payload=claims(exp=True)),
    "exp huge": token(payload=claims(exp=1e300)),
    "nbf ahead": token(payload=claims(nbf=NOW + 600)),
    "iat ahead": token(payload=claims(iat=NOW + 600)),
    "nbf a string": token(payload=claims(nbf="now")),
    "iss of another": token(payload=claims(iss="https://evil.example/")),
    "iss almost": token(payload=claims(iss=quire_token.ISSUER.rstrip("/"))),
    "iss missing": token(payload=claims(iss=None)),
    "iss a list": token(payload=claims(iss=[quire_token.ISSUER])),
    "sub missing": token(payload=claims(sub=None)),
    "sub empty": token(payload=claims(sub="")),
    "sub a number": token(payload=claims(sub=1)),
    "sub with a control character": token(payload=claims(sub="a\nb")),
    "sub too long": token(payload=claims(sub="x" * 256)),
    "no tenant claims": token(payload=claims(tenant_id=None, tenant_type=None)),
    "no tenant id": token(payload=claims(tenant_id=None)),
    "no tenant type": token(payload=claims(tenant_type=None)),
    "tenant id empty": token(payload=claims(tenant_id="")),
    "tenant id of a path": token(payload=claims(tenant_id="../tenant-a")),
    "tenant id too long": token(payload=claims(tenant_id="t" * 65)),
    "tenant id with NUL": token(payload=claims(tenant_id="tenant-a\0x")),
    "tenant id a list": token(payload=claims(tenant_id=["tenant-a", "tenant-b"])),
    "tenant id an object": token(payload=claims(tenant_id={"$ne": ""})),
    "tenant id null": token(payload=claims() | {"tenant_id": None}),
    "tenant type unknown": token(payload=claims(tenant_type="superuser")),
    "tenant type in capitals": token(payload=claims(tenant_type="Internal")),
    "tenant type a list": token(payload=claims(tenant_type=["internal"])),
    "tenant ids that differ": token(payload=claims() | {"custom:tenant_id": "tenant-b"}),
    "tenant types that differ": token(payload=claims() | {"https://membersearch/tenant_type": "internal"}),
    "roles a string": token(payload=claims(roles="admin")),
    "roles an object": token(payload=claims(roles={"admin": True})),
    "roles of numbers": token(payload=claims(roles=[1])),
    "roles that differ": token(payload=claims() | {"cognito:groups": ["admin"]}),
    "claim twice": token(payload=twice("tenant_id", "tenant-b")),
    "claim twice, escaped": token(payload=twice("tenant_id", "tenant-b").replace(b',"tenant_id":"tenant-b"', b',"tenant\\u005fid":"tenant-b"')),
    "sub twice": token(payload=twice("sub", "user-1")),
    "claims a list": token(payload=b"[1]"),
    "claims no JSON": token(payload=b"not json"),
    "claims not UTF-8": token(payload=b'{"sub":"\xff"}'),
    "payload changed": f"{HEAD}.{encode(json.dumps(claims(tenant_id='tenant-b')).encode())}.{SIGNATURE}",
    "signature cut": TEXT[:-8],
    "signature empty": f"{HEAD}.{BODY}.",
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{TEXT}.x",
    "padding": f"{HEAD}==.{BODY}.{SIGNATURE}",
    "not base64url": f"{HEAD}.{BODY[:-1]}!.{SIGNATURE}",
    "too large": token(HEADER | {"x": "A" * 9000}),
    "blank inside": f"{HEAD}. {BODY}.{SIGNATURE}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_token_that_breaks_a_rule_is_refused(server, text):
    answer = bearer(server, text).get("/api/jobs")
    assert (answer.status, answer.code) == (401, "invalid_token"), answer


def test_identity_is_exactly_that_of_the_token(server, job):
    assert bearer(server, token()).get(f"/api/jobs/{job}").status == 200
    assert bearer(server, token(payload=claims(tenant_id="tenant-b"))).get(f"/api/jobs/{job}").status == 404
    assert bearer(server, token(payload=claims(roles=["viewer"]))).post("/api/upload").status == 403


def test_token_stops_when_it_expires(server):
    # Just within the skew of 60 s, so that it ends while the server may remember it.
    end = int(time.time()) + 4
    client = bearer(server, token(payload=claims(exp=end - 60)))
    assert client.get("/api/jobs").status == 200 or time.time() >= end
    wait_until(lambda: client.get("/api/jobs").status == 401, "the token has expired", every_s=0.2)


def test_token_command_needs_no_server_and_no_lock(server, tmp_path):
    done = quire("token", "auditor", "--data-dir", tmp_path / "fresh", "--expires", "90s")
    assert done.returncode == 0 and done.stdout.count(".") == 2
    assert (tmp_path / "fresh" / "secrets" / "token-secret").stat().st_mode & 0o777 == 0o600


# --- Roles and tenants ------------------------------------------------------------------------------


CALLERS = {
    "internal auditor": ("auditor", "internal", "all", False, False),
    "internal compliance_lead": ("compliance_lead", "internal", "all", False, False),
    "internal admin": ("admin", "internal", "all", True, True),
    "internal none": ("none", "internal", None, False, False),
    "external admin": ("admin", "external", "own", True, False),
    "external auditor": ("auditor", "external", "own", False, False),
    "external none": ("none", "external", "own", False, False),
}


@pytest.mark.parametrize("role, tenant_type, reads, writes, administers", CALLERS.values(), ids=CALLERS.keys())
def test_access_table_holds(server, job, role, tenant_type, reads, writes, administers):
    own = server.client(role, "tenant-a", tenant_type)
    assert own.get("/api/jobs").status == (200 if reads else 403)
    assert own.get(f"/api/jobs/{job}").status == (200 if reads else 403)
    assert own.upload(GOOD).status == (200 if writes else 403)
    for path in ("/admin/keys", "/admin/tenants", "/admin/tenants/tenant-a"):
        assert own.get(path).status == (200 if administers else 403)
    other = server.client(role, "tenant-b", tenant_type)
    expected = {"all": 200, "own": 404, None: 403}[reads]
    assert other.get(f"/api/jobs/{job}").status == expected
    assert other.get("/api/jobs?tenantId=tenant-a").status == expected
    assert other.get("/api/jobs/tenant/tenant-a").status == expected


def test_refusal_names_the_role_and_not_the_data(server, job):
    answer = server.client("none", "tenant-a").post("/api/upload")
    assert (answer.status, answer.code) == (403, "forbidden")
    assert "admin" in answer.json["detail"] and "tenant" not in answer.json["detail"].replace("tenant type", "")


def without_request(answer):
    body = answer.json
    assert body.pop("requestId")
    headers = {name: value for name, value in answer.headers.items() if name not in ("Date", "X-Request-Id")}
    return answer.status, headers, body


@pytest.mark.parametrize("path", ["", "/results", "/download", "/pages/1", "/pages/99"])
def test_another_tenants_job_answers_like_an_unknown_one(server, job, path):
    stranger = server.client("admin", "tenant-b")
    theirs = stranger.get(f"/api/jobs/{job}{path}")
    unknown = stranger.get(f"/api/jobs/01976b3e-4f1c-7d2a-9a60-3c5b8f1d2e40{path}")
    malformed = stranger.get(f"/api/jobs/nothing{path}")
    assert without_request(theirs) == without_request(unknown) == without_request(malformed)
    assert len(theirs.body) == len(unknown.body)


def test_another_tenants_list_answers_like_an_unknown_ones(server, job):
    stranger = server.client("admin", "tenant-b")
    for target in ("/api/jobs/tenant/{}", "/api/jobs?tenantId={}"):
        assert without_request(stranger.get(target.format("tenant-a"))) == without_request(stranger.get(target.format("nobody-here")))


def test_cursor_is_worth_nothing_to_another_caller_or_list(server):
    client = server.client(tenant="tenant-c")
    for _ in range(3):
        client.upload(GOOD)
    cursor = client.get("/api/jobs?limit=1").json["nextCursor"]
    good = urlencode({"limit": 1, "cursor": cursor})
    assert client.get(f"/api/jobs?{good}").status == 200
    for other in (server.client(tenant="tenant-d"), server.internal_admin(), server.client("auditor", "tenant-d", "internal")):
        answer = other.get(f"/api/jobs?{good}")
        assert (answer.status, answer.code) == (400, "bad_cursor")
    for target in (f"/api/jobs?{good}&status=completed", f"/api/jobs/tenant/tenant-d?{good}", f"/api/jobs?{good}x",
                   f"/api/jobs?{urlencode({'cursor': cursor.swapcase()})}"):
        assert client.get(target).status in (400, 404), target
    answer = server.internal_admin().get(f"/admin/keys?{good}")
    assert (answer.status, answer.code) == (400, "bad_cursor")


# --- API keys ---------------------------------------------------------------------------------------


@pytest.fixture
def made(server):
    """A key of an external admin of tenant-a."""
    answer = server.internal_admin().post("/admin/keys", {"name": "uploader", "tenantId": "tenant-a", "tenantType": "external",
                                                          "roles": ["admin"]})
    assert answer.status == 201, answer
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def test_key_gives_what_it_was_made_for(server, made, job):
    client = key_client(server, made["key"])
    assert client.upload(GOOD).json["job"]["tenantId"] == "tenant-a"
    assert client.get(f"/api/jobs/{job}").status == 200
    assert client.get("/admin/keys").status == 403
    assert made["key"].startswith(f"qk_{made['id']}_")


def test_key_is_shown_once_and_kept_as_a_hash(server, made):
    listed, cursor = [], ""
    while cursor is not None:
        page = server.internal_admin().get(f"/admin/keys?{urlencode({'limit': 2, 'cursor': cursor})}").json
        listed += page["items"]
        cursor = page.get("nextCursor")
    assert {name: value for name, value in made.items() if name != "key"} in listed
    secret = made["key"].split("_", 2)[2].encode()  # it may hold an underscore
    assert not any(secret in path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file())


def test_revoked_key_stops_within_a_second(server, made):
    client, boss = key_client(server, made["key"]), server.internal_admin()
    assert client.get("/api/jobs").status == 200
    assert boss.delete(f"/admin/keys/{made['id']}").status == 204
    revoked = asked = time.monotonic()
    while client.get("/api/jobs").status != 401:
        assert asked - revoked < 1
        asked = time.monotonic()
    assert boss.delete(f"/admin/keys/{made['id']}").status == 204
    assert boss.delete("/admin/keys/00000000000ffffffff").status == 404


def test_key_stops_when_it_expires(server):
    boss, end = server.internal_admin(), int(time.time()) + 4
    soon = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(end))
    made = boss.post("/admin/keys", {"tenantId": "tenant-a", "tenantType": "external", "expiresAt": soon}).json
    client = key_client(server, made["key"])
    assert client.get("/api/jobs").status == 200 or time.time() >= end
    wait_until(lambda: client.get("/api/jobs").status == 401, "the key has expired", every_s=0.1)


def test_key_with_a_changed_secret_is_refused(server, made):
    key = made["key"]
    for changed in (key[:-1] + ("A" if key[-1] != "A" else "B"), key + "A", key[:-1], key.replace("qk_", "qx_"), key.upper()):
        assert key_client(server, changed).get("/api/jobs").status == 401


@pytest.mark.parametrize("body", [
    {}, {"tenantId": "a"}, {"tenantType": "external"}, {"tenantId": "../a", "tenantType": "external"},
    {"tenantId": "a", "tenantType": "both"}, {"tenantId": "a", "tenantType": "external", "roles": ["root"]},
    {"tenantId": "a", "tenantType": "external", "roles": "admin"}, {"tenantId": "a", "tenantType": "external", "colour": 1},
    {"tenantId": "a", "tenantType": "external", "expiresAt": "2001-01-01T00:00:00Z"},
    {"tenantId": "a", "tenantType": "external", "expiresAt": "soon"}, {"tenantId": 1, "tenantType": "external"},
    {"tenantId": "a", "tenantType": "external", "name": "n" * 101},
])
def test_key_that_is_not_as_described_is_refused(server, body):
    answer = server.internal_admin().post("/admin/keys", body)
    assert answer.status == 400 and answer.code in ("invalid_request", "bad_key"), answer


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"nonsense", b'{"a":1}{}', b'{"tenantId":"a","tenantId":"b"}', b"\xff",
                                  b'{"name":"\\ud800"}'])
def test_body_that_is_no_json_object_is_refused(server, body):
    answer = server.internal_admin().post("/admin/keys", body, Content_Type="application/json")
    assert (answer.status, answer.code) == (400, "invalid_json"), answer


def test_body_that_is_too_deep_or_too_large_is_refused(server):
    boss = server.internal_admin()
    for body in (b"[" * 1000 + b"]" * 1000, b'{"name":"' + b"x" * (2 << 20) + b'"}'):
        answer = boss.post("/admin/keys", body, Content_Type="application/json")
        assert (answer.status, answer.code) == (413, "too_large"), answer


def test_first_key_is_made_offline_and_opens_the_server(new_server, tmp_path):
    done = quire("key", "create", "--offline", "--data-dir", tmp_path / "data", "--tenant", "platform", "--tenant-type", "internal")
    assert done.returncode == 0, done.stderr
    server = new_server()
    assert key_client(server, done.stdout.strip()).get("/admin/keys").status == 200


def test_offline_key_is_refused_while_a_server_runs(server):
    done = quire("key", "create", "--offline", "--data-dir", server.data_dir)
    assert done.returncode == 1 and done.stdout == ""
    assert str(server.process.pid) in done.stderr


# --- Tenants ----------------------------------------------------------------------------------------


def test_tenant_record_says_which_locations_are_its_own(server):
    boss, client = server.internal_admin(), server.client(tenant="gyms")
    assert boss.get("/admin/tenants/gyms").json == {
        "tenantId": "gyms", "tenantName": "", "locationIds": ["gyms"], "quotas": {}, "usage": {"documents": 0, "pages": 0, "bytes": 0, "directUploads": 0}}
    put = boss.put("/admin/tenants/gyms", {"tenantName": "Gyms – all", "locationIds": ["springfield", "shelbyville"]})
    assert put.status == 200
    shown = boss.get("/admin/tenants/gyms").json
    assert (shown["tenantName"], shown["locationIds"]) == ("Gyms – all", ["springfield", "shelbyville"])
    assert "gyms" in [tenant["tenantId"] for tenant in boss.get("/admin/tenants?limit=100").json["items"]]
    assert client.upload(GOOD, fields={"locationId": "springfield"}).json["job"]["locationId"] == "springfield"
    assert client.upload(GOOD, fields={"locationId": "gyms"}).status == 403


@pytest.mark.parametrize("body", [{"tenantName": 1}, {"locationIds": "a"}, {"locationIds": [1]}, {"locationIds": ["../a"]},
                                  {"locationIds": ["x"] * 1001}, {"colour": "red"}])
def test_tenant_that_is_not_as_described_is_refused(server, body):
    assert server.internal_admin().put("/admin/tenants/gyms2", body).status == 400


@pytest.mark.parametrize("tenant_id", ["a%2Fb", "..%2F..", "%00", "x" * 65, "%F0%9F%8F%8B"])
def test_tenant_id_that_cannot_be_is_refused(server, tenant_id):
    assert server.internal_admin().put(f"/admin/tenants/{tenant_id}", {}).status in (400, 404)
    assert server.internal_admin().get(f"/admin/tenants/{tenant_id}").status in (400, 404)
