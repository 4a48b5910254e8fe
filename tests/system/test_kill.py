"""kill -9: nothing that was acknowledged is lost or done twice, everything ends, and only what is missing is done again.
QUIRE_SEED repeats a run's choices (not the machine's timing); QUIRE_LONG makes it 1,000 kills under load."""
import contextlib
import os
import random
import time

import pytest

from database import Database
from mixed_followers import LOOPBACK
from mixed_load import Load, counts
from pdf_maker import agreement, pdf
from quire_client import metric
from quire_server import wait_until

KILLS = 1000 if os.environ.get("QUIRE_LONG") else 25
MOMENT_S_MAX = 1.2
SEED = int(os.environ.get("QUIRE_SEED", os.getpid()))


def test_kills_under_load_lose_nothing_and_repeat_nothing(new_server):
    print(f"QUIRE_SEED={SEED}")
    server, dice = new_server("--file-size-threshold-mb", "1", variables=LOOPBACK), random.Random(SEED)
    load = Load(server, SEED).start()
    for _ in range(KILLS):
        time.sleep(dice.uniform(0, MOMENT_S_MAX))
        server.kill()
        server.start()
    load.finish()
    print(f"{KILLS} kills, {len(load.documents)} documents, {load.unanswered} calls unanswered; {load.followers}")


def test_upload_that_a_kill_interrupts_leaves_nothing_behind(new_server):
    server = new_server()
    client = server.client()
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(client.open_socket())
        peer.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {client.headers['Authorization']}\r\n"
                     "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n".encode())
        peer.sendall(b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n" + pdf(agreement()) + b"%" * 200_000)
        wait_until(lambda: server.stored_files(), "the upload has begun")
        server.kill()
    server.start()
    assert server.client().get("/api/jobs").json["items"] == []
    wait_until(lambda: server.stored_files() == [], "what was begun is swept away")


# --- What is done again -----------------------------------------------------------------------------

PAGES, RANGE_PAGES = 100, 50


def page_of_lines(number, attempt):
    return "\n".join(f"{agreement(number)} {attempt}.{line}" for line in range(12))


def times_done(server, stage):
    """By this life of the server."""
    return metric(server.anonymous().get("/metrics").body.decode(), "page_duration_seconds_count", stage=stage)


def kill_at(server, file_id, page):
    """What has been stored then: the number of pages, and of ranges that have their text."""
    client = server.client()
    wait_until(lambda: client.job(file_id)["progress"]["processed"] >= page, f"{page} pages are done", every_s=0.001)
    server.kill()
    database = Database(server.data_dir)
    return (sum(item.id == file_id for item in database.items("PAGE#")),
            sum(item.id == file_id and "textKey" in item for item in database.items("RANGE#")))


@pytest.mark.parametrize("page", [1, 60])
def test_kill_in_the_middle_has_only_missing_pages_done_again(new_server, page):
    server = new_server("--worker-concurrency", "2", "--file-size-threshold-mb", "0")
    for attempt in range(10):  # until a kill comes before the last page
        content = pdf(*(page_of_lines(number, attempt) for number in range(1, PAGES + 1)))
        file_id = server.client().upload(content).json["fileId"]
        stored, ranges = kill_at(server, file_id, page)
        server.start()
        job = server.client().wait_for_end(file_id)
        assert (job["status"], job["progress"]) == ("completed", counts(PAGES))
        results = server.client().get(f"/api/jobs/{file_id}/results").json
        assert [chunk["pageNumber"] for chunk in results["chunks"]] == list(range(1, PAGES + 1))
        assert f"No. {PAGES}\n" in server.client().get(f"/api/jobs/{file_id}/pages/{PAGES}").json["text"].replace("\r", "")
        assert (times_done(server, "analyse"), times_done(server, "extract")) == (PAGES - stored, PAGES / RANGE_PAGES - ranges)
        if page <= stored < PAGES:
            return
    pytest.fail("no kill came in time")
