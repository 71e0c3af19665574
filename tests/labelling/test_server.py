"""The page over HTTP: what it serves, and whom it refuses."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pose_ssl_ros.cli.main import main
from pose_ssl_ros.labelling.server import LabelServer
from pose_ssl_ros.learning.names import read_names


def ask(
    server: LabelServer, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    connection.request(method, path, data, headers)
    answer = connection.getresponse()
    found = (answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    connection.close()
    return found


def secret(server: LabelServer) -> str:
    return re.findall(r'data-secret="([^"]+)"', ask(server, "GET", "/")[2].decode())[0]


def test_page_state_and_pictures(server: LabelServer) -> None:
    status, headers, page = ask(server, "GET", "/")
    assert (
        status == 200
        and headers["content-type"].startswith("text/html")
        and "default-src 'none'" in headers["content-security-policy"]
    )
    assert b"http://" not in page and b"https://" not in page  # nothing is fetched from elsewhere
    state = json.loads(ask(server, "GET", "/state")[2])
    source = state["prototypes"][0]["crops"][0]["source"]
    status, headers, data = ask(server, "GET", f"/{source}")
    assert status == 200 and headers["content-type"] == "image/png" and data.startswith(b"\x89PNG")
    for wrong in ("/none", "/crop/1/999999", "/crop/1/x", "/crop", "/example/1/0", "/../../etc/passwd", "/crop/1/-1"):
        assert ask(server, "GET", wrong)[0] == 404, wrong


def test_a_name_given_on_the_page_is_in_the_file(server: LabelServer) -> None:
    own = {"X-Pose-Ssl-Secret": secret(server)}
    request = {"op": "name", "number": "1", "name": "forklift", "was": "object_1"}
    status, _, data = ask(server, "POST", "/do", request, **own)
    assert status == 200 and json.loads(data)["prototypes"][0]["name"] == "forklift"
    assert dict(read_names(server.desk.path)[0].names) == {"1": "forklift"}
    assert ask(server, "POST", "/do", request, **own)[0] == 409
    status, _, data = ask(server, "POST", "/do", {"op": "name", "number": "2", "name": ""}, **own)
    assert status == 400 and "empty" in json.loads(data)["error"]


def test_others_are_refused(server: LabelServer) -> None:
    own = {"X-Pose-Ssl-Secret": secret(server)}
    request = {"op": "ignore", "number": "1"}
    assert ask(server, "POST", "/do", request)[0] == 403
    assert ask(server, "POST", "/do", request, **{"X-Pose-Ssl-Secret": "guess"})[0] == 403
    assert ask(server, "POST", "/do", request, Host="evil.example", **own)[0] == 403
    assert ask(server, "GET", "/", Host="evil.example:80")[0] == 403
    assert ask(server, "GET", "/", Host=f"localhost:{9999}")[0] == 200  # through an ssh tunnel
    assert ask(server, "POST", "/do", b"{" * 10, **own)[0] == 400
    assert ask(server, "POST", "/do", b"[" * 200000, **own)[0] == 400
    assert ask(server, "POST", "/else", request, **own)[0] == 404
    assert ask(server, "POST", "/do", request, **own, **{"Content-Length": "99999999"})[0] == 413
    assert not server.desk.path.exists()
    assert ask(server, "GET", "/state")[0] == 200  # and it goes on


def test_it_speaks_to_this_machine_only(server: LabelServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_the_command_serves_and_ends_with_ctrl_c(folder: Path) -> None:
    command = [sys.executable, "-m", "pose_ssl_ros.cli.main", "label", str(folder), "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(re.findall(r"127\.0\.0\.1:(\d+)/", line)[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/state")
        assert len(json.loads(connection.getresponse().read())["prototypes"]) > 1
        connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0 and "Traceback" not in process.stdout.read()
    finally:
        process.kill()
        process.wait()


def test_without_a_page(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["label", str(folder), "--name", "1=fork=lift", "--ignore", "2", "--merge", "3=1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[1:2] == [" 1"] or lines[0].lstrip().startswith("1  fork=lift")
    assert "with object_3" in lines[0] and "ignored" in lines[1]
    assert main(["label", str(tmp_path / "none"), "--list"]) == 0
    assert "no checkpoint yet" in capsys.readouterr().out
    for wrong, code in (
        (["--name", "1"], 2),
        (["--name", "77=x"], 1),
        (["--name", "1=unknown"], 1),
        (["--port", "x"], 2),
    ):
        with_exit = wrong[0] == "--port"
        try:
            assert main(["label", str(folder), *wrong]) == code
        except SystemExit as error:
            assert with_exit and error.code == 2
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["label", str(folder), "--port", str(taken.getsockname()[1])]) == 1
    assert "another --port" in capsys.readouterr().err
