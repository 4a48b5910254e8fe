"""The client of the node: one request that is not answered in time fails alone."""
import socket
import threading

import pytest

from opensearch_node import OpenSearchNode

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'


def serve(listener):
    """Answers on each connection but the first."""
    silent, _ = listener.accept()
    answering, _ = listener.accept()
    with silent, answering:
        answering.recv(65536)
        answering.sendall(ANSWER)
        answering.recv(1)


def test_after_a_request_without_an_answer_the_next_one_has_its_own():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener], daemon=True)
        thread.start()
        node = OpenSearchNode(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_seconds=0.1)
        with pytest.raises(TimeoutError):
            node.ask("GET", "/")
        node.connection.timeout = 60
        assert node.ask("GET", "/") == {}
        node.connection.close()
        thread.join()
