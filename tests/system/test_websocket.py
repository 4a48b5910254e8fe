"""Events over a WebSocket: the same as those who poll are told, of one job or of all of a tenant's, through any break."""
import contextlib
import random
import time

import pytest

from event_reader import check_log, poll_all
from pdf_maker import agreement, pdf
from test_events import long_document, start_job, ticket_for
from websocket_client import BINARY, CLOSE, PING, PONG, TEXT, Closed, WebSocket

PAGES = 30
FINAL = ("completed", "failed", "cancelled")


@pytest.fixture
def ended(admin):
    return admin.wait_for_end(admin.upload(long_document(PAGES)).json["fileId"])["fileId"]


def until_end(socket):
    """Events up to the last of a run."""
    events = []
    while not events or events[-1]["type"] not in FINAL:
        events.append(socket.message())
    return events


# --- Alike ------------------------------------------------------------------------------------------


def test_socket_tells_what_polling_tells(admin, ended):
    with WebSocket(admin) as socket:
        assert socket.status == 101
        assert socket.ask({"subscribe": ended}) == {"subscribed": ended}
        assert until_end(socket) == poll_all(admin, ended)


def test_socket_tells_what_happens_while_it_is_open(admin):
    file_id = start_job(admin, 150)
    with WebSocket(admin) as socket:
        assert socket.ask({"subscribe": file_id, "after": 0}) == {"subscribed": file_id}
        events = until_end(socket)
    check_log(events, 150)
    assert events == poll_all(admin, file_id)


def test_many_jobs_on_one_socket_are_each_whole(admin):
    jobs = [start_job(admin, 20) for _ in range(4)]
    seen = {file_id: [] for file_id in jobs}
    with WebSocket(admin) as socket:
        for file_id in jobs:
            socket.say({"subscribe": file_id})
        while not all(events and events[-1]["type"] in FINAL for events in seen.values()):
            message = socket.message()
            if "subscribed" not in message:
                seen[message["fileId"]].append(message)
    for file_id in jobs:
        assert seen[file_id] == poll_all(admin, file_id)


def test_subscription_ends_when_it_is_asked_to(admin, ended):
    with WebSocket(admin) as socket:
        last = len(poll_all(admin, ended))
        assert socket.ask({"subscribe": ended, "after": last}) == {"subscribed": ended}
        assert socket.ask({"subscribe": ended})["error"]["code"] == "already_subscribed"
        assert socket.ask({"unsubscribe": ended}) == {"unsubscribed": ended}
        assert socket.ask({"unsubscribe": ended})["error"]["code"] == "not_found"
        assert socket.ask({"subscribe": ended, "after": last - 1}) == {"subscribed": ended}
        assert socket.message()["id"] == last


# --- Breaks -----------------------------------------------------------------------------------------


def test_client_that_reconnects_all_the_time_loses_and_repeats_nothing(admin):
    dice, seen = random.Random(3), []
    file_id = start_job(admin, 200)
    while not seen or seen[-1]["type"] not in FINAL:
        with WebSocket(admin) as socket:
            socket.ask({"subscribe": file_id, "after": seen[-1]["id"] if seen else 0})
            for _ in range(dice.randint(1, 9)):
                seen.append(socket.message())
                if seen[-1]["type"] in FINAL:
                    break
    check_log(seen, 200)
    assert seen == poll_all(admin, file_id)


class Listener:
    """To all jobs of a tenant; keeps the number of the last event of each, which is the proof."""

    def __init__(self):
        self.since, self.last, self.over = None, {}, set()

    def listen(self, client, count, jobs=()):
        """On one connection, until so many events have come, or all of these jobs; False when it broke."""
        command = {"subscribe": "*", "after": self.last}
        if self.since:
            command["since"] = self.since
        try:
            with WebSocket(client) as socket:
                self.since = self.since or socket.ask(command)["since"]
                if command.get("since"):
                    assert socket.ask(command)["since"] == self.since
                while count > 0 and not (jobs and self.over >= set(jobs)):
                    self.take(socket.message())
                    count -= 1
        except (Closed, OSError):
            return False
        return True

    def take(self, event):
        assert event["id"] == self.last.get(event["fileId"], 0) + 1, (event, self.last)
        self.last[event["fileId"]] = event["id"]
        if event["type"] in FINAL:
            self.over.add(event["fileId"])


def test_all_jobs_of_a_tenant_are_told_through_breaks_and_kills(new_server):
    server, dice, listener = new_server("--worker-concurrency", "4"), random.Random(4), Listener()
    client = server.client()
    assert listener.listen(client, 0)
    jobs = [start_job(client, 60) for _ in range(3)]
    for round_number in range(200):
        listener.listen(client, dice.randint(5, 40), jobs)
        if round_number in (2, 5, 8):
            server.kill()
            server.start()
            client = server.client()
            jobs.append(start_job(client, 40))
        if listener.over >= set(jobs):
            break
    assert set(listener.last) == set(jobs)
    for file_id in jobs:
        assert listener.last[file_id] == len(poll_all(client, file_id))


