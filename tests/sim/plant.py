#!/usr/bin/env python3
"""Proves that the simulation finds bugs: plants them one by one in a copy of a source file, links it before the library, and runs
the simulation and the cases of worker and aggregation. A bug that nothing catches fails this. It takes minutes, so without QUIRE_LONG=1
it only looks whether each can still be planted.
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
    "a claim asks for no epoch and no lease": [
        ("work/work_lease.c", 'q__if_number("epoch", work->epoch),\n\t\t{.kind = Q_IF_UNSET', "{.kind = Q_IF_UNSET"),
        ("work/work_lease.c", "- !is_claim", "- 1")],
    "a renewal may come after the end": [
        ("work/work_lease.c", ',\n\t\t{.kind = Q_IF_UNSET, .name = Q_STR("done")},', ",")],
    "a page asks for no run": [
        ("work/page_commit.c", "Q_IF_NOT_EQUAL, Q_STR(\"run\"),", "Q_IF_UNSET, Q_STR(\"never\"),")],
    "a page is counted before its condition": [
        ("work/page_commit.c", PAGE_TRANSACT,
         "code = q_record_store_write(d->o.records, call, &writes[0], NULL, NULL, err);\n\tif (code)\n\t\treturn code;\n\t"
         + PAGE_TRANSACT.replace("writes, 1 +", "writes + 1,"))],
    "an edge loses the due mark": [
        ("jobs/job.c", "if (edge->due_at_ms > 0)", "if (edge->due_at_ms > 0 && edge->to != Q_JOB_AGGREGATING)")],
    "nobody sets the mark of a tenant again": [
        ("jobs/job.c", "writes[count++] = q__ready_tenant_write(arena, job->tenant_id);", ""),
        ("work/sweeper.c", "writes, Q_COUNT_OF(writes), NULL, err);", "writes, 1, NULL, err);")],
    "a takeover does not look for stored pages": [
        ("work/worker.c", "code = q__pages_done(d, call, range, arena, done, err);", "code = Q_OK;")],
    "an aggregation is never taken over": [
        ("work/aggregate.c", "(job->aggregate_until_ms <= q__now(d) ||", "(")],
    "an aggregation does not look whether another ended the job": [
        ("work/aggregate.c", "job->aggregate_until_ms != until))", "job->aggregate_until_ms != until) && false)")],
    "a range is finished before its last page": [
        ("work/worker.c", "is_finished = !held->is_lost && q__held_is_done(held);", "is_finished = !held->is_lost && code == Q_OK;"),
        ("work/sweeper.c", "code = mend_range(d, call, &ranges[i], arena, err);", "code = Q_OK;"),
        ("work/sweeper.c", "static enum q_code mend_range", "__attribute__((unused)) static enum q_code mend_range")],
    "a page of an old run is counted in the new one": [
        ("work/page_commit.c", 'q__if_number("run", batch->range->run),', ""),
        ("work/page_commit.c", "|| job->view.run != range->run))", "))")],
    "a new run that was interrupted is not gone on with": [
        ("work/sweeper.c", "enum q_code code = q__ranges_open(d, call, &job->view, arena, &opened, err);", "enum q_code code = Q_OK;\n\topened = 0;")],
    "pages that failed stay counted in the new run": [
        ("jobs/retry.c", 'q__change_number("failedPages", 0), ', "")],
    "a notice is dropped before its deliveries": [
        ("webhooks/announce.c", "\tif (!code)\n\t\tcode = tell_webhooks(",
         "\tif (!code)\n\t\tcode = q_record_store_write(d->o.records, call, &removal, NULL, NULL, err);\n\tif (!code)\n\t\tcode = tell_webhooks(")],
    "a refusal counts as delivered": [
        ("webhooks/attempt.c", "out->is_delivered = response->status / 100 == 2;", "out->is_delivered = response->status < 500;")],
    "a receiver that has gone is not disabled": [
        ("webhooks/attempt.c", "if (outcome->is_gone)", "if (outcome->is_gone && d->o.workers == 0)")],
    "a queue forgets what is to be tried again": [
        ("webhooks/attempt.c", 'q__change_add("finished", outcome->next_ms ? 0 : 1)', 'q__change_add("finished", 1)')],
    "an attempt is recorded whatever others have recorded meanwhile": [
        ("webhooks/attempt.c", ".condition_count = Q_COUNT_OF(w->as_read)}", ".condition_count = 0}"),
        ("webhooks/attempt.c", ".conditions = &w->is_ours,\n\t\t\t\t       .condition_count = 1}", ".conditions = &w->is_ours}")],
    "retention takes contracts": [
        ("jobs/retention.c", 'if (q_str_equal(kind, Q_STR("contract")))\n\t\treturn;', "(void)kind;")],
    "retention takes what is a day too young": [
        ("jobs/retention.c", "q__now(d) - days * DAY_MS", "q__now(d) - (days - 1) * DAY_MS")],
    "an upload may end twice": [
        ("uploads/direct_upload_end.c", ".conditions = is_open,\n\t\t\t\t.condition_count = 1}", ".conditions = is_open}")],
    "an upload that ends stays counted": [
        ("uploads/direct_upload_end.c", "{.direct_uploads = -1}", "{.direct_uploads = 0}")],
    "the digest of an upload is not looked at": [
        ("uploads/direct_upload_end.c", "*refusal = &wrong_hash;", "*refusal = NULL;")],
    "what was refused stays in the store": [
        ("uploads/direct_upload_end.c", "remove_copy(d, call, &upload->job, arena, err) : code;", "Q_OK : code;"),
        ("uploads/direct_upload_end.c", "static enum q_code remove_copy", "__attribute__((unused)) static enum q_code remove_copy")],
    "parts that were joined before are missing for ever": [
        ("uploads/direct_upload_end.c", "if (code == Q_NOTFOUND) /* joined", "if (false) /* joined")],
    "the sweeper believes what an index shows": [
        ("work/sweeper.c", "if (!code && q_job_status_is_final(job.view.status))\n\t\treturn Q_OK;", "")],
}


def commands(target):
    """The commands that build the target, its link last."""
    return subprocess.run(["ninja", "-C", BUILD, "-t", "commands", target], check=True, capture_output=True,
                          text=True).stdout.strip().split("\n")


def plant(changes):
    """The changed files' texts by name; None where one does not hold what is to be changed."""
    texts = {}
    for name, old, new in changes:
        text = texts.get(name) or (SOURCE / "src/documents" / name).read_text()
        if old not in text:
            print(f"# {name} holds no {old!r}")
            return None
        texts[name] = text.replace(old, new)
    return texts


