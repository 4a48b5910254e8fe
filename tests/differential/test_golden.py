"""The requests of golden.py: what OpenSearch 3.9 answered to them, the embedded engine answers."""
import json

import pytest

from comparison import difference
from golden import FOLDER, read
from records import batches

FILES = sorted(FOLDER.glob("golden-*.ndjson.xz"))


@pytest.mark.parametrize("path", FILES, ids=[path.name.split(".")[0] for path in FILES])
def test_answers_are_those_of_opensearch(embedded, path):
    steps, bodies, expected = read(path)
    embedded.build(batches(steps))
    found = [(difference(body, theirs, ours), json.dumps(body, ensure_ascii=False))
             for body, theirs, ours in zip(bodies, expected, embedded.search(bodies))]
    assert bodies and [pair for pair in found if pair[0]] == []


def test_there_are_golden_requests():
    assert FILES
