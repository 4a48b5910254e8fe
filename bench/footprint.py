#!/usr/bin/env python3
"""Time from the start to the first answer, memory when idle, and with 5,000 idle connections."""
import resource
import socket
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
    starts = []
    for _ in range(STARTS):
        with Server() as server:
            starts.append(server.start_ms)
    print(f"start to first answer: {min(starts):.0f} to {max(starts):.0f} ms over {STARTS} starts")
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
