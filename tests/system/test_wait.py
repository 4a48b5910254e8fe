"""`Prefer: wait=N` on a job: the answer comes when there is something new to see."""
import threading
import time

from pdf_maker import agreement, padded, pdf


def start(client, pages=150):
    answer = client.upload(padded(pdf(*(agreement(number) for number in range(1, pages + 1))), 6 << 20) + b"%%%d" % time.monotonic_ns())
    assert answer.status == 202, answer
    return answer.json["fileId"]


def test_each_answer_shows_another_status_until_the_end(admin):
    file_id = start(admin)
    seen, began = [admin.job(file_id)["status"]], time.monotonic()
    while seen[-1] not in ("completed", "failed"):
        answer = admin.get(f"/api/jobs/{file_id}", Prefer="wait=20")
        assert answer.headers["Preference-Applied"] == "wait=20"
        seen.append(answer.json["status"])
    assert seen[-1] == "completed" and len(seen) <= 6 and time.monotonic() - began < 60
    assert all(before != after for before, after in zip(seen[1:], seen[2:]))


def test_job_at_its_end_is_answered_at_once(admin):
    file_id = admin.upload(pdf(agreement())).json["fileId"]
    began = time.monotonic()
    answer = admin.get(f"/api/jobs/{file_id}", Prefer="wait=30")
    assert answer.json["status"] == "completed" and time.monotonic() - began < 5
    again = admin.get(f"/api/jobs/{file_id}", Prefer="wait=30", If_None_Match=answer.headers["ETag"])
    assert again.status == 304 and time.monotonic() - began < 5


def test_etag_is_waited_for_to_change(admin):
    file_id = start(admin)
    etag = admin.get(f"/api/jobs/{file_id}").headers["ETag"]
    answer = admin.get(f"/api/jobs/{file_id}", Prefer="wait=20", If_None_Match=etag)
    assert answer.status == 200 and answer.headers["ETag"] != etag
    admin.wait_for_end(file_id)


def test_longest_wait_is_thirty_seconds(admin):
    file_id = admin.upload(pdf(agreement())).json["fileId"]
    assert admin.get(f"/api/jobs/{file_id}", Prefer="wait=3600").headers["Preference-Applied"] == "wait=30"
    assert "Preference-Applied" not in admin.get(f"/api/jobs/{file_id}", Prefer="respond-async").headers


def test_unknown_job_is_not_waited_for(admin):
    began = time.monotonic()
    assert admin.get("/api/jobs/01976b3e-4f1c-7d2a-9a60-3c5b8f1d2e40", Prefer="wait=30").status == 404
    assert time.monotonic() - began < 5


def test_deletion_ends_the_wait(admin):
    file_id = start(admin, 400)
    deleter = threading.Timer(0.3, lambda: admin.delete(f"/api/jobs/{file_id}"))
    deleter.start()
    status = 200
    while status == 200:
        answer = admin.get(f"/api/jobs/{file_id}", Prefer="wait=20")
        status = answer.status
        if status == 200 and answer.json["status"] == "completed":
            break
    deleter.join()
    assert admin.get(f"/api/jobs/{file_id}").status == 404
