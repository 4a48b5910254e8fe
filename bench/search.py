#!/usr/bin/env python3
"""Search engines side by side: the same members, queries and machine, in one run.

    search.py [--members 100000] [--queries 2000] [--seconds 4] [--engines quire,tantivy,fts5,opensearch]

A query is fuzzy (AUTO, prefix of 2, 50 expansions) over five fields, the best of which counts; the 20 best hits are
wanted, without their sources. tantivy has no such query: peers/tantivy expands words itself. FTS5 finds exact words only.
OpenSearch is asked over HTTP at $OPENSEARCH_URL. An engine whose toolchain is not here is left out, with a word.

Data, indexes and built peers are kept in $SEARCH_BENCH_DIR (build/bench-search) for the next run; --fresh makes indexes
anew. For each engine: members a second until all are in one segment, size, queries a second, and times in milliseconds.
"""
import argparse
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse

import members

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIELDS = {"member_id": 3, "fname": 2, "lname": 2, "email": 1, "status_notes": 1}
KEYWORDS = ["member_id", "tenant_id", "email", "tags"]
PROPERTIES = {name: {"type": "keyword" if name in KEYWORDS else "text"} for name in [*FIELDS, "tenant_id", "tags"]} | {
    name: {"type": "date"} for name in ("created_at", "updated_at")}
HITS, BULK = 20, 5000


def body(text, total):
    fields = [f"{name}^{boost}" for name, boost in FIELDS.items()]
    return {"query": {"multi_match": {"query": text, "fields": fields, "fuzziness": "AUTO", "prefix_length": 2}},
            "size": HITS, "_source": False, "track_total_hits": total}


def megabytes(path):
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6


def percentile(times, share):
    return sorted(times)[int(share * (len(times) - 1))]


class Bench:
    def __init__(self, options):
        self.options = options
        self.home = pathlib.Path(os.environ.get("SEARCH_BENCH_DIR", ROOT / "build/bench-search"))
        self.work = self.home / str(options.members)
        self.work.mkdir(parents=True, exist_ok=True)
        self.members, self.queries = self.work / "members.ndjson", self.work / f"queries-{options.queries}.ndjson"
        if not self.members.exists():
            members.write(members.members(options.members), self.members)
        if not self.queries.exists():
            members.write(members.queries(options.queries, self.members), self.queries)
        self.texts = [json.loads(line)["text"] for line in self.queries.read_text(encoding="utf-8").splitlines()]
        self.rows = []

    def index(self, name):
        """Where an engine's index is, and whether it is to be built."""
        path = self.work / name
        if self.options.fresh:
            shutil.rmtree(path, ignore_errors=True)
        return path, not path.exists()

    def built(self, engine, seconds, path):
        rate = self.options.members / seconds
        print(f"{engine}: {rate:,.0f} members a second, {megabytes(path):,.0f} MB", flush=True)

    def add(self, engine, threads, rate, p50, p99):
        self.rows.append((engine, threads, rate, p50, p99))
        print(f"{engine}, {threads} at once: {rate:,.0f} queries a second; p50 {p50:.3f}, p99 {p99:.3f} ms", flush=True)

    def measure(self, engine, threads, ask):
        """The queries over and over, by `ask(thread)(text)`."""
        def work(thread):
            asking, times, at = ask(thread), [], thread * len(self.texts) // threads
            until = time.perf_counter() + self.options.seconds
            while (started := time.perf_counter()) < until:
                asking(self.texts[at % len(self.texts)])
                times.append((time.perf_counter() - started) * 1e3)
                at += 1
            return times
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            times = [ms for done in pool.map(work, range(threads)) for ms in done]
        self.add(engine, threads, len(times) / self.options.seconds, percentile(times, .5), percentile(times, .99))


def quire(bench):
    program, (path, is_new) = ROOT / "build/quire", bench.index("quire")
    if is_new:
        (bench.work / "mapping.json").write_text(json.dumps({"properties": PROPERTIES}))
        started = time.perf_counter()
        subprocess.run([program, "index", "build", path, "--mapping", bench.work / "mapping.json", "--docs", bench.members,
                        "--id", "member_id"], check=True, stderr=subprocess.DEVNULL)
        bench.built("quire", time.perf_counter() - started, path)
    for total, name in ((True, "quire, all hits counted"), (10000, "quire"), (False, "quire, hits not counted")):
        lines = "".join(json.dumps({"id": str(i), "body": body(text, total)}) + "\n" for i, text in enumerate(bench.texts))
        for threads in (1, 2):
            def run(repeat):
                ran = subprocess.run([program, "index", "search", path, "--ndjson", "--stats", "--threads", str(threads),
                                      "--repeat", str(repeat)], input=lines.encode(), capture_output=True, check=True)
                return json.loads(ran.stderr.splitlines()[-1])
            stats = run(max(1, round(bench.options.seconds / run(1)["seconds"])))
            bench.add(name, threads, stats["queriesPerSecond"], stats["p50Ms"], stats["p99Ms"])


