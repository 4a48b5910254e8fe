"""The embedded search engine beside a live OpenSearch: documents, puts, deletes and requests are made up, both engines are merged to
one segment, and must give the same totals, ids, order and scores, to the last bit.

    QUIRE_OPENSEARCH=http://... meson test -C build differential      a few rounds against a node that runs
    QUIRE_LONG=1 meson test -C build differential                     many; starts a node where none is named
    QUIRE_SEED=N                                                      that round alone

A difference is shrunk, then printed with its seed, the lines that make the index and the request."""
import json
import os
import random

import pytest

from comparison import difference
from queries import Queries, completion_as_search
from records import MAPPING, History, Vocabulary, batches
from shrinking import shrink_body, shrink_list

ROUNDS = 40 if "QUIRE_LONG" in os.environ else 3
REQUESTS = 200
SHRINKING_SECONDS = 60
SEEDS = [int(os.environ["QUIRE_SEED"])] if "QUIRE_SEED" in os.environ else range(ROUNDS)


class Engines:
    """Both, with an index each of the same history."""

    def __init__(self, node, embedded, index):
        self.node, self.embedded, self.index = node, embedded, index

    def build(self, steps):
        made = batches(steps)
        self.node.build(self.index, MAPPING, "".join(made))
        self.embedded.build(made)

    def differences(self, bodies):
        """(what differs, body) where something does."""
        answers = zip(bodies, self.node.search(self.index, bodies), self.embedded.search(bodies)) if bodies else []
        found = ((self.difference(body, theirs, ours), body) for body, theirs, ours in answers)
        return [(what, body) for what, body in found if what]

    def difference(self, body, theirs, ours):
        found = difference(body, theirs, ours)
        if found and found.startswith("hits") and "highlight" in body:
            found = difference(body, self.highlighted_alone(body, theirs), ours)
        return found

    def highlighted_alone(self, body, answer):
        """OpenSearch's answer with each hit's highlights as they are where it is the only hit: among others, the highlighter may still
        wait for the end of a phrase in the hit before."""
        hits, of_hit = answer["hits"]["hits"], {name: body[name] for name in ("query", "highlight")}
        bodies = [of_hit | {"post_filter": {"ids": {"values": [hit["_id"]]}}} for hit in hits]
        alone = [found["hits"]["hits"][0].get("highlight", {}) for found in self.node.search(self.index, bodies)]
        made = [hit | {"highlight": highlight} for hit, highlight in zip(hits, alone)]
        return answer | {"hits": answer["hits"] | {"hits": made}}


def shrink(engines, steps, what, body):
    """The same sort of difference, smaller."""
    kind = what.partition(":")[0].partition(" ")[0]

    def which_fail(bodies):
        return [smaller for found, smaller in engines.differences(bodies) if found.startswith(kind)]

    def still_fails(fewer):
        engines.build(fewer)
        return bool(which_fail([body]))

    body = shrink_body(body, which_fail, SHRINKING_SECONDS)
    steps = shrink_list(steps, still_fails, SHRINKING_SECONDS)
    engines.build(steps)
    return steps, shrink_body(body, which_fail, SHRINKING_SECONDS)


def story(engines, seed, steps, what, body):
    steps, body = shrink(engines, steps, what, body)
    what = engines.differences([body])[0][0]
    return "\n".join([f"seed {seed}: {what} (OpenSearch's / ours)", json.dumps(body, ensure_ascii=False), "".join(batches(steps))])


def completions_differ(engines, queries):
    """What we complete, where OpenSearch does otherwise."""
    bodies = [queries.completion() for _ in range(REQUESTS // 4)]
    theirs = engines.node.search(engines.index, [completion_as_search(body) for body in bodies])
    for body, their, our in zip(bodies, theirs, engines.embedded.ask("suggest", bodies)):
        expected = [[bucket["key"], bucket["doc_count"]] for bucket in their["aggregations"]["terms"]["buckets"]]
        found = [[option["text"], option["freq"]] for option in our["suggest"][0]["options"]]
        if expected != found:
            yield f"{json.dumps(body, ensure_ascii=False)}: {expected} / {found}"


@pytest.mark.parametrize("seed", SEEDS)
def test_both_engines_answer_alike(node, embedded, seed):
    dice = random.Random(seed)
    vocabulary = Vocabulary(dice)
    steps = History(dice, vocabulary).steps
    engines = Engines(node, embedded, f"differential-{os.getpid()}")
    try:
        engines.build(steps)
        queries = Queries(dice, vocabulary, steps)
        found = engines.differences([queries.request() for _ in range(REQUESTS)])
        if found:
            smallest = min(found, key=lambda pair: len(str(pair[1])))
            pytest.fail(f"{len(found)} of {REQUESTS} differ, such as\n{story(engines, seed, steps, *smallest)}", pytrace=False)
        assert list(completions_differ(engines, queries)) == []
    finally:
        node.delete(engines.index)