def compile_planted(texts, where):
    """Objects of the changed files."""
    objects = []
    entries = {entry["file"].rsplit("src/documents/", 1)[-1]: entry
               for entry in json.loads((BUILD / "compile_commands.json").read_text())
               if "src/documents/" in entry["file"]}
    for name, text in texts.items():
        planted, made = where / name, where / (name + ".o")
        planted.parent.mkdir(parents=True, exist_ok=True)
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
chosen = {bug: changes for bug, changes in BUGS.items() if " ".join(sys.argv[3:]) in bug}
print(f"1..{len(chosen)}")
ok = True
for number, (bug, changes) in enumerate(chosen.items(), 1):
    texts = plant(changes)
    if texts is None or "QUIRE_LONG" not in os.environ:
        caught, what = texts is not None, "can be planted" if texts else "can't be planted any more"
    else:
        with tempfile.TemporaryDirectory() as directory:
            planted = compile_planted(texts, pathlib.Path(directory))
            caught = [program for program in PROGRAMS if is_caught(program, planted, pathlib.Path(directory))]
        what = f"caught by {', '.join(caught) or 'nothing'}"
    print(f"{'ok' if caught else 'not ok'} {number} - {bug}: {what}", flush=True)
    ok = ok and bool(caught)
sys.exit(0 if ok else 1)
