"""Documents that are older than their tenant keeps them go by themselves, and the log says so."""
import sqlite3

from pdf_maker import agreement, pdf
from quire_server import wait_until


def make_old(server, file_ids):
    """Puts the documents' place in the list of their tenant back to 1970: what is not read is left as it is."""
    with sqlite3.connect(server.data_dir / "quire.db") as database:
        for file_id in file_ids:
            done = database.execute("UPDATE items SET index1_sk = ? WHERE pk = ? AND sk = 'METADATA'",
                                    (f"FILE#{0:013}#{file_id}", f"FILE#{file_id}"))
            assert done.rowcount == 1
    database.close()


def test_old_documents_go_and_contracts_stay(new_server):
    server = new_server()
    client = server.client()
    old, young = (client.upload(pdf(agreement(number))).json["fileId"] for number in (1, 2))
    contract = client.upload(pdf(agreement(3)), fields={"kind": "contract"}).json["fileId"]
    server.stop()
    make_old(server, [old, contract])
    server.start()
    client = server.client()
    wait_until(lambda: client.get(f"/api/jobs/{old}").status == 404, "the old document is deleted")
    assert client.job(young)["status"] == client.job(contract)["status"] == "completed"
    wait_until(lambda: not [path for path in server.stored_files() if old in path], "its files are gone")
    assert server.internal_admin().get("/admin/tenants/default").json["usage"]["documents"] == 2
    line, = (line for line in server.log_lines() if line["event"] == "document.deleted")
    assert (line["fileId"], line["cause"]) == (old, "retention")
    metrics = server.anonymous().get("/metrics").body.decode()
    assert 'documents_deleted_total{cause="retention"} 1' in metrics