def tantivy(bench):
    if not shutil.which("cargo"):
        return print("tantivy: left out, there is no cargo")
    source = bench.home / "tantivy"
    shutil.copytree(ROOT / "bench/peers/tantivy", source, dirs_exist_ok=True)
    if subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=source, check=False).returncode:
        return print("tantivy: left out, it does not build")
    path, _ = bench.index("tantivy")
    ran = subprocess.Popen([source / "target/release/search", bench.members, bench.queries, path, str(bench.options.seconds)],
                           stdout=subprocess.PIPE, text=True)
    for line in ran.stdout:
        said = json.loads(line)
        if "seconds" in said:
            bench.built("tantivy", said["seconds"], path)
        else:
            bench.add(said["engine"], said["threads"], said["rate"], said["p50"], said["p99"])
    if ran.wait():
        print("tantivy: failed")


def fts5(bench):
    """Names and notes by any of their words; an id or address is one token."""
    path, is_new = bench.index("fts5.db")
    if is_new:
        started = time.perf_counter()
        database = sqlite3.connect(path)
        database.execute("CREATE VIRTUAL TABLE members USING fts5(member_id, fname, lname, email, status_notes, content='',"
                         " tokenize=\"unicode61 remove_diacritics 0 tokenchars '-.@'\")")
        with open(bench.members, encoding="utf-8") as lines:
            database.executemany("INSERT INTO members VALUES (?, ?, ?, ?, ?)",
                                 ([member[name] for name in FIELDS] for member in map(json.loads, lines)))
        database.commit()
        database.execute("INSERT INTO members(members) VALUES ('optimize')")
        database.commit()
        database.close()
        bench.built("FTS5", time.perf_counter() - started, path)

    def ask(_):
        database = sqlite3.connect(path)
        database.execute("PRAGMA mmap_size = 4000000000")

        def asking(text):
            words = " OR ".join('"' + word.replace('"', "") + '"' for word in text.split())
            return database.execute("SELECT rowid FROM members WHERE members MATCH ? AND rank MATCH 'bm25(3, 2, 2, 1, 1)'"
                                    " ORDER BY rank LIMIT 20", (words,)).fetchall()
        return asking
    bench.measure("FTS5, exact words", 1, ask)


def opensearch(bench):
    if not os.environ.get("OPENSEARCH_URL"):
        return print("OpenSearch: left out, there is no OPENSEARCH_URL")
    address = urllib.parse.urlsplit(os.environ["OPENSEARCH_URL"])
    index = f"/quire-bench-{bench.options.members}"

    def connect():
        connection = http.client.HTTPConnection(address.hostname, address.port or 9200)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # head and body go out at once

        def call(method, path, content=None):
            connection.request(method, index + path, content and content.encode(), {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        return call
    call = connect()
    if bench.options.fresh:
        call("DELETE", "")
    if call("GET", "")[0] == 404:
        settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
        call("PUT", "", json.dumps({"settings": settings, "mappings": {"properties": PROPERTIES}}))
        started, sent = time.perf_counter(), []
        for line in open(bench.members, encoding="utf-8"):
            sent.append(json.dumps({"index": {"_id": json.loads(line)["member_id"]}}) + "\n" + line)
            if len(sent) == BULK:
                call("POST", "/_bulk", "".join(sent))
                sent = []
        call("POST", "/_bulk", "".join(sent) or "\n")
        call("POST", "/_refresh")
        call("POST", "/_forcemerge?max_num_segments=1")
        seconds = time.perf_counter() - started
        size = json.loads(call("GET", "/_stats/store")[1])["_all"]["total"]["store"]["size_in_bytes"]
        print(f"OpenSearch: {bench.options.members / seconds:,.0f} members a second, {size / 1e6:,.0f} MB", flush=True)

    def ask(_):
        mine = connect()
        return lambda text: mine("POST", "/_search?request_cache=false", json.dumps(body(text, 10000)))
    for clients in (1, 8):
        bench.measure("OpenSearch", clients, ask)


def compare(bench):
    """Against quire with as many threads, or the most that it ran with."""
    own = {threads: rate for engine, threads, rate, _, _ in bench.rows if engine == "quire"}
    if not own:
        return
    print(f"\n{'engine':32} {'at once':>7} {'queries/s':>10} {'p50 ms':>8} {'p99 ms':>8}  quire is")
    for engine, threads, rate, p50, p99 in bench.rows:
        ratio = own.get(threads, own[max(own)]) / rate
        print(f"{engine:32} {threads:7} {rate:10,.0f} {p50:8.3f} {p99:8.3f}  {ratio:.1f} x")


def main():
    engines = {"quire": quire, "tantivy": tantivy, "fts5": fts5, "opensearch": opensearch}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=100000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--engines", default=",".join(engines))
    parser.add_argument("--fresh", action="store_true")
    bench = Bench(parser.parse_args())
    for name in bench.options.engines.split(","):
        engines[name](bench)
    compare(bench)


if __name__ == "__main__":
    sys.exit(main())
