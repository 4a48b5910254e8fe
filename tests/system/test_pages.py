"""The pages of a job: each one's state, attempts, time and error, from before the start to after a restart."""
import uuid

from pdf_maker import agreement, padded, pdf
from quire_program import quire


def all_pages(client, file_id, limit=100):
    pages, cursor = [], ""
    while True:
        answer = client.get(f"/api/jobs/{file_id}/pages?limit={limit}{cursor}")
        assert answer.status == 200, answer
        pages += answer.json["items"]
        if "nextCursor" not in answer.json:
            return pages
        cursor = f"&cursor={answer.json['nextCursor']}"


def test_every_page_of_a_finished_job_is_listed_in_parts(admin):
    file_id = admin.upload(pdf(*(agreement(number) for number in range(1, 24)))).json["fileId"]
    pages = all_pages(admin, file_id, 10)
    assert [page["pageNumber"] for page in pages] == list(range(1, 24))
    for page in pages:
        assert (page["status"], page["run"], page["attempts"], page["flags"]) == ("completed", 1, 1, [])
        assert page["finishedAt"]


def test_pages_that_are_not_done_are_listed_as_pending(admin):
    content = padded(pdf(*(agreement(number) for number in range(1, 301))), 6 << 20)
    file_id = admin.upload(content).json["fileId"]
    while admin.job(file_id)["progress"]["total"] == 0:
        pass
    admin.post(f"/api/jobs/{file_id}/cancel")
    pages, done = all_pages(admin, file_id), admin.job(file_id)["progress"]["processed"]
    assert len(pages) == 300
    assert sum(page["status"] == "completed" for page in pages) == done < 300
    assert all(page["attempts"] == 0 and "finishedAt" not in page for page in pages if page["status"] == "pending")


def test_uncounted_pages_are_none(admin):
    file_id = admin.upload(b"%PDF-1.7 that is none").json["fileId"]
    assert all_pages(admin, file_id) == []


def test_pages_are_the_same_after_a_restart(new_server):
    server = new_server()
    file_id = server.client().upload(pdf(*(agreement(number) for number in range(1, 6)))).json["fileId"]
    before = all_pages(server.client(), file_id)
    server.kill()
    server.start()
    assert all_pages(server.client(), file_id) == before


def test_foreign_and_unknown_jobs_answer_alike(server, admin):
    file_id = admin.upload(pdf(agreement())).json["fileId"]
    other = server.client(tenant="other")
    foreign, unknown = (other.get(f"/api/jobs/{id}/pages", X_Request_Id="same") for id in (file_id, uuid.uuid4()))
    assert foreign.status == 404 and foreign.body == unknown.body
    cursor = admin.get(f"/api/jobs/{file_id}/pages?limit=1").json.get("nextCursor", "x")
    assert admin.get(f"/api/jobs/{uuid.uuid4()}/pages?cursor={cursor}").code in ("bad_cursor", "not_found")


def test_command_line_stops_retries_shows_and_deletes(server, admin):
    def jobs(*words):
        return quire("jobs", *words, variables={"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token()})
    content = padded(pdf(*(agreement(number) for number in range(1, 101))), 6 << 20)
    file_id = admin.upload(content).json["fileId"]
    assert '"cancelled"' in jobs("cancel", file_id).stdout
    assert '"run":2' in jobs("retry", file_id).stdout.replace(" ", "")
    admin.wait_for_end(file_id)
    shown = jobs("show", file_id, "--pages")
    assert shown.returncode == 0 and len(shown.stdout.splitlines()) == 101, shown
    assert jobs("retry", file_id).returncode == 1
    assert jobs("delete", file_id).returncode == 0
    assert jobs("show", file_id).returncode == 4
    assert jobs("delete", file_id).returncode == 4
