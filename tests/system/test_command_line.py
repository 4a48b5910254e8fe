"""The program as people and scripts use it: exit codes, JSON lines, the terminal."""
import contextlib
import json
import os
import pty
import re
import subprocess

import pytest

from pdf_maker import agreement, padded, pdf
from quire_program import PATIENCE_S, PROGRAM, environment, quire

DONE, FAILED, USAGE, REFUSED, NOTFOUND, UNREACHABLE, PARTLY = range(7)
NOBODY_ID = "01976b3e-4f1c-7d2a-9a60-3c5b8f1d2e40"


@pytest.fixture
def run(server):
    """Runs a client command against the server, as an admin of the tenant `default` where nothing else is said."""
    def run(*words, token=None, **options):
        variables = {"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token() if token is None else token}
        return quire(*words, variables=variables, **options)
    return run


@pytest.fixture
def files(tmp_path):
    """Two documents that are good and one that is not."""
    for name, content in [("a.pdf", pdf(agreement(1))), ("b c.pdf", pdf(agreement(2), agreement(3))), ("bad.pdf", b"%PDF-1.4 broken")]:
        (tmp_path / name).write_bytes(content)
    return tmp_path


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- Exit codes -------------------------------------------------------------------------------------


def test_0_where_all_is_done(run, files):
    done = run("upload", files / "a.pdf", files / "b c.pdf", "--wait")
    assert done.returncode == DONE, done.stderr
    assert [(job["fileName"], job["status"]) for job in lines(done)] == [("a.pdf", "completed"), ("b c.pdf", "completed")]


def test_1_where_no_document_could_be_worked_through(run, files):
    assert run("upload", files / "bad.pdf", "--wait").returncode == FAILED


def test_6_where_some_could(run, files):
    done = run("upload", files / "a.pdf", files / "bad.pdf", "--wait")
    assert done.returncode == PARTLY
    assert [job["status"] for job in lines(done)] == ["completed", "failed"]


@pytest.mark.parametrize("words", [("upload",), ("jobs", "fly"), ("jobs", "show"), ("jobs", "ls", "x"), ("upload", "--colour", "red"),
                                   ("key", "revoke"), ("token",), ("token", "root"), ("nonsense",), ("config", "x"), ("serve", "x"),
                                   ("tenant", "show"), ("jobs", "--limit")])
def test_2_where_it_is_used_wrongly(run, words):
    done = run(*words)
    assert done.returncode == USAGE and done.stdout == "" and done.stderr.startswith("quire"), done


def test_3_where_it_is_refused(run, files):
    for done in (run("jobs", token="x.y.z"), run("jobs", token=""), run("key", "ls"), run("tenant", "ls")):
        assert done.returncode == REFUSED and done.stdout == "" and len(done.stderr.splitlines()) == 1, done


def test_4_where_it_is_not_there(run):
    for action in ("show", "results", "download"):
        assert run("jobs", action, NOBODY_ID).returncode == NOTFOUND


def test_5_where_no_server_answers():
    done = quire("jobs", variables={"QUIRE_URL": "http://127.0.0.1:9", "QUIRE_TOKEN": "x"})
    assert done.returncode == UNREACHABLE and "QUIRE_URL" in done.stderr


def test_file_that_is_not_there_is_named(run, tmp_path):
    done = run("upload", tmp_path / "missing.pdf")
    assert done.returncode in (FAILED, NOTFOUND) and "missing.pdf" in done.stderr


# --- What it prints ---------------------------------------------------------------------------------


def test_pipe_gets_json_lines_without_escapes(run, files):
    run("upload", files / "a.pdf", "--wait")
    for done in (run("jobs"), run("jobs", "--json")):
        assert done.returncode == DONE and done.stderr == ""
        assert all(job["fileId"] for job in lines(done)) and "\x1b" not in done.stdout


def test_keys_and_tenants_are_json_lines_in_a_pipe(server):
    boss = {"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token("admin", "platform", "internal")}
    key = quire("key", "create", "--name", "scanner", variables=boss)
    server.secrets.add(key.stdout.strip())
    assert key.returncode == DONE and key.stdout.startswith("qk_")
    assert [item["name"] for item in lines(quire("key", "ls", variables=boss))] == ["scanner"]
    assert quire("key", "revoke", key.stdout.split("_")[1], variables=boss).returncode == DONE
    assert quire("tenant", "set", "north", "--name", "North", "--locations", "a,b", variables=boss).returncode == DONE
    assert lines(quire("tenant", "ls", variables=boss))[0]["locationIds"] == ["a", "b"]


def test_results_and_download_are_the_manifest(run, files, tmp_path):
    file_id = lines(run("upload", files / "b c.pdf", "--wait"))[0]["fileId"]
    results, target = run("jobs", "results", file_id), tmp_path / "manifest.json"
    assert run("jobs", "download", file_id, "--output", target).returncode == DONE
    assert json.loads(results.stdout) == json.loads(target.read_text())
    assert json.loads(results.stdout)["totalPages"] == 2
    assert lines(run("jobs", "show", file_id))[0]["fileId"] == file_id


def on_terminal(*words, variables):
    """Runs a command whose output is a terminal; what it wrote there, and its exit code."""
    master, slave = pty.openpty()
    process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=slave, stdout=slave, stderr=slave, env=environment(variables))
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal ends with its last writer
        while piece := os.read(master, 65536):
            shown += piece
    os.close(master)
    return shown.decode(), process.wait(PATIENCE_S)


def test_terminal_gets_a_bar_and_a_table(server, tmp_path):
    document = tmp_path / "long.pdf"
    document.write_bytes(padded(pdf(*[agreement(number) for number in range(150)]), 6 << 20))
    variables = {"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token(), "TERM": "xterm"}
    shown, exit_code = on_terminal("upload", document, "--wait", variables=variables)
    assert exit_code == DONE
    assert re.search(r"\d+/150 pages  [\d.]+ pages/s", shown) and "\x1b[32m" in shown
    assert "FILE ID" in shown and "150/150" in shown and "{" not in shown
    plain, _ = on_terminal("jobs", variables=variables | {"NO_COLOR": "1"})
    assert "FILE ID" in plain and "\x1b" not in plain
    as_json, _ = on_terminal("jobs", "--json", variables=variables)
    assert all(json.loads(line) for line in as_json.splitlines())


def test_name_with_escapes_does_not_reach_the_terminal(server):
    server.client().upload(pdf(agreement()), "a\u009b31mb\u202ec\u2028d.pdf")
    shown, _ = on_terminal("jobs", variables={"QUIRE_URL": server.url, "QUIRE_TOKEN": server.token(), "NO_COLOR": "1"})
    assert "a?31mb?c?d.pdf" in shown and "\x1b" not in shown


# --- Commands of their own --------------------------------------------------------------------------


def test_help_and_version_name_every_command():
    version = quire("version")
    assert version.returncode == DONE and re.search(r"\d+\.\d+\.\d+", version.stdout)
    text = quire("help")
    assert text.returncode == DONE
    for name in ("serve", "demo", "upload", "jobs", "key", "tenant", "token", "policy", "config", "doctor", "openapi", "version"):
        assert re.search(rf"^\s+{name}\b", text.stdout, re.MULTILINE), name
        assert quire("help", name).returncode == DONE


def completed_by_bash(*words):
    """What bash offers for the last of these words, with the completion that quire prints."""
    script = f'source <("$1" completion bash); shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _quire; echo "${{COMPREPLY[*]}}"'
    done = subprocess.run(["bash", "-c", script, "bash", PROGRAM, *words], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_and_their_options():
    assert completed_by_bash("quire", "up") == ["upload"]
    assert set(completed_by_bash("quire", "jobs", "")) >= {"ls", "show", "results", "download", "--json", "--limit"}
    assert completed_by_bash("quire", "upload", "--w") == ["--wait"]
    assert completed_by_bash("quire", "upload", "F") == []


def test_openapi_and_policy_are_json():
    assert json.loads(quire("openapi").stdout)["openapi"].startswith("3.1")
    assert {"callers", "routes"} == json.loads(quire("policy", "--json").stdout).keys()


def test_doctor_finds_every_port_well(tmp_path):
    done = quire("doctor", "--data-dir", tmp_path / "data")
    assert done.returncode == DONE, done
    assert {port["status"] for port in lines(done)} == {"ok"} and len(lines(done)) >= 8


def test_doctor_names_the_server_that_runs(server):
    done = quire("doctor", "--data-dir", server.data_dir)
    assert done.returncode == FAILED and str(server.process.pid) in done.stderr


def test_token_is_what_it_was_asked_to_be(tmp_path):
    import base64
    done = quire("token", "auditor", "--data-dir", tmp_path, "--tenant", "north", "--tenant-type", "internal", "--expires", "2h")
    payload = done.stdout.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["tenant_id"], claims["tenant_type"], claims["roles"]) == ("north", "internal", ["auditor"])
    assert claims["exp"] - claims["iat"] == 7200


# --- Settings ---------------------------------------------------------------------------------------


def setting(done, name):
    return next(item for item in json.loads(done.stdout)["settings"] if item["name"] == name)


def test_later_sources_win(tmp_path):
    env_file = tmp_path / "env"
    env_file.write_text("PORT=4001\nMAX_PAGES=7\n# a comment\nLOG_LEVEL=warn\n")
    done = quire("config", "--json", "--env-file", env_file, "--port", "4003", variables={"PORT": "4002", "MAX_PAGES": "8"})
    assert setting(done, "PORT") == {"name": "PORT", "value": "4003", "source": "flag"}
    assert setting(done, "MAX_PAGES") == {"name": "MAX_PAGES", "value": "8", "source": "environment"}
    assert setting(done, "LOG_LEVEL") == {"name": "LOG_LEVEL", "value": "warn", "source": "env file"}
    assert setting(done, "HOST")["source"] == "default"


def test_secrets_are_not_shown_and_not_taken_as_flags():
    secret = "a-secret-of-more-than-thirty-two-bytes"
    done = quire("config", "--json", variables={"JWT_SECRET": secret})
    assert secret not in done.stdout and setting(done, "JWT_SECRET")["value"] == "(set)"
    refused = quire("config", "--jwt-secret", secret)
    assert refused.returncode == USAGE and secret not in refused.stderr


@pytest.mark.parametrize("variables, says", [
    ({"PORT": "70000"}, "PORT"), ({"PORT": "http"}, "PORT"), ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"), ({"JWT_SECRET": "short"}, "JWT_SECRET"),
    ({"QUIRE_URL": "ftp://x"}, "QUIRE_URL"), ({"MAX_PAGE": "5"}, "MAX_PAGES"), ({"MAX_FILE_SIZE_BM": "5"}, "MAX_FILE_SIZE_MB"),
    ({"DATADIR": "x", "DATA_DIRS": "x"}, "DATA_DIR"), ({"TLS_CERT": "x.pem"}, "TLS_KEY"), ({"S3_BUCKET_NAME": "b"}, "S3_BUCKET_NAME"),
])
def test_bad_setting_stops_the_start_with_one_line(variables, says):
    done = quire("config", variables=variables)
    assert done.returncode == USAGE and done.stdout == "", done
    assert says in done.stderr and len(done.stderr.splitlines()) == 1


def test_unknown_name_of_ours_warns():
    done = quire("config", variables={"QUIRE_COLOUR": "red"})
    assert done.returncode == DONE and "QUIRE_COLOUR" in done.stderr


@pytest.mark.parametrize("text", ["PORT", "=x", "PORT='3000", "\0"])
def test_bad_env_file_is_refused_with_its_line(tmp_path, text):
    (tmp_path / "env").write_text(text)
    done = quire("config", "--env-file", tmp_path / "env")
    assert done.returncode == USAGE and "env" in done.stderr, done


def test_env_file_that_is_not_there_is_named(tmp_path):
    done = quire("config", "--env-file", tmp_path / "nowhere")
    assert done.returncode not in (DONE, None) and "nowhere" in done.stderr
