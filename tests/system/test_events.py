"""A job's events: one numbered log, told alike to those who poll and those who listen, of which nobody loses or repeats any."""
import random
import time

import pytest

import quire_token
from event_reader import EventStream, check_log, follow_through_breaks, poll_all
from pdf_maker import agreement, padded, pdf

PAGES = 60


@pytest.fixture
def ended(admin):
    """A job that has ended."""
    return admin.wait_for_end(admin.upload(long_document(PAGES)).json["fileId"])["fileId"]


def long_document(pages):
    return pdf(*[agreement(number) for number in range(1, pages + 1)])


def start_job(client, pages):
    """A document large enough not to be waited for."""
    answer = client.upload(padded(long_document(pages), 6 << 20))
    assert answer.status == 202
    return answer.json["fileId"]


# --- Alike ------------------------------------------------------------------------------------------


def test_polling_tells_each_step_and_page_once(admin, ended):
    events = poll_all(admin, ended)
    check_log(events, PAGES)
    assert [event["status"] for event in events if event["type"] == "progress"] == ["chunking", "processing", "aggregating"]
    assert poll_all(admin, ended, limit=7) == events


def test_stream_tells_what_polling_tells_and_ends_with_the_run(admin, ended):
    with EventStream(admin, ended) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert list(stream.events()) == poll_all(admin, ended)
        assert stream.reason == "run_ended"


def test_stream_tells_what_happens_while_it_is_open(admin):
    file_id = start_job(admin, 200)
    with EventStream(admin, file_id) as stream:
        events = list(stream.events())
    check_log(events, 200)
    assert events == poll_all(admin, file_id)


def test_client_that_has_all_is_told_not_to_come_back(admin, ended):
    last = poll_all(admin, ended)[-1]["id"]
    with EventStream(admin, ended, after=last) as stream:
        assert stream.status == 204
    assert admin.get(f"/api/jobs/{ended}/events?after={last}").json == {"items": [], "lastEventId": last, "isOver": True}


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "999999", "99999999999999999999"])
def test_number_that_the_log_does_not_have_is_refused(admin, ended, after):
    assert admin.get(f"/api/jobs/{ended}/events?after={after}").status == 400
    with EventStream(admin, ended, after=after) as stream:
        assert stream.status == 400


# --- Breaks -----------------------------------------------------------------------------------------


def test_client_that_reconnects_all_the_time_loses_and_repeats_nothing(server, admin):
    dice = random.Random(1)
    file_id = start_job(admin, 300)
    seen, connections = follow_through_breaks(server, admin, file_id, lambda: dice.randint(1, 9))
    check_log(seen, 300)
    assert connections > 30
    assert seen == poll_all(admin, file_id)


def test_client_of_a_server_that_is_killed_loses_and_repeats_nothing(new_server):
    server, dice = new_server("--worker-concurrency", "2"), random.Random(2)
    client = server.client()
    file_id = start_job(client, 600)
    kills = 0

    def kill():
        nonlocal kills, client
        if kills < 6:
            kills += 1
            server.kill()
            server.start()
            client.address = server.client().address

    seen, _ = follow_through_breaks(server, client, file_id, lambda: dice.randint(20, 60) if kills < 6 else 10_000, kill)
    check_log(seen, 600)
    assert seen == poll_all(server.client(), file_id)


def test_server_that_stops_says_so(new_server):
    server = new_server("--worker-concurrency", "1")
    client = server.client()
    file_id = start_job(client, 2000)
    with EventStream(client, file_id) as stream:
        events = stream.events()
        next(events)
        asked_at = time.monotonic()
        server.stop()
        assert time.monotonic() - asked_at < 20  # it does not wait for the stream
        ids = [event["id"] for event in events]
        assert ids == list(range(2, len(ids) + 2))
        assert stream.reason == "server_stopping"


# --- Who --------------------------------------------------------------------------------------------


def test_foreign_and_unknown_jobs_answer_alike(server, ended):
    other = server.client(tenant="other-tenant")
    answers = [other.get(f"/api/jobs/{file_id}/events", Accept=kind)
               for file_id in (ended, "0190d3a4-0000-7000-8000-000000000000", "nonsense")
               for kind in ("application/json", "text/event-stream")]
    for answer in answers:
        problem = answer.json
        del problem["requestId"]
        first = answers[0].json
        del first["requestId"]
        assert (answer.status, problem) == (404, first)


