"""A new run of a job that has ended: only what is missing is done again."""
import uuid

from pdf_maker import agreement, padded, pdf
from quire_server import wait_until


def start(client, pages=300):
    answer = client.upload(padded(pdf(*(agreement(number) for number in range(1, pages + 1))), 6 << 20))
    assert answer.status == 202, answer
    return answer.json["fileId"]


def cancel_midway(client, file_id, pages=5):
    wait_until(lambda: client.job(file_id)["progress"]["processed"] >= pages, "pages are done")
    answer = client.post(f"/api/jobs/{file_id}/cancel")
    assert answer.status == 200, answer
    return answer.json


def pages_analysed(server):
    text = server.anonymous().get("/metrics").body.decode()
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines()
               if line.startswith('pages_processed_total{') and 'status="completed"' in line)


def test_cancelled_job_is_taken_up_where_it_stood(new_server):
    server = new_server()
    client = server.client()
    file_id = start(client)
    stopped = cancel_midway(client, file_id)
    again = client.post(f"/api/jobs/{file_id}/retry")
    assert (again.status, again.json["run"], again.json["status"]) == (202, 2, "processing"), again
    assert again.json["progress"]["failed"] == 0
    assert again.json["progress"]["processed"] >= stopped["progress"]["processed"]
    job = client.wait_for_end(file_id)
    assert (job["status"], job["run"]) == ("completed", 2)
    assert job["progress"] == {"processed": 300, "total": 300, "failed": 0}
    wait_until(lambda: pages_analysed(server) >= 300, "the last page is counted")
    assert pages_analysed(server) == 300  # none was stored twice
    results = client.get(f"/api/jobs/{file_id}/results").json
    assert (results["run"], results["successCount"]) == (2, 300)
    assert [chunk["pageNumber"] for chunk in results["chunks"]] == list(range(1, 301))


def test_new_run_survives_a_kill(new_server):
    server = new_server()
    client = server.client()
    file_id = start(client)
    cancel_midway(client, file_id)
    assert client.post(f"/api/jobs/{file_id}/retry").status == 202
    server.kill()
    server.start()
    job = server.client().wait_for_end(file_id)
    assert (job["status"], job["run"], job["progress"]["processed"]) == ("completed", 2, 300)


def test_what_failed_as_a_whole_fails_again_in_a_new_run(admin):
    file_id = admin.upload(b"%PDF-1.7 and nothing more").json["fileId"]
    assert admin.job(file_id)["status"] == "failed"
    assert admin.post(f"/api/jobs/{file_id}/retry").json["status"] == "pending"
    job = admin.wait_for_end(file_id)
    assert (job["status"], job["run"], job["error"]["code"]) == ("failed", 2, "malformed_pdf")


def test_job_without_anything_to_redo_is_refused(admin):
    file_id = admin.upload(pdf(agreement())).json["fileId"]
    answer = admin.post(f"/api/jobs/{file_id}/retry")
    assert (answer.status, answer.code) == (409, "nothing_to_retry")
    assert admin.job(file_id)["run"] == 1


def test_running_job_is_refused(admin):
    file_id = start(admin, 100)
    answer = admin.post(f"/api/jobs/{file_id}/retry")
    assert (answer.status, answer.code) == (409, "job_not_ended")
    admin.wait_for_end(file_id)


def test_foreign_and_unknown_jobs_answer_alike(server, admin):
    file_id = admin.upload(b"%PDF-1.7 and nothing more either").json["fileId"]
    other = server.client(tenant="other")
    foreign, unknown = (other.post(f"/api/jobs/{id}/retry", X_Request_Id="same") for id in (file_id, uuid.uuid4()))
    assert foreign.status == 404 and foreign.body == unknown.body
    assert server.client("auditor").post(f"/api/jobs/{file_id}/retry").status == 403
