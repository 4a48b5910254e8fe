#!/usr/bin/env python3
"""GET of one job with authentication, beside peers that do one SQLite point read without any.

All in one run, in turn, wrk with 64 connections against 127.0.0.1; prints requests/s and the server's processor time a
request (which hardly moves when the machine is busy). A peer whose toolchain is missing is named and skipped."""
import os
import pathlib
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time

from server import PDF, ROOT, Server, cpu_seconds
import json

ROUNDS, SECONDS, CONNECTIONS, PORT = 3, 4, 64, 9371
CACHE = ROOT / "build/peers"


def make_database(path):
    if path.exists():
        return
    rng = random.Random(7)
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE jobs(id INTEGER PRIMARY KEY, tenant TEXT, status TEXT, body TEXT)")
    db.executemany("INSERT INTO jobs VALUES(?,?,?,?)",
                   ((i, f"t{i % 50}", "completed", "".join(rng.choices("abcdefghij ", k=300))) for i in range(1, 10001)))
    db.commit()
    db.close()


def build(name, tool, commands):
    """Builds a peer in build/peers; None where its toolchain is missing or cannot fetch."""
    if not shutil.which(tool):
        print(f"skipped {name}: there is no {tool}")
        return None
    folder = CACHE / name
    shutil.copytree(ROOT / "bench/peers" / name, folder, dirs_exist_ok=True)
    for command in commands:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            print(f"skipped {name}: {' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}")
            return None
    return folder


def wrk(url, token=None):
    header = ["-H", f"Authorization: Bearer {token}"] if token else []
    out = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *header, url], check=True,
                         capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{url}: answers other than 2xx")
    return int(re.search(r"(\d+) requests in", out)[1]), float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])


def await_listener(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def measure(pid, url, token=None):
    before = cpu_seconds(pid)
    count, rate = wrk(url, token)
    return rate, (cpu_seconds(pid) - before) * 1e6 / count


def main():
    if not shutil.which("wrk"):
        sys.exit("install wrk first")
    CACHE.mkdir(parents=True, exist_ok=True)
    make_database(CACHE / "jobs.db")
    peers = {}
    axum = build("axum", "cargo", [["cargo", "build", "--release", "--quiet"]])
    if axum:
        peers["axum"] = [axum / "target/release/peer-axum"]
    node = build("node", "npm", [["npm", "install", "--no-audit", "--no-fund", "--silent"], ["npx", "tsc", "-p", "."]])
    if node:
        peers["fastify"] = ["node", node / "fastify.js"]
        peers["nest"] = ["node", node / "nest.js"]
    figures = {}
    with Server() as quire:
        upload = quire.curl("/api/upload?again=1", "-F", f"file=@{next(PDF.glob('*.pdf'))}")
        path = "/api/jobs/" + json.loads(upload)["fileId"]
        for _ in range(ROUNDS):
            figures.setdefault("quire", []).append(measure(quire.process.pid, quire.url + path, quire.token))
            for name, command in peers.items():
                environment = dict(os.environ, PORT=str(PORT), DB=str(CACHE / "jobs.db"), NODE_ENV="production",
                                   TOKIO_WORKER_THREADS="2")
                peer = subprocess.Popen(command, env=environment)
                try:
                    await_listener(PORT)
                    figures.setdefault(name, []).append(measure(peer.pid, f"http://127.0.0.1:{PORT}/jobs/17"))
                finally:
                    peer.terminate()
                    peer.wait()
    ours = sorted(figures["quire"])[ROUNDS // 2]
    print(f"{'server':10} {'requests/s':>12} {'us of CPU':>10} {'quire is':>10} {'with CPU':>10}")
    for name, rounds in figures.items():
        rate, cpu = sorted(rounds)[ROUNDS // 2]
        print(f"{name:10} {rate:12.0f} {cpu:10.1f} {ours[0] / rate:9.2f}x {cpu / ours[1]:9.2f}x")


if __name__ == "__main__":
    main()