def test_stream_ends_within_moments_of_its_keys_revocation(server, new_server):
    server = new_server()
    operator = server.internal_admin()
    made = operator.post("/admin/keys", {"name": "listener", "tenantId": "default", "tenantType": "external", "roles": ["auditor"]})
    assert made.status == 201, made
    listener = server.client()
    with server.held():
        file_id = start_job(listener, 1)
        listener.headers = {"X-API-Key": made.json["key"]}
        with EventStream(listener, file_id) as stream:
            events = stream.events()
            next(events)
            assert operator.delete(f"/admin/keys/{made.json['id']}").status == 204
            revoked_at = time.monotonic()
            for _ in events:
                pass
            assert stream.reason == "credentials_revoked"
            assert time.monotonic() - revoked_at < 3


def test_stream_ends_with_its_token(new_server):
    server = new_server(variables=quire_token.VARIABLES)
    listener = server.client()
    with server.held():
        file_id = start_job(listener, 1)
        expiry = int(time.time()) + 4
        text = quire_token.token(payload=quire_token.claims(tenant_id="default", exp=expiry))
        listener.headers = {"Authorization": f"Bearer {text}"}
        with EventStream(listener, file_id) as stream:
            for _ in stream.events():
                pass
            assert stream.reason == "credentials_expired"
            assert expiry <= time.time() < expiry + 3


# --- Tickets ----------------------------------------------------------------------------------------


def events_path(file_id):
    return f"/api/jobs/{file_id}/events"


def ticket_for(client, resource):
    answer = client.post("/api/tickets", {"resource": resource})
    assert answer.status == 201, answer
    client.server.secrets.add(answer.json["ticket"])
    return answer.json["ticket"]


def test_ticket_opens_its_stream_once(server, admin, ended):
    ticket, nobody = ticket_for(admin, events_path(ended)), server.anonymous()
    with EventStream(nobody, ended, query=f"?ticket={ticket}") as stream:
        assert [event["id"] for event in stream.events()] == list(range(1, PAGES + 5))
    with EventStream(nobody, ended, query=f"?ticket={ticket}") as stream:
        assert stream.status == 401


def test_ticket_is_worth_nothing_elsewhere(server, admin, ended):
    nobody, other = server.anonymous(), admin.upload(long_document(1)).json["fileId"]
    ticket = ticket_for(admin, events_path(ended))
    assert nobody.get(f"{events_path(other)}?ticket={ticket}").code == "invalid_ticket"
    assert nobody.get(f"/api/jobs/{ended}?ticket={ticket}").status == 401
    assert nobody.get(f"{events_path(ended)}?ticket={ticket[:-1]}").code == "invalid_ticket"
    assert nobody.get(f"{events_path(ended)}?ticket=").code == "invalid_ticket"
    assert nobody.get(f"{events_path(ended)}?ticket={ticket}").status == 200


def test_tickets_are_for_what_their_caller_may_see(server, ended):
    other = server.client(tenant="other-tenant")
    assert other.post("/api/tickets", {"resource": events_path(ended)}).status == 404
    assert other.post("/api/tickets", {"resource": "/api/jobs"}).code == "invalid_request"
    assert other.post("/api/tickets", {}).code == "invalid_request"
    assert server.anonymous().post("/api/tickets", {"resource": "/api/ws"}).status == 401


def test_ticket_of_a_revoked_key_is_refused(server, ended):
    operator = server.internal_admin()
    made = operator.post("/admin/keys", {"name": "x", "tenantId": "default", "tenantType": "external", "roles": ["auditor"]}).json
    holder = server.client()
    holder.headers = {"X-API-Key": made["key"]}
    ticket = ticket_for(holder, events_path(ended))
    assert operator.delete(f"/admin/keys/{made['id']}").status == 204
    assert server.anonymous().get(f"{events_path(ended)}?ticket={ticket}").code == "invalid_ticket"


def test_foreign_origin_is_refused(new_server):
    server = new_server("--cors-origins", "https://app.example.org")
    client = server.client()
    file_id = client.upload(long_document(1)).json["fileId"]
    for origin, status in (("https://app.example.org", 200), ("https://evil.example.org", 403), (server.url, 200)):
        assert client.get(events_path(file_id), Origin=origin).status == status
