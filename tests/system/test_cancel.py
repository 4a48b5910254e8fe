"""Stopping a job: from any state, once and again, and by nobody else."""
import uuid

from pdf_maker import agreement, padded, pdf


def start(client, pages=400):
    """A document that takes a while, and is not waited for."""
    answer = client.upload(padded(pdf(*(agreement(number) for number in range(1, pages + 1))), 6 << 20))
    assert answer.status == 202, answer
    return answer.json["fileId"]


def test_running_job_is_cancelled_and_stays_so(admin):
    file_id = start(admin)
    first = admin.post(f"/api/jobs/{file_id}/cancel")
    assert (first.status, first.json["status"]) == (200, "cancelled"), first
    second = admin.post(f"/api/jobs/{file_id}/cancel")
    assert (second.status, second.json) == (200, first.json)
    assert admin.job(file_id)["progress"]["processed"] < 400
    assert admin.get(f"/api/jobs/{file_id}/results").code == "no_results"


def test_next_document_has_the_workers_to_itself(admin):
    before = start(admin)
    assert admin.post(f"/api/jobs/{before}/cancel").status == 200
    progress = admin.job(before)["progress"]
    assert admin.upload(pdf(agreement())).json["status"] == "completed"
    assert admin.job(before)["progress"] == progress


def test_job_that_has_ended_is_not_cancelled(admin):
    file_id = admin.upload(pdf(agreement())).json["fileId"]
    answer = admin.post(f"/api/jobs/{file_id}/cancel")
    assert (answer.status, answer.code) == (409, "job_ended")
    assert admin.job(file_id)["status"] == "completed"


def test_list_shows_cancelled_jobs(admin):
    file_id = start(admin)
    admin.post(f"/api/jobs/{file_id}/cancel")
    listed = admin.get("/api/jobs?status=cancelled").json["items"]
    assert file_id in [job["fileId"] for job in listed]


def test_cancelled_job_is_so_after_a_restart(new_server):
    server = new_server()
    file_id = start(server.client())
    assert server.client().post(f"/api/jobs/{file_id}/cancel").status == 200
    server.kill()
    server.start()
    assert server.client().job(file_id)["status"] == "cancelled"


def test_foreign_and_unknown_jobs_answer_alike(server, admin):
    file_id = start(admin)
    other = server.client(tenant="other")
    foreign, unknown = (other.post(f"/api/jobs/{id}/cancel", X_Request_Id="same") for id in (file_id, uuid.uuid4()))
    assert foreign.status == 404 and foreign.body == unknown.body
    assert server.internal_admin().post(f"/api/jobs/{file_id}/cancel").status == 200


def test_readers_may_not_cancel(server, admin):
    file_id = start(admin)
    for reader in (server.client("auditor"), server.client("auditor", "platform", "internal")):
        assert reader.post(f"/api/jobs/{file_id}/cancel").status == 403
    assert admin.post(f"/api/jobs/{file_id}/cancel").status == 200
