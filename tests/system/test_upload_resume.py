"""`quire upload` of a large file, broken off by a signal or the server's death: the same command goes on where it was."""
import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

from pdf_maker import agreement, pdf
from quire_program import PATIENCE_S, PROGRAM, environment, quire
from quire_server import wait_until

MIB = 1 << 20
SIZE = 200 * MIB
DONE, FAILED, REFUSED, UNREACHABLE = 0, 1, 3, 5


class Proxy:
    """Stands between client and server, and counts what the client sends; at `stop_at` bytes it forwards nothing more."""

    def __init__(self, target):
        self.target, self.sent, self.stop_at = target, 0, None
        self.lock, self.stopped, self.ends = threading.Lock(), threading.Event(), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.accepting = threading.Thread(target=self.accept, daemon=True)
        self.accepting.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                address = urlsplit(self.target)
                try:
                    server = socket.create_connection((address.hostname, address.port))
                except OSError:
                    client.close()
                    continue
                self.ends += [client, server]
                for source, sink, is_counted in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self.pump, args=(source, sink, is_counted), daemon=True).start()

    def pump(self, source, sink, is_counted):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_counted and not self.count(len(data)):
                    return  # holds the connection, and the client
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def count(self, length):
        with self.lock:
            if self.stop_at is not None and self.sent >= self.stop_at:
                self.stopped.set()
                return False
            self.sent += length
            return True

    def close(self):
        """As a network that goes away."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # closed alone, it would accept once more
        self.accepting.join()
        self.listener.close()
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(server):
    proxy = Proxy(server.url)
    yield proxy
    proxy.close()


@pytest.fixture
def document(tmp_path, request):
    """A file of 200 MiB: a page, and a comment that is all zeros but for the case's name."""
    path = tmp_path / "large.pdf"
    with open(path, "wb") as file:
        file.write(pdf(agreement()) + b"%" + request.node.name.encode())
        file.truncate(SIZE)
    return path


def variables(url, server, state):
    return {"QUIRE_URL": url, "QUIRE_TOKEN": server.token(), "XDG_STATE_HOME": str(state)}


def begin(proxy, server, document, state):
    """A shell that runs the tests in the background has SIGINT ignored: this one hears it."""
    return subprocess.Popen([PROGRAM, "upload", document], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=environment(variables(proxy.url, server, state)),
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


def states(state):
    return list((state / "quire" / "uploads").glob("*")) if (state / "quire").exists() else []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_client_that_ends_half_way_sends_at_most_55_percent_more(server, proxy, document, tmp_path, how):
    proxy.stop_at = SIZE // 2
    first = begin(proxy, server, document, tmp_path)
    assert proxy.stopped.wait(PATIENCE_S)
    first.send_signal(how)
    assert first.wait(PATIENCE_S) == -how
    sent, proxy.stop_at = proxy.sent, None
    assert SIZE * 0.5 <= sent < SIZE * 0.51
    done = quire("upload", document, "--wait", variables=variables(proxy.url, server, tmp_path))
    assert done.returncode == DONE, done.stderr
    more = proxy.sent - sent
    print(f"first {sent / SIZE:.1%}, then {more / SIZE:.1%}")
    assert more <= SIZE * 0.55
    assert "going on" in done.stderr
    job = json.loads(done.stdout)
    assert (job["status"], job["sha256"]) == ("completed", digest_of(document))
    assert states(tmp_path) == []


def test_server_that_dies_half_way_is_gone_on_with(new_server, document, tmp_path):
    server = new_server()
    proxy = Proxy(server.url)
    proxy.stop_at = SIZE // 2
    first = begin(proxy, server, document, tmp_path)
    assert proxy.stopped.wait(PATIENCE_S)
    server.kill()
    proxy.stop_at = 0  # nothing gets through
    first.send_signal(signal.SIGKILL)
    first.wait(PATIENCE_S)
    server.start()
    proxy.target, proxy.stop_at, before = server.url, None, proxy.sent
    done = quire("upload", document, "--wait", variables=variables(proxy.url, server, tmp_path))
    assert done.returncode == DONE, done.stderr
    assert proxy.sent - before <= SIZE * 0.55
    proxy.close()


def test_network_that_goes_away_half_way_is_exit_code_5(server, proxy, document, tmp_path):
    proxy.stop_at = SIZE // 4
    first = begin(proxy, server, document, tmp_path)
    assert proxy.stopped.wait(PATIENCE_S)
    proxy.close()
    assert first.wait(PATIENCE_S) == UNREACHABLE
    assert len(states(tmp_path)) == 1


def test_file_that_changed_is_announced_anew(server, proxy, document, tmp_path):
    proxy.stop_at = SIZE // 4
    first = begin(proxy, server, document, tmp_path)
    assert proxy.stopped.wait(PATIENCE_S)
    first.kill()
    first.wait()
    proxy.stop_at = None
    os.truncate(document, 20 * MIB)
    done = quire("upload", document, "--wait", variables=variables(proxy.url, server, tmp_path))
    assert done.returncode == DONE and "going on" not in done.stderr
    assert json.loads(done.stdout)["fileSize"] == 20 * MIB


def test_state_of_an_upload_that_is_gone_does_no_harm(server, document, tmp_path):
    os.truncate(document, 17 * MIB)
    named = variables(server.url, server, tmp_path)
    first = quire("upload", document, variables=named)
    again = quire("upload", document, "--again", "--wait", variables=named)
    same = quire("upload", document, "--wait", variables=named)
    ids = [json.loads(done.stdout)["fileId"] for done in (first, again, same)]
    assert ids[0] != ids[1] == ids[2]
    for _ in range(2):  # one that is refused, and then announced again
        os.truncate(document, 0)
        document.write_bytes(b"no document")
        os.truncate(document, 17 * MIB)
        assert quire("upload", document, variables=named).returncode == FAILED
    assert quire("upload", document, variables=named | {"QUIRE_TOKEN": "x.y.z"}).returncode == REFUSED


def test_without_a_place_for_its_state_it_is_sent_all_the_same(server, document):
    os.truncate(document, 17 * MIB)
    done = quire("upload", document, "--again", variables={"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token(), "HOME": ""})
    assert done.returncode == DONE and "resumed" in done.stderr