def test_other_tenants_jobs_are_never_told(server, admin, ended):
    other = server.client(tenant="other-tenant")
    unknown = "0190d3a4-0000-7000-8000-000000000000"
    with WebSocket(other) as socket:
        for file_id in (ended, unknown):
            assert socket.ask({"subscribe": file_id}) == {"subscribed": file_id}
            assert socket.message() == {"error": {"code": "not_found", "detail": "there is no such document"}, "fileId": file_id}
        socket.ask({"subscribe": "*", "since": "2020-01-01T00:00:00Z"})
        mine = other.upload(pdf(agreement(1))).json["fileId"]
        assert {event["fileId"] for event in until_end(socket)} == {mine}


# --- The protocol -----------------------------------------------------------------------------------


def close_of(socket):
    with pytest.raises(Closed) as closed:
        while True:
            socket.message()
    return closed.value.code


@pytest.mark.parametrize("headers, status", [({"Upgrade": "h2c"}, 426), ({"Connection": "close"}, 426), ({"Sec-WebSocket-Version": "8"}, 426),
                                             ({"Sec-WebSocket-Key": "short"}, 400), ({"Origin": "https://evil.example.org"}, 403)])
def test_bad_handshake_is_refused(admin, headers, status):
    with WebSocket(admin, headers=headers) as socket:
        assert socket.status == status


def test_example_of_the_standard_is_accepted(admin):
    with WebSocket(admin, headers={"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}) as socket:
        assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in socket.head


@pytest.mark.parametrize("name, code", [("unmasked", 1002), ("compressed", 1002), ("reserved", 1002), ("long_ping", 1002),
                                        ("binary", 1003), ("not_utf8", 1007), ("too_long", 1009), ("too_long_in_pieces", 1009)])
def test_what_breaks_the_protocol_closes_with_its_code(admin, name, code):
    with WebSocket(admin) as socket:
        if name == "unmasked":
            socket.send_frame(TEXT, b"{}", masked=False)
        elif name == "compressed":
            socket.send_frame(TEXT, b"{}", rsv=4)
        elif name == "reserved":
            socket.send_frame(3, b"")
        elif name == "long_ping":
            socket.send_frame(PING, b"p" * 126)
        elif name == "binary":
            socket.send_frame(BINARY, b"{}")
        elif name == "not_utf8":
            socket.send_frame(TEXT, b"\xff\xfe")
        elif name == "too_long":
            socket.send_frame(TEXT, b" " * (64 * 1024 + 1))
        else:
            for number in range(3):
                socket.send_frame(TEXT if number == 0 else 0, b" " * 30_000, fin=False)
        assert close_of(socket) == code


def test_pieces_pings_and_odd_messages_are_taken(admin, ended):
    with WebSocket(admin) as socket:
        socket.send_frame(TEXT, b'{"unsubscribe":', fin=False)
        socket.send_frame(PING, b"still there?")
        socket.send_frame(0, f'"{ended}"}}'.encode())
        frames = {opcode: payload for opcode, payload in (socket.frame(), socket.frame())}
        assert frames[PONG] == b"still there?" and b"not_found" in frames[TEXT]
        for odd in ("", "[]", "7", '{"subscribe":7}', '{"unsubscribe":null}', "{", '{"subscribe":"*","after":{"x":-1}}',
                    '{"subscribe":"%s","after":"1"}' % ended, '{"subscribe":"*","since":"yesterday"}'):
            socket.send_frame(TEXT, odd.encode())
            assert socket.message()["error"]["code"] == "invalid_request", odd
        socket.send_frame(CLOSE, b"\x03\xe8")
        assert close_of(socket) == 1000


def test_subscriptions_of_a_connection_are_bounded(admin):
    jobs = [admin.upload(pdf(agreement(number))).json["fileId"] for number in range(101)]
    with WebSocket(admin) as socket:
        for file_id in jobs:
            socket.say({"subscribe": file_id, "after": 5})
        answers = [socket.message() for _ in jobs]
    assert answers[:100] == [{"subscribed": file_id} for file_id in jobs[:100]]
    assert answers[100]["error"]["code"] == "too_many_subscriptions"


def test_socket_opens_with_a_ticket_and_says_when_the_server_stops(new_server):
    server = new_server()
    ticket = ticket_for(server.client(), "/api/ws")
    with WebSocket(server.anonymous(), f"?ticket={ticket}") as socket, WebSocket(server.anonymous(), f"?ticket={ticket}") as again:
        assert (socket.status, again.status) == (101, 401)
        server.stop()
        with pytest.raises(Closed) as closed:
            socket.message()
        assert (closed.value.code, closed.value.reason) == (1001, "server_stopping")


def test_reader_that_asks_and_does_not_read_is_dropped_with_a_reason(new_server):
    server = new_server()
    client = server.client()
    file_id = client.wait_for_end(start_job(client, 600))["fileId"]
    with WebSocket(client) as socket:
        with contextlib.suppress(OSError):  # when it is over
            for _ in range(300):  # each 150 KB of events: more than all buffers hold
                socket.say({"subscribe": file_id})
                time.sleep(0.01)
                socket.say({"unsubscribe": file_id})
        with pytest.raises(Closed) as closed:
            while True:
                socket.message()
        assert (closed.value.code, closed.value.reason) == (1013, "too_slow")
