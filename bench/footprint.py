#!/usr/bin/env python3
"""Time from the start to the first answer, memory when idle, and with 5,000 idle connections."""
import os
import resource
import socket
import tempfile
import time
import urllib.parse

from server import Server, pss_mb

CONNECTIONS, STARTS = 5000, 5


def connect(url):
    address = urllib.parse.urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port))
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n")
    return connection


def main():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    fresh, again = [], []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as directory:
            for starts in (fresh, again):
                with Server(directory=directory) as server:
                    starts.append(server.start_ms)
    for starts, what in ((again, "a data directory that is there"), (fresh, "a new one")):
        print(f"start to first answer with {what}: {min(starts):.0f} to {max(starts):.0f} ms over {STARTS} starts")
    with Server() as server:
        time.sleep(2)
        idle = pss_mb(server.process.pid)
        print(f"idle: {idle:.1f} MB (PSS of the process tree)")
        connections = [connect(server.url) for _ in range(CONNECTIONS)]
        for connection in connections:
            connection.recv(4096)
        time.sleep(1)
        print(f"with {CONNECTIONS} idle connections: {pss_mb(server.process.pid):.1f} MB")
        for connection in connections:
            connection.close()


if __name__ == "__main__":
    main()
