"""A receiver of webhooks: a real HTTP server on 127.0.0.1 that keeps what it gets and answers as it is told."""
import base64
import hashlib
import hmac
import http.server
import threading

from quire_server import wait_until


class Message:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, dict(headers), body

    @property
    def id(self):
        return self.headers["webhook-id"]


class Receiver:
    """`answer(message)` gives (status, headers, body); None: 204."""

    def __init__(self, answer=lambda message: None):
        self.answer = answer
        self.messages = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = Message(self.path, self.headers, body)
                receiver.messages.append(message)
                status, headers, content = receiver.answer(message) or (204, {}, b"")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):  # a sender that was killed
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count):
        return wait_until(lambda: len(self.messages) >= count and self.messages, f"{count} messages come")


def signatures_by(secret, message):
    """How many of the message's signatures are by this secret: the specification's words, once more."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    text = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
    expected = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return message.headers["webhook-signature"].split(" ").count(expected)
