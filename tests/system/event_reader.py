"""Follows a document's events as a client does that loses its connection, and checks each number."""
import json
import socket


class EventStream:
    """Server-sent events from a socket of its own."""

    def __init__(self, client, file_id, after=None, headers=None, query="", timeout_s=300):
        self.connection = client.connect()
        self.connection.timeout = timeout_s
        headers = client.headers | {"Accept": "text/event-stream"} | (headers or {})
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        self.connection.request("GET", f"/api/jobs/{file_id}/events{query}", headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def messages(self):
        """(event, id or None, data) until the stream ends."""
        fields = {}
        while line := self.response.readline():
            line = line.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif not line and "data" in fields:
                yield fields["event"], fields.get("id"), json.loads(fields["data"])
                fields = {}
            elif not line:
                fields = {}

    def events(self):
        """The job's events; how the stream closes is kept in `reason`."""
        for event, number, data in self.messages():
            if event == "closing":
                self.reason = data["reason"]
            else:
                assert (event, number) == (data["type"], str(data["id"]))
                yield data


def poll_all(client, file_id, limit=100):
    """The whole log of a job that has ended, page by page."""
    events, after, is_over = [], 0, False
    while not is_over:
        answer = client.get(f"/api/jobs/{file_id}/events?after={after}&limit={limit}")
        assert answer.status == 200, answer
        page = answer.json
        events += page["items"]
        after, is_over = page["lastEventId"], page["isOver"]
    return events


def check_log(events, pages):
    """Numbers without a gap, each page once, counts that grow with it."""
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    told = [event["page"] for event in events if event["type"] == "page"]
    assert sorted(told) == list(range(1, pages + 1))
    assert len(events) == pages + 4
    assert events[-1]["type"] in ("completed", "failed") and events[-1]["progress"]["total"] == pages
    done = 0
    for event in events:
        done += event["type"] == "page"
        assert event["progress"]["processed"] + event["progress"]["failed"] == done


def follow_through_breaks(server, client, file_id, break_after, on_break=lambda: None):
    """All events up to the end of the run, over as many connections as `break_after()` (how many events the next one
    gives) makes of it."""
    seen, connections = [], 0
    while not seen or seen[-1]["type"] not in ("completed", "failed"):
        connections += 1
        try:
            with EventStream(client, file_id, after=seen[-1]["id"] if seen else None) as stream:
                assert stream.status == 200
                left = break_after()
                for event in stream.events():
                    seen.append(event)
                    left -= 1
                    if left == 0:
                        break
        except (OSError, socket.timeout):
            pass
        on_break()
    return seen, connections
