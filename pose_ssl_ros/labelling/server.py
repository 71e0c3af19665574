"""The page over HTTP, for this machine only.

Any page in a person's browser may send requests to 127.0.0.1, so what changes something needs the secret that
only our own page knows, and requests by another host name are refused (DNS rebinding).
"""

from __future__ import annotations

import json
import logging
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from pose_ssl_ros.labelling.desk import Desk
from pose_ssl_ros.labelling.errors import ConflictError, LabelError
from pose_ssl_ros.labelling.page import render

_log = logging.getLogger(__name__)
HOST = "127.0.0.1"
_HOSTS = {"127.0.0.1", "localhost", "[::1]"}
_LARGEST_BODY = 1 << 20
_SECRET = "X-Pose-Ssl-Secret"


class LabelServer(ThreadingHTTPServer):
    """Serves a desk.

    Args:
        desk: What is shown and done.
        port: 0 takes a free one.

    Raises:
        OSError: If the port is taken.
    """

    daemon_threads = True

    def __init__(self, desk: Desk, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.desk = desk
        self.secret = secrets.token_urlsafe(16)

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://{HOST}:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    server_version, sys_version = "pose-ssl", ""
    protocol_version = "HTTP/1.1"
    timeout = 30  # a connection that says nothing holds a thread

    def do_GET(self) -> None:
        """The page, the state, or a picture."""
        if not self._ours():
            return
        path = unquote(urlsplit(self.path).path)
        parts = path.strip("/").split("/")
        try:
            if path == "/":
                nonce = secrets.token_urlsafe(12)
                text = render(self.server.secret, nonce)
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", text.encode(), nonce=nonce)
            elif path == "/state":
                self._json(HTTPStatus.OK, self.server.desk.state())
            elif parts[0] == "crop" and len(parts) == 3:
                self._picture("image/png", self.server.desk.crop(_integer(parts[2])))
            elif parts[0] == "example" and len(parts) == 3:
                self._picture("image/jpeg", self.server.desk.example(parts[1], _integer(parts[2])))
            else:
                self._json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})
        except LabelError as error:
            self._json(HTTPStatus.NOT_FOUND, {"error": str(error)})
        except Exception as error:
            self._failed(error)

    def do_POST(self) -> None:
        """One action."""
        if not self._ours():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "the request is too long or has no length"})
            return
        body = self.rfile.read(int(length))
        if not secrets.compare_digest(self.headers.get(_SECRET, "").encode(), self.server.secret.encode()):
            self._json(HTTPStatus.FORBIDDEN, {"error": "this page is of an earlier run: load it anew"})
            return
        if urlsplit(self.path).path != "/do":
            self._json(HTTPStatus.NOT_FOUND, {"error": "there is no such page"})
            return
        try:
            self._json(HTTPStatus.OK, self.server.desk.do(json.loads(body.decode())))
        except ConflictError as error:
            self._json(HTTPStatus.CONFLICT, {"error": str(error)})
        except (LabelError, ValueError, RecursionError) as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        except Exception as error:
            self._failed(error)

    def _ours(self) -> bool:
        host = self.headers.get("Host", "").rsplit(":", 1)[0] if self.headers.get("Host", "") else ""
        if host in _HOSTS:
            return True
        self.close_connection = True
        self._json(HTTPStatus.FORBIDDEN, {"error": "ask for 127.0.0.1 or localhost"})
        return False

    def _failed(self, error: Exception) -> None:
        """A fault of ours is written down and does not end the server."""
        _log.exception("a request failed")
        self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": f"{type(error).__name__}: {error}"})

    def _picture(self, kind: str, data: bytes | None) -> None:
        if data is None:
            self._json(HTTPStatus.NOT_FOUND, {"error": "this picture is not there any more"})
        else:
            self._send(HTTPStatus.OK, kind, data, keep=3600)

    def _json(self, status: HTTPStatus, value: Any) -> None:
        self._send(status, "application/json; charset=utf-8", json.dumps(value).encode())

    def _send(self, status: HTTPStatus, kind: str, data: bytes, nonce: str = "", keep: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", f"private, max-age={keep}" if keep else "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        rules = "default-src 'none'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        if nonce:
            rules += f"; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
        self.send_header("Content-Security-Policy", rules)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # the base class names it so
        """Requests are not worth a line each."""
        _log.debug(format, *args)


def _integer(text: str) -> int:
    """A number in an address.

    Raises:
        LabelError: If it is none.
    """
    if not text.isdecimal() or len(text) > 18:
        msg = f"'{text[:40]}' is no number"
        raise LabelError(msg)
    return int(text)
