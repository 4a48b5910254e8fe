"""What the stories share: a server for each file, and more where a case needs its own."""
import pytest

from pdf_maker import MARK
from quire_server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all cases of a file. A case leaves it as it found it, but for more documents."""
    server = Server(tmp_path_factory.mktemp("server") / "data")
    server.secrets.add(MARK)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_server(tmp_path):
    """Makes servers of the case's own: new_server(*settings, variables=..., name=...) starts one."""
    servers = []

    def start(*settings, variables=None, name="data", **process_options):
        server = Server(tmp_path / name, *settings, variables=variables,
                        log_path=tmp_path / f"{str(name).replace('/', '-')}.log", **process_options)
        server.secrets.add(MARK)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def admin(server):
    return server.client()
