"""Finds the node that the embedded engine is held against, or starts one."""
import os
import subprocess
from pathlib import Path

import pytest

from embedded_index import EmbeddedIndex
from opensearch_node import OpenSearchNode

START = Path(__file__).with_name("opensearch.sh")


def start_node():
    """The URL of a node of our own; leaves the tests out where it cannot be had."""
    ran = subprocess.run([START, "start"], capture_output=True, text=True)
    if ran.returncode:
        pytest.skip(f"no OpenSearch could be started (QUIRE_OPENSEARCH may name one that runs): {ran.stderr.strip()[-300:]}")
    return ran.stdout.strip()


@pytest.fixture(scope="session")
def node():
    url = os.environ.get("QUIRE_OPENSEARCH")
    if not url and "QUIRE_LONG" not in os.environ:
        pytest.skip("needs an OpenSearch: QUIRE_OPENSEARCH names the URL of one that runs, QUIRE_LONG starts one")
    yield OpenSearchNode(url or start_node())
    if not url:
        subprocess.run([START, "stop"], check=True)


@pytest.fixture
def embedded(tmp_path):
    return EmbeddedIndex(tmp_path)
