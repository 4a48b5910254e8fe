#!/usr/bin/env python3
"""Proves that the simulation finds bugs: plants them one by one in a copy of a source file, links it before the library, and runs
the simulation and the cases of worker and aggregation. A bug that nothing catches fails this. It takes minutes, so it waits for QUIRE_LONG=1.
plant.py SOURCE_ROOT BUILD_ROOT [WORDS]     only bugs whose name has these words"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

SOURCE, BUILD = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
PROGRAMS = ["tests/sim/sim_documents", "tests/unit/test_worker", "tests/unit/test_aggregate"]
PAGE_TRANSACT = "code = q_record_store_transact(d->o.records, call, writes, 1 + 2 * batch->count, &failed,"

# name -> [(file of src/documents, text, what stands there instead)]
BUGS = {
    "a claim asks for no epoch": [
        ("range.c", 'q__if_number("epoch", work->epoch),\n\t\t{.kind = Q_IF_UNSET', "{.kind = Q_IF_UNSET")],
    "a renewal may come after the end": [
        ("range.c", ',\n\t\t{.kind = Q_IF_UNSET, .name = Q_STR("done")},', ",")],
    "a page asks for no run": [
        ("page_commit.c", "Q_IF_NOT_EQUAL, Q_STR(\"run\"),", "Q_IF_UNSET, Q_STR(\"never\"),")],
    "a page is counted before its condition": [
        ("page_commit.c", PAGE_TRANSACT,
         "code = q_record_store_write(d->o.records, call, &writes[0], NULL, NULL, err);\n\tif (code)\n\t\treturn code;\n\t"
         + PAGE_TRANSACT.replace("writes, 1 +", "writes + 1,"))],
    "an edge loses the due mark": [
        ("job.c", "if (edge->due_at_ms > 0)", "if (edge->due_at_ms > 0 && edge->to != Q_JOB_AGGREGATING)")],
    "nobody sets the mark of a tenant again": [
        ("upload.c", "writes, Q_COUNT_OF(writes), NULL, err);", "writes, 3, NULL, err);"),
        ("sweeper.c", "writes, Q_COUNT_OF(writes), NULL, err);", "writes, 1, NULL, err);")],
    "a takeover does not look for stored pages": [
        ("worker.c", "code = q__pages_done(d, call, range, arena, done, err);", "code = Q_OK;")],
    "an aggregation is never taken over": [
        ("aggregate.c", "(job->aggregate_until_ms <= q__now(d) ||", "(")],
    "an aggregation does not look whether another ended the job": [
        ("aggregate.c", "job->aggregate_until_ms != until))", "job->aggregate_until_ms != until) && false)")],
    "a range is finished before its last page": [
        ("worker.c", "is_finished = !held->is_lost && q__held_is_done(held);", "is_finished = !held->is_lost && code == Q_OK;"),
        ("sweeper.c", "code = mend_range(d, call, &ranges[i], arena, err);", "code = Q_OK;"),
        ("sweeper.c", "static enum q_code mend_range", "__attribute__((unused)) static enum q_code mend_range")],
    "a page of an old run is counted in the new one": [
        ("page_commit.c", 'q__if_number("run", batch->range->run),', ""),
        ("page_commit.c", "|| job->view.run != range->run))", "))")],
    "a new run that was interrupted is not gone on with": [
        ("sweeper.c", "enum q_code code = q__ranges_open(d, call, &job->view, arena, &opened, err);", "enum q_code code = Q_OK;\n\topened = 0;")],
    "pages that failed stay counted in the new run": [
        ("retry.c", 'q__change_number("failedPages", 0), ', "")],
    "a notice is dropped before its deliveries": [
        ("webhooks/notice.c", "\tif (!code)\n\t\tcode = tell_webhooks(",
         "\tif (!code)\n\t\tcode = q_record_store_write(d->o.records, call, &removal, NULL, NULL, err);\n\tif (!code)\n\t\tcode = tell_webhooks(")],
}


def commands(target):
    """The commands that build the target, its link last."""
    return subprocess.run(["ninja", "-C", BUILD, "-t", "commands", target], check=True, capture_output=True,
                          text=True).stdout.strip().split("\n")


def compile_planted(changes, where):
    """Objects of the changed files."""
    texts, objects = {}, []
    for name, old, new in changes:
        text = texts.get(name) or (SOURCE / "src/documents" / name).read_text()
        if old not in text:
            sys.exit(f"Bail out! {name} holds no {old!r}: this bug can't be planted any more")
        texts[name] = text.replace(old, new)
    entries = {entry["file"].rsplit("src/documents/", 1)[-1]: entry
               for entry in json.loads((BUILD / "compile_commands.json").read_text())
               if "src/documents/" in entry["file"]}
    for name, text in texts.items():
        planted, made = where / name, where / (name + ".o")
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(text)
        words = shlex.split(entries[name]["command"])
        words = words[:words.index("-MD")] + ["-Wno-error", "-I", str(SOURCE / "src"), "-o", str(made), "-c", str(planted)]
        subprocess.run(words, cwd=BUILD, check=True)
        objects.append(str(made))
    return objects


def is_caught(program, objects, where):
    words = shlex.split(commands(program)[-1])
    words[words.index("-o") + 1] = str(where / "planted")
    archive = next(i for i, word in enumerate(words) if word.endswith(".a") or word == "-Wl,--start-group")
    subprocess.run(words[:archive] + objects + words[archive:], cwd=BUILD, check=True)
    return subprocess.run([where / "planted"], cwd=SOURCE, env=SHORT, capture_output=True, timeout=300).returncode != 0


SHORT = {name: value for name, value in os.environ.items() if name != "QUIRE_LONG"}
if "QUIRE_LONG" not in os.environ:
    print("1..0 # SKIP long: set QUIRE_LONG=1")
    sys.exit(0)


chosen = {bug: changes for bug, changes in BUGS.items() if " ".join(sys.argv[3:]) in bug}
print(f"1..{len(chosen)}")
ok = True
for number, (bug, changes) in enumerate(chosen.items(), 1):
    with tempfile.TemporaryDirectory() as directory:
        planted = compile_planted(changes, pathlib.Path(directory))
        caught = [program for program in PROGRAMS if is_caught(program, planted, pathlib.Path(directory))]
    print(f"{'ok' if caught else 'not ok'} {number} - {bug}: caught by {', '.join(caught) or 'nothing'}", flush=True)
    ok = ok and bool(caught)
sys.exit(0 if ok else 1)
