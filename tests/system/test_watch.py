"""quire jobs watch: a document followed to its end, in a pipe and on a terminal, through breaks of the connection."""
import contextlib
import json
import socket
import threading

from event_reader import poll_all
from quire_program import quire
from test_command_line import on_terminal
from test_events import start_job

DONE, FAILED, NOTFOUND, REFUSED = 0, 1, 4, 3


def watch(server, file_id, url=None, **options):
    return quire("jobs", "watch", file_id, variables={"QUIRE_URL": url or server.url, "QUIRE_TOKEN": server.token()}, **options)


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_pipe_gets_each_event_as_a_line(server, admin):
    file_id = start_job(admin, 120)
    done = watch(server, file_id)
    assert (done.returncode, done.stderr) == (DONE, "")
    assert lines(done) == poll_all(admin, file_id)
    assert lines(watch(server, file_id)) == lines(done)


def test_exit_codes_tell_how_it_ended(server, admin):
    bad = admin.upload(b"%PDF-1.4 broken").json["fileId"]
    assert watch(server, bad).returncode == FAILED
    assert watch(server, "0190d3a4-0000-7000-8000-000000000000").returncode == NOTFOUND
    assert quire("jobs", "watch", bad, variables={"QUIRE_URL": server.url, "QUIRE_TOKEN": "qk_1_2"}).returncode == REFUSED


class BreakingProxy:
    """Passes a connection on to the server, and cuts each one after some kilobytes of answer."""

    def __init__(self, client, bytes_each):
        self.client, self.bytes_each, self.connections = client, bytes_each, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                self.connections += 1
                with peer, self.client.open_socket() as server:
                    server.sendall(peer.recv(65536))
                    left = self.bytes_each
                    while left > 0 and (data := server.recv(min(left, 4096))):
                        peer.sendall(data)
                        left -= len(data)


def test_breaks_lose_and_repeat_nothing(server, admin):
    file_id = start_job(admin, 60)
    proxy = BreakingProxy(admin, 4000)
    done = watch(server, file_id, proxy.url)
    proxy.listener.close()
    assert done.returncode == DONE, done.stderr
    assert lines(done) == poll_all(admin, file_id)
    assert proxy.connections > 3


def on_terminal_of(server, file_id, **variables):
    """What stands there in the end."""
    shown, exit_code = on_terminal("jobs", "watch", file_id, variables={"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token()} | variables)
    assert exit_code == DONE
    return shown.rpartition("\x1b[J")[2]


def test_terminal_shows_a_cell_a_page(server, admin):
    file_id = start_job(admin, 100)
    shown = on_terminal_of(server, file_id)
    assert shown.count("#") == 100 and "completed  100/100 pages" in shown and "\x1b[32m" in shown
    assert "\x1b[32m" not in on_terminal_of(server, file_id, NO_COLOR="1")


def test_large_document_has_several_pages_in_a_cell(server, admin):
    file_id = admin.wait_for_end(start_job(admin, 2500))["fileId"]
    shown = on_terminal_of(server, file_id, NO_COLOR="1").splitlines()
    assert len(shown) <= 21 and sum(line.count("#") for line in shown) == 1250
