#!/usr/bin/env python3
"""An upload of 500 MB beside writing, hashing and fsyncing the same bytes locally; and what the server's memory grows by."""
import hashlib
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

from server import Server, own_pss_mb

SIZE, ROUNDS, CHUNK = 500 * 1000 * 1000, 9, 1 << 20


def make_file(path):
    block = os.urandom(CHUNK)
    with open(path, "wb") as f:
        f.write(b"%PDF-1.4\n")
        while f.tell() < SIZE:
            f.write(block[:min(CHUNK, SIZE - f.tell())])


def store_locally(source, folder):
    started = time.monotonic()
    digest = hashlib.sha256()
    target = pathlib.Path(folder) / "copy"
    with open(source, "rb") as f, open(target, "wb") as out:
        while chunk := f.read(CHUNK):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    seconds = time.monotonic() - started
    target.unlink()
    return seconds


def upload(server, source):
    worst, done = [0.0], threading.Event()

    def watch():
        while not done.wait(0.05):
            worst[0] = max(worst[0], own_pss_mb(server.process.pid))

    before = own_pss_mb(server.process.pid)
    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.monotonic()
    answer = server.curl("/api/upload?again=1", "-F", f"file=@{source}")
    seconds = time.monotonic() - started
    done.set()
    watcher.join()
    if '"fileId"' not in answer:
        sys.exit(answer)
    return seconds, worst[0] - before


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder, \
            Server("--max-file-size-mb", "1024") as server:
        source = pathlib.Path(folder) / "large.pdf"
        make_file(source)
        upload(server, source)
        ratios = []
        for _ in range(ROUNDS):
            local = store_locally(source, folder)
            seconds, growth = upload(server, source)
            print(f"local {SIZE / local / 1e6:6.0f} MB/s   upload {SIZE / seconds / 1e6:6.0f} MB/s   "
                  f"ratio {local / seconds:.2f}   memory {growth:+.1f} MB")
            ratios.append(local / seconds)
        print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
