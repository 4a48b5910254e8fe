"""`quire index`: an index is made from a file, asked, looked into, killed and damaged."""
import fcntl
import json
import os
import pty
import random
import re
import signal
import subprocess
import time

import pytest

from quire_program import PATIENCE_S

program = os.environ["QUIRE_PROGRAM"]
MAPPING = {"mappings": {"properties": {"id": {"type": "keyword"}, "name": {"type": "text", "analyzer": "standard"},
                                       "age": {"type": "integer"}}}}
NAMES = ["john smith", "jane smyth", "ann jones", "johanna smithson"]


def index(*words, **options):
    return subprocess.run([program, "index", *words], capture_output=True, text=True, timeout=PATIENCE_S, **options)


def write_documents(path, count, first=0):
    rows = ({"id": f"d{i:05}", "name": NAMES[i % len(NAMES)], "age": i} for i in range(first, first + count))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def site(tmp_path):
    (tmp_path / "mapping.json").write_text(json.dumps(MAPPING))
    write_documents(tmp_path / "documents.ndjson", 40)
    return tmp_path


def build(site, documents="documents.ndjson"):
    return index("build", str(site / "index"), "--mapping", str(site / "mapping.json"), "--docs",
                 str(site / documents), "--id", "id")


def search(site, *bodies, words=()):
    lines = "".join(json.dumps({"id": f"q{i}", "body": body}) + "\n" for i, body in enumerate(bodies))
    ran = index("search", str(site / "index"), "--ndjson", *words, input=lines)
    return ran, [json.loads(line) for line in ran.stdout.splitlines()]


def match(text, **options):
    return {"query": {"match": {"name": {"query": text, **options}}}, "_source": False, "track_total_hits": True}


def test_a_terminal_sees_how_far_it_is(site):
    write_documents(site / "documents.ndjson", 40000)
    ours, theirs = pty.openpty()
    ran = subprocess.run([program, "index", "build", str(site / "index"), "--mapping", str(site / "mapping.json"), "--docs",
                          str(site / "documents.ndjson"), "--id", "id"], stderr=theirs, timeout=PATIENCE_S)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert ran.returncode == 0, shown
    assert re.search(r"indexing.*\d/2 MB", shown) and "merging" in shown, shown
    assert "40000 documents" in shown.splitlines()[-1]
    assert "indexing" not in build(site).stderr  # to a pipe


def test_what_was_built_is_found(site):
    assert build(site).returncode == 0
    ran, answers = search(site, match("ann"), match("smiht", fuzziness="AUTO"), {"query": {"match_all": {}}, "size": 2})
    assert ran.returncode == 0, ran.stderr
    assert [answer["total"] for answer in answers] == [10, 10, 40]
    assert answers[0]["hits"][0][0] == "d00002"
    assert answers[2]["hits"] == [["d00000", 1], ["d00001", 1]]


def test_a_bounded_count_says_that_there_are_more(site):
    build(site)
    ran, answers = search(site, *({**match("ann"), "track_total_hits": track} for track in (True, 10, 9, False)))
    assert [(answer["total"], answer.get("relation")) for answer in answers] == [
        (10, None), (10, None), (9, "gte"), (0, "gte")]


def test_threads_and_repetition_give_the_same_answers(site):
    build(site)
    bodies = [match(name) for name in NAMES] * 10
    one, several = search(site, *bodies)[0], search(site, *bodies, words=("--threads", "3", "--repeat", "5", "--stats"))[0]
    assert one.stdout == several.stdout
    assert json.loads(several.stderr.splitlines()[-1])["queries"] == 200


def test_an_unknown_key_is_named_and_the_others_are_answered(site):
    build(site)
    ran, answers = search(site, match("ann"), {"query": {"match": {"name": {"query": "ann", "slop": 1}}}}, {"collapse": {}})
    assert ran.returncode == 6
    assert answers[0]["total"] == 10
    assert "slop" in answers[1]["error"] and "collapse" in answers[2]["error"]


