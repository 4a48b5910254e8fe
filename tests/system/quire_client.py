"""An HTTP client that holds every answer to docs/openapi.yaml."""
import contextlib
import http.client
import json
import re
import socket
import time
import uuid
from urllib.parse import parse_qs, urlsplit

import description

TIMEOUT_S = 300


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @classmethod
    def read(cls, response):
        return cls(response.status, response.headers, response.read())

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """Of a problem."""
        return self.json["code"]

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:2000]!r}>"


class Client:
    """Speaks for one caller: its credentials are `headers`."""

    def __init__(self, server, headers):
        self.server, self.headers = server, headers
        self.address = urlsplit(server.url)
        self.keep_secret(headers)

    def keep_secret(self, headers):
        for name, value in headers.items():
            if name in ("Authorization", "X-API-Key") and len(value) > 30:
                self.server.secrets.add(value.rpartition(" ")[2])

    def connect(self):
        return http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=TIMEOUT_S)

    def request(self, method, target, body=None, headers=None):
        target = target.removeprefix(self.server.url)
        headers = self.headers | (headers or {})
        if isinstance(body, dict):
            body, headers = json.dumps(body), {"Content-Type": "application/json"} | headers
        self.keep_secret(headers)
        connection = self.connect()
        try:
            connection.connect()
            # A server that refuses early stops reading: its answer is there all the same.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, target, body, headers)
            answer = Answer.read(connection.getresponse())
        finally:
            connection.close()
        self.look_for_secrets(answer)
        description.check(method, target, answer)
        return answer

    def look_for_secrets(self, answer):
        """What only this answer may show: new keys, and the signatures of links."""
        if answer.status not in (200, 201) or not answer.body or answer.headers["Content-Type"] != "application/json":
            return
        for value in strings_of(answer.json):
            if value.startswith(("qk_", "whsec_")):
                self.server.secrets.add(value)
            if "&signature=" in value:
                self.server.secrets.add(parse_qs(urlsplit(value).query)["signature"][0])

    def get(self, target, **headers):
        return self.request("GET", target, headers=as_header_names(headers))

    def post(self, target, body=None, **headers):
        return self.request("POST", target, body, as_header_names(headers))

    def put(self, target, body=None, **headers):
        return self.request("PUT", target, body, as_header_names(headers))

    def delete(self, target, **headers):
        return self.request("DELETE", target, headers=as_header_names(headers))

    # --- Documents ---------------------------------------------------------------------------------

    def upload(self, content, name="document.pdf", fields=None, fields_after=None, again=True):
        """`again`: a job of its own, also for a document that other cases have uploaded before."""
        form = Form()
        for field, value in (fields or {}).items():
            form.field(field, value)
        form.file(content, name)
        for field, value in (fields_after or {}).items():
            form.field(field, value)
        return self.send_form(form, again)

    def send_form(self, form, again=True):
        return self.post("/api/upload?again=1" if again else "/api/upload", form.body(), Content_Type=form.content_type)

    def job(self, file_id):
        answer = self.get(f"/api/jobs/{file_id}")
        assert answer.status == 200, answer
        return answer.json

    def wait_for_end(self, file_id, timeout_s=TIMEOUT_S):
        until = time.monotonic() + timeout_s
        while (job := self.job(file_id))["status"] not in ("completed", "failed", "cancelled"):
            assert time.monotonic() < until, f"no end after {timeout_s} s: {job}"
            time.sleep(0.02)
        return job

    # --- Below HTTP --------------------------------------------------------------------------------

    def open_socket(self):
        return socket.create_connection((self.address.hostname, self.address.port), TIMEOUT_S)

    def raw(self, data, then_shut=False):
        """Sends bytes as they are; the answer, or None where the connection was closed without one."""
        with self.open_socket() as peer:
            peer.sendall(data)
            if then_shut:
                peer.shutdown(socket.SHUT_WR)
            return read_answer(peer)


def read_answer(peer):
    response = http.client.HTTPResponse(peer)
    try:
        response.begin()
        answer = Answer.read(response)
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return None
    description.check_problem_shape(answer)
    return answer


def metric(text, name, **labels):
    """The value of a series, 0 where there is none yet."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}\{{(.*)\}} (\S+)", line)
        if found and all(f'{label}="{value}"' in found[1] for label, value in labels.items()):
            return float(found[2])
    return 0.0


def as_header_names(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings_of(inner)


class Form:
    """multipart/form-data, part by part; names and values are bytes or text."""

    def __init__(self):
        self.boundary = f"boundary-{uuid.uuid4().hex}"
        self.parts = []

    @property
    def content_type(self):
        return f"multipart/form-data; boundary={self.boundary}"

    def field(self, name, value):
        return self.part(f'name="{name}"', value)

    def file(self, content, name="document.pdf", field="file"):
        return self.part(b'name="%s"; filename="%s"' % (as_bytes(field), as_bytes(name)), content, "application/pdf")

    def part(self, disposition, content, content_type=None):
        head = b"Content-Disposition: form-data; " + as_bytes(disposition) + b"\r\n"
        if content_type:
            head += b"Content-Type: " + as_bytes(content_type) + b"\r\n"
        self.parts.append(head + b"\r\n" + as_bytes(content))
        return self

    def body(self):
        boundary = self.boundary.encode()
        return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in self.parts) + b"--" + boundary + b"--\r\n"


def as_bytes(value):
    return value if isinstance(value, bytes) else value.encode()
