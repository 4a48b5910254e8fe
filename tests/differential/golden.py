"""What a real node answered to made-up requests, kept so that every run of the tests holds the embedded engine against it.

    golden.py URL SEED ...     asks the node and writes tests/fixtures/search/golden-SEED.ndjson.xz

The first line of a file is the history (records.py), each other one a request and the node's answer, stripped to what is compared."""
import json
import lzma
import random
import sys
from pathlib import Path

from opensearch_node import OpenSearchNode
from queries import Queries
from records import MAPPING, History, Vocabulary, batches

FOLDER = Path(__file__).parents[1] / "fixtures" / "search"
REQUESTS, HITS_MAX = 400, 12


def stripped(answer):
    """As comparison.py reads it."""
    if "error" in answer:
        return {"error": {name: answer["error"][name] for name in ("root_cause", "reason") if name in answer["error"]}}
    hits = answer["hits"]
    kept = {"total": hits["total"], "hits": [{name: hit[name] for name in hit if name not in ("_index", "_type")} for hit in hits["hits"]]}
    return {"hits": kept} | {name: answer[name] for name in ("aggregations", "suggest") if name in answer}


def requests(queries):
    """Of a moderate size, and such as mean the same on every day."""
    made = []
    while len(made) < REQUESTS:
        body = queries.request()
        if "now" not in json.dumps(body):
            made.append(body | {"size": min(body.get("size", 10), HITS_MAX)})
    return made


def record(node, seed):
    dice = random.Random(seed)
    vocabulary = Vocabulary(dice)
    steps = History(dice, vocabulary).steps
    bodies = requests(Queries(dice, vocabulary, steps))
    index = f"golden-{seed}"
    node.build(index, MAPPING, "".join(batches(steps)))
    answers = node.search(index, bodies)
    node.delete(index)
    with lzma.open(FOLDER / f"golden-{seed}.ndjson.xz", "wt", preset=9) as file:
        print(json.dumps(steps), file=file)
        for body, answer in zip(bodies, answers):
            print(json.dumps([body, stripped(answer)]), file=file)


def read(path):
    """(history, requests, answers)"""
    with lzma.open(path, "rt") as file:
        steps, *pairs = map(json.loads, file)
    return steps, [body for body, _ in pairs], [answer for _, answer in pairs]


if __name__ == "__main__":
    for seed in sys.argv[2:]:
        record(OpenSearchNode(sys.argv[1]), int(seed))