def test_an_answer_that_is_too_long_is_an_error_of_its_question(site):
    rows = ({"id": f"long{i}", "name": "john", "note": "x" * 3_900_000} for i in range(5))
    (site / "documents.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    build(site)
    notes = {**match("john"), "_source": ["note"]}
    ran, answers = search(site, match("john"), notes, {**notes, "size": 1})
    assert ran.returncode == 6
    assert answers[0]["total"] == 5
    assert answers[1] == {"id": "q1", "error": "the answer is too long: ask for fewer hits, or for less of each"}
    assert len(answers[2]["hits"]) == 1


def test_results_that_could_not_be_written_are_an_error(site):
    build(site)
    for verb in ("dump", "stats"):
        with open("/dev/full", "w") as full:
            ran = subprocess.run([program, "index", verb, str(site / "index")], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_S)
        assert ran.returncode == 1 and b"could not be written" in ran.stderr


def ask(site, verb, *lines):
    ran = index(verb, str(site / "index"), "--ndjson", input="".join(json.dumps(line) + "\n" for line in lines))
    return ran, [json.loads(line) for line in ran.stdout.splitlines()]


def test_an_id_comes_back_as_it_was_given(site):
    build(site)
    ids = [7, "seven", None, ["a", 1.5]]
    ran, answers = ask(site, "count", *({"id": given, "body": {}} for given in ids), {"body": {}}, {"id": 8, "body": 1})
    assert [answer["id"] for answer in answers] == ids + ["", 8]
    assert [answer.get("count") for answer in answers] == [40] * 5 + [None]


def test_what_is_shown_beyond_ids_and_scores_stands_behind_them(site):
    build(site)
    body = {**match("ann"), "size": 1, "_source": ["name"], "highlight": {"type": "plain", "fields": {"name": {}}}}
    ran, answers = search(site, body, {**body, "highlight": {"fields": {"name": {}}}})
    assert answers[0]["hits"][0][2] == {"_source": {"name": "ann jones"}, "highlight": {"name": ["<em>ann</em> jones"]}}
    assert "plain" in answers[1]["error"]


def test_what_is_found_is_counted(site):
    build(site)
    ran, answers = ask(site, "count", {"id": "a", "body": {"query": {"match": {"name": "ann"}}}}, {"id": "b", "body": {}})
    assert ran.returncode == 0, ran.stderr
    assert answers == [{"id": "a", "count": 10}, {"id": "b", "count": 40}]


def test_a_score_is_explained(site):
    build(site)
    body = {"query": {"match": {"name": "ann"}}}
    ran, answers = ask(site, "explain", {"id": "a", "document": "d00002", "body": body},
                       {"id": "b", "document": "d00001", "body": body}, {"id": "c", "body": body})
    assert ran.returncode == 6
    explanation = answers[0]["explanation"]
    assert explanation["value"] == search(site, match("ann"))[1][0]["hits"][0][1]
    assert explanation["description"] == "weight(name:ann in 2) [PerFieldSimilarity], result of:"
    assert "finds no such document" in answers[1]["error"] and "document" in answers[2]["error"]


def test_words_are_completed_and_corrected(site):
    build(site)
    smith = {"match": {"name": "smith"}}
    ran, answers = ask(site, "suggest", {"id": "a", "body": {"complete": {"field": "name", "text": "jo"}}},
                       {"id": "b", "body": {"complete": {"field": "name", "text": "jo"}, "filter": smith}},
                       {"id": "c", "body": {"correct": {"field": "name", "text": "jhon"}}}, {"id": "d", "body": {}})
    words = [[(option["text"], option["freq"]) for option in answer["suggest"][0]["options"]] for answer in answers[:3]]
    assert words == [[("johanna", 10), ("john", 10), ("jones", 10)], [("john", 10)], [("john", 10)]]
    assert ran.returncode == 6 and "complete" in answers[3]["error"]


def test_building_again_replaces_documents_of_the_same_id(site):
    build(site)
    write_documents(site / "more.ndjson", 40, first=20)
    assert build(site, "more.ndjson").returncode == 0
    facts = json.loads(index("stats", str(site / "index")).stdout)
    assert (facts["documents"], facts["deleted"], facts["segments"]) == (60, 0, 1)


@pytest.mark.parametrize("line, says", [("{", "JSON"), ('{"id": 7}', "no text id"), ('{"name": "x"}', "no text id"), ('{"id": ""}', "no text id"),
                                        ('{"id": "x", "age": 1' + "0" * 400 + "}", "JSON"), ('{"id": "x", "name": "' + "x" * (4 << 20) + '"}', "bytes"),
                                        ('{"id": "x", "na', "JSON")],
                         ids=["not ended", "number as id", "no id", "empty id", "long number", "long line", "cut"])  # pytest hands them on
def test_a_line_that_cannot_be_taken_is_named_with_the_reason(site, line, says):
    with open(site / "documents.ndjson", "a") as documents:
        documents.write("\n" + line)
    ran = build(site)
    assert ran.returncode in (1, 2)
    assert "documents.ndjson: line 42: " in ran.stderr and says in ran.stderr, ran.stderr


def test_what_a_mapping_excludes_from_sources_is_searched_and_not_kept(site):
    build(site)
    whole = json.loads(index("stats", str(site / "index")).stdout)["bytes"]
    mapping = {"mappings": MAPPING["mappings"] | {"_source": {"excludes": ["name"]}}}
    (site / "mapping.json").write_text(json.dumps(mapping))
    assert build(site).returncode == 1  # another definition
    assert index("build", str(site / "less"), "--mapping", str(site / "mapping.json"), "--docs", str(site / "documents.ndjson"),
                 "--id", "id").returncode == 0
    dumped = [json.loads(line) for line in index("dump", str(site / "less")).stdout.splitlines()]
    assert dumped[2] == {"id": "d00002", "source": {"id": "d00002", "age": 2}}
    assert json.loads(index("stats", str(site / "less")).stdout)["bytes"] < whole
    ran = index("search", str(site / "less"), "--ndjson", input=json.dumps({"id": "q", "body": match("ann")}) + "\n")
    assert json.loads(ran.stdout)["total"] == 10


def test_an_index_is_dropped_with_its_aliases(site):
    build(site)
    assert index("alias", str(site / "index"), "--alias", "current", "--index", "main").returncode == 0
    refused = index("drop", str(site / "index"), "--index", "current")
    assert refused.returncode != 0 and "alias of main" in refused.stderr
    assert index("drop", str(site / "index")).returncode == 0
    for name in "main", "current":
        assert index("stats", str(site / "index"), "--index", name).returncode != 0
    assert [path.name for path in (site / "index").iterdir()] == [".lock"]


def test_a_mapping_that_cannot_be_taken_is_named(site):
    for mapping, says in (("{", "JSON"), ('{"place": {"type": "geo_point"}}', "geo_point"),
                          ('{"properties": {"a": {"type": "text"}}, "_source": {"enabled": false}}', "_source: enabled"),
                          ('{"properties": {"a": {"type": "text"}}, "_source": {"excludes": "a"}}', "an array of names")):
        (site / "mapping.json").write_text(mapping)
        ran = build(site)
        assert ran.returncode == 2
        assert "mapping.json: " in ran.stderr and says in ran.stderr, ran.stderr


def test_documents_that_are_not_there_make_no_index(site):
    ran = build(site, "nowhere.ndjson")
    assert ran.returncode == 4 and "nowhere.ndjson" in ran.stderr
    assert index("stats", str(site / "index")).returncode == 4
    (site / "mapping.json").write_text('{"name": {"type": "text"}}')
    assert build(site).returncode == 0


@pytest.mark.skipif(not os.environ.get("QUIRE_LONG"), reason="300 MB of documents")
def test_documents_as_large_as_may_be_are_taken(site):
    with open(site / "documents.ndjson", "w") as documents:
        for i in range(75):
            documents.write(json.dumps({"id": f"d{i}", "name": "ann", "pad": "x" * ((4 << 20) - 100)}) + "\n")
    ran = build(site)
    assert ran.returncode == 0, ran.stderr


def test_ls_and_dump_show_what_is_there(site):
    build(site)
    segments = [json.loads(line) for line in index("ls", str(site / "index")).stdout.splitlines()]
    assert [segment["documents"] for segment in segments] == [40]
    rows = [json.loads(line) for line in index("dump", str(site / "index")).stdout.splitlines()]
    assert rows[7] == {"id": "d00007", "source": {"id": "d00007", "name": NAMES[3], "age": 7}}
    assert len(rows) == 40


def test_a_directory_without_an_index_is_not_found(site):
    for verb in ("stats", "ls", "check", "dump", "search", "alias"):
        assert index(verb, str(site / "nowhere"), "--ndjson").returncode == 4
    assert not (site / "nowhere").exists()
    ran = index("stats", str(site), "--index", "people")
    assert ran.returncode == 4
    assert "people" in ran.stderr and str(site) in ran.stderr and "build" in ran.stderr
    assert sorted(path.name for path in site.iterdir()) == ["documents.ndjson", "mapping.json"]


def test_links_that_are_no_aliases_are_left_alone(site):
    (site / "index").mkdir()
    links = {"elsewhere": "/nowhere/at/all", "above": "../nothing", ".#notes": "someone@somewhere.1234"}
    for name, target in links.items():
        (site / "index" / name).symlink_to(target)
    assert build(site).returncode == 0
    assert index("stats", str(site / "index")).returncode == 0
    assert {name: os.readlink(site / "index" / name) for name in links} == links


def test_a_directory_that_another_has_is_named(site):
    build(site)
    with open(site / "index" / ".lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = index("stats", str(site / "index"))
    assert ran.returncode == 1
    assert str(site / "index") in ran.stderr and "locked" in ran.stderr


def test_check_finds_any_flipped_byte(site):
    build(site)
    assert index("check", str(site / "index")).returncode == 0
    paths = [path for path in (site / "index" / "main").iterdir() if path.stat().st_size > 0]
    assert len(paths) == 2
    seeded = random.Random(5)
    for path in paths:
        whole = path.read_bytes()
        # The bytes between sections have no meaning: zeros that no one reads.
        for at in [0, len(whole) - 1] + [seeded.randrange(len(whole)) for _ in range(20)]:
            if whole[at] == 0:
                continue
            damaged = bytearray(whole)
            damaged[at] ^= 1 << seeded.randrange(8)
            path.write_bytes(damaged)
            ran = index("check", str(site / "index"))
            assert ran.returncode == 1, (path, at)
            assert path.name in ran.stderr or "manifest" in ran.stderr
        path.write_bytes(whole)
    assert index("check", str(site / "index")).returncode == 0


def test_a_file_that_is_gone_empty_or_cut_is_named(site):
    build(site)
    for path in (path for path in (site / "index" / "main").iterdir() if path.stat().st_size > 0):
        whole = path.read_bytes()
        for rest in (b"", whole[:7], whole[:len(whole) // 2], whole[:-2]):
            path.write_bytes(rest)
            ran = index("stats", str(site / "index"))
            assert ran.returncode == 1, (path, len(rest))
            assert path.name in ran.stderr and "build the index again" in ran.stderr, ran.stderr
        path.unlink()
        ran = index("stats", str(site / "index"))
        assert ran.returncode == (4 if path.name == "manifest" else 1), ran.stderr
        assert path.name == "manifest" or path.name in ran.stderr
        path.write_bytes(whole)
    assert index("check", str(site / "index")).returncode == 0


def test_an_index_is_built_beside_another_and_swapped(site):
    def total(name):
        ran = index("search", str(site / "index"), "--ndjson", "--index", name, input='{"id":"q","body":{}}\n')
        return json.loads(ran.stdout)["total"]

    for count, name in ((40, "people-1"), (50, "people-2")):
        write_documents(site / "documents.ndjson", count)
        assert index("build", str(site / "index"), "--mapping", str(site / "mapping.json"), "--docs",
                     str(site / "documents.ndjson"), "--id", "id", "--index", name).returncode == 0
        assert index("alias", str(site / "index"), "--alias", "people", "--index", name).returncode == 0
        assert total("people") == count
    assert total("people-1") == 40
    assert index("alias", str(site / "index"), "--alias", "people", "--index", "missing").returncode == 4
    assert total("people") == 50


def test_a_kill_while_building_leaves_the_last_commit(site):
    build(site)
    write_documents(site / "more.ndjson", 60000, first=0)
    rounds = 50 if os.environ.get("QUIRE_LONG") else 6
    for i in range(rounds):
        running = subprocess.Popen([program, "index", "build", str(site / "index"), "--mapping", str(site / "mapping.json"),
                                    "--docs", str(site / "more.ndjson"), "--id", "id"], stderr=subprocess.DEVNULL)
        time.sleep(0.05 + 0.2 * random.Random(i).random())  # somewhere in it; where does not matter
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert index("check", str(site / "index")).returncode == 0
        facts = json.loads(index("stats", str(site / "index")).stdout)
        assert facts["documents"] in (40, 60000)
        kept = {path.suffix for path in (site / "index" / "main").iterdir()}
        assert kept <= {"", ".segment", ".deletions"}


def test_a_scope_answers_as_if_its_documents_were_alone(site):
    """What two tenants share is answered to each as what it has alone, whatever the other puts."""
    mapping = {"tenant": {"type": "keyword"}, "id": {"type": "keyword"}, "name": {"type": "text"}}
    seeded = random.Random(7)

    def rows(tenant, count):
        words = ["john", "johan", "jon", "joan", "smith", "smyth", "jones"]
        return [{"tenant": tenant, "id": f"{tenant}{i}", "name": " ".join(seeded.choices(words, k=3))} for i in range(count)]

    def answers(name, documents, view):
        folder = site / name
        folder.mkdir()
        (folder / "mapping.json").write_text(json.dumps(mapping))
        (folder / "documents.ndjson").write_text("".join(json.dumps(row) + "\n" for row in documents))
        built = index("build", str(folder / "index"), "--mapping", str(folder / "mapping.json"), "--docs",
                      str(folder / "documents.ndjson"), "--id", "id")
        assert built.returncode == 0, built.stderr
        line = {"id": "q", "document": "a3", "view": view, "body": match("jonh smit", fuzziness="AUTO", max_expansions=4)}
        suggestion = {"id": "s", "view": view, "body": {"complete": {"field": "name", "text": "jo"}}}
        said = [index(verb, str(folder / "index"), "--ndjson", input=json.dumps(asked) + "\n").stdout
                for verb, asked in (("search", {**line, "document": None}), ("explain", line), ("suggest", suggestion))]
        assert all("error" not in text for text in said), said
        return said

    own, others, more = rows("a", 30), rows("b", 50), rows("b", 200)
    mixed = sorted(own + others, key=lambda row: int(row["id"][1:]))
    scope = {"scope": {"term": {"tenant": "a"}}}
    alone = answers("alone", own, {})
    assert answers("mixed", mixed, scope) == alone
    assert answers("more", more + own, scope) == alone
    assert answers("seen", mixed, {}) != alone
