"""Real and hostile PDFs, all of a corpus that is kept beside the project: every good one completes with its pages, every bad one ends with a
typed error or a partial result, and the server lives."""
import concurrent.futures
import csv

import pytest

from pdf_maker import agreement, pdf
from quire_program import SHARED

CORPUS = SHARED / "data" / "pdfs"
ENDS = {"malformed_pdf", "password_required", "unsupported_type", "too_many_pages", "too_large", "page_timeout", "page_crashed",
        "no_page_succeeded"}

if not CORPUS.is_dir():
    pytest.skip(f"there is no corpus at {CORPUS}; QUIRE_SHARED names the directory that holds data/pdfs", allow_module_level=True)

ROWS = list(csv.DictReader((CORPUS / "manifest.tsv").open(), delimiter="\t"))


@pytest.fixture(scope="module")
def endings(server):
    """What became of each file: (answer of the upload, job or None)."""
    def upload(row):
        client = server.client()
        answer = client.upload((CORPUS / row["file"]).read_bytes(), row["file"].rpartition("/")[2])
        job = client.wait_for_end(answer.json["fileId"]) if answer.status in (200, 202) else None
        return row["file"], (answer, job)
    server.client()  # makes the token that all share
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(pool.map(upload, ROWS))


@pytest.mark.parametrize("row", [row for row in ROWS if row["file"].startswith("good/")], ids=lambda row: row["file"])
def test_good_document_completes_with_its_pages(endings, row):
    answer, job = endings[row["file"]]
    assert job, answer
    if row["password"] != "-":
        assert (job["status"], job["error"]["code"]) == ("failed", "password_required"), row
        return
    pages = int(row["pages"])
    assert (job["status"], job["progress"]) == ("completed", {"processed": pages, "total": pages, "failed": 0}), job


@pytest.mark.parametrize("row", [row for row in ROWS if row["file"].startswith("bad/")], ids=lambda row: row["file"])
def test_bad_document_ends_with_a_typed_error_or_what_could_be_read(endings, row):
    answer, job = endings[row["file"]]
    if job is None:
        assert (answer.status, answer.code) in ((415, "unsupported_type"), (400, "empty_file")), answer
    elif job["status"] == "failed":
        assert job["error"]["code"] in ENDS, job
    else:
        progress = job["progress"]
        assert job["status"] == "completed" and progress["processed"] >= 1, job
        assert progress["processed"] + progress["failed"] == progress["total"], job


def test_server_lives_and_works_afterwards(server, endings):
    assert server.anonymous().get("/ready").json["status"] == "ready"
    assert server.client().upload(pdf(agreement())).json["status"] == "completed"
