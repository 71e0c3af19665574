"""Services and clients, encoded as rmw_cyclonedds does: an id of 8 bytes and a number before the payload."""

from __future__ import annotations

import os
import random
import struct
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded import cdr, wire
from pose_ssl_ros.embedded.endpoints import no_coroutine
from pose_ssl_ros.embedded.errors import InvalidHandle
from pose_ssl_ros.embedded.futures import Future
from pose_ssl_ros.embedded.qos import QoSProfile

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.node import Node

_HEADER = struct.Struct("<Qq")
_BIG_HEADER = struct.Struct(">Qq")


def unique_id() -> str:
    """An id that ties the two endpoints of a service or client together, in rmw_cyclonedds' form."""
    return ".".join(f"{byte:x}" for byte in os.urandom(16))


def pack(client: int, number: int, message: Any) -> bytes:
    """CDR of a request or reply: header, then payload (16 bytes keep its alignment)."""
    body = cdr.serialize(message)
    return body[:4] + _HEADER.pack(client, number) + body[4:]


def unpack(data: bytes, type_name: str) -> tuple[int, int, Any]:
    """Client id, number and message of a request or reply.

    Raises:
        CdrError: If the bytes are none.
    """
    if len(data) < 20:
        msg = f"{len(data)} bytes are no {type_name} with its header"
        raise cdr.CdrError(msg)
    client, number = (_HEADER if data[1] else _BIG_HEADER).unpack_from(data, 4)
    return client, number, cdr.deserialize(data[:4] + data[20:], type_name)


class Service:
    """Answers requests by a callback `(request, response) -> response`."""

    def __init__(
        self, node: Node, srv_type: Any, name: str, callback: Callable[..., Any], profile: QoSProfile, group: Any
    ) -> None:
        """Made by `Node.create_service`."""
        no_coroutine(callback, "create_service")
        self.node, self.srv_type, self.srv_name, self.service_name = node, srv_type, name, name
        self.callback, self.callback_group, self.qos_profile = callback, group, profile
        ids = {"serviceid": unique_id()}
        make = node.context.participant
        request, reply = wire.topic_to_dds("rq", name, "Request"), wire.topic_to_dds("rr", name, "Reply")
        # The reply writer comes first, so that who sees the request reader can be answered.
        self.writer = make.writer(reply, srv_type.Response._NAME, profile, **ids)
        self.reader = make.reader(request, srv_type.Request._NAME, profile, **ids)
        self.condition = self.reader.condition
        self.waitables: list[Any] = [self]
        self._closed = False

    def take(self) -> Callable[[], None] | None:
        """A function that answers the oldest request; None if there is none."""
        taken = None if self._closed else self.reader.take()
        if taken is None:
            return None
        try:
            client, number, request = unpack(taken[0], self.srv_type.Request._NAME)
        except cdr.CdrError as error:
            self.node.get_logger().error(f"{self.srv_name}: {error}", throttle_duration_sec=5.0)
            return lambda: None

        def answer() -> None:
            response = self.callback(request, self.srv_type.Response())
            if not isinstance(response, self.srv_type.Response):
                msg = f"the callback of service {self.srv_name} must return a {self.srv_type.Response._NAME}"
                raise TypeError(msg)
            if not self._closed:
                self._await_reader()
                self.writer.write(pack(client, number, response))

        return answer

    def _await_reader(self) -> None:
        # A request can come before the client's reply reader is discovered; rmw_cyclonedds waits likewise.
        until = time.monotonic() + 0.1
        while self.writer.matched() < self.reader.matched() and time.monotonic() < until:
            time.sleep(0.002)

    def destroy(self) -> None:
        """Delete both endpoints."""
        if not self._closed:
            self._closed = True
            self.reader.close()
            self.writer.close()


class Client:
    """Calls a service."""

    def __init__(self, node: Node, srv_type: Any, name: str, profile: QoSProfile, group: Any) -> None:
        """Made by `Node.create_client`."""
        self.node, self.srv_type, self.srv_name, self.service_name = node, srv_type, name, name
        self.callback_group, self.qos_profile = group, profile
        ids = {"clientid": unique_id()}
        make = node.context.participant
        request, reply = wire.topic_to_dds("rq", name, "Request"), wire.topic_to_dds("rr", name, "Reply")
        self.reader = make.reader(reply, srv_type.Response._NAME, profile, **ids)
        self.writer = make.writer(request, srv_type.Request._NAME, profile, **ids)
        self.condition = self.reader.condition
        self.waitables: list[Any] = [self]
        # rmw uses the writer's instance handle, unique only by chance between processes; so is this.
        self._id = random.SystemRandom().getrandbits(64)
        self._number = 0
        self._waiting: dict[int, Future] = {}
        self._lock = threading.Lock()
        self._closed = False

    def call_async(self, request: Any) -> Future:
        """Send a request; the future gets the response.

        Raises:
            TypeError: If the request has another type.
        """
        if not isinstance(request, self.srv_type.Request):
            msg = f"Expected {self.srv_type.Request._NAME}, got {type(request).__name__}"
            raise TypeError(msg)
        if self._closed:
            msg = "cannot use Destroyable because destruction was requested"
            raise InvalidHandle(msg)
        future = Future()
        with self._lock:
            self._number += 1
            number = self._number
            self._waiting[number] = future
        self.writer.write(pack(self._id, number, request))
        return future

    def call(self, request: Any, timeout_sec: float | None = None) -> Any:
        """Send a request and block until the response is there, while another thread spins; None after the timeout."""
        future = self.call_async(request)
        if not future.wait(timeout_sec):
            self.remove_pending_request(future)
            return None
        return future.result()

    def remove_pending_request(self, future: Future) -> None:
        """Forget a call that nobody waits for any more."""
        with self._lock:
            self._waiting = {number: item for number, item in self._waiting.items() if item is not future}

    def take(self) -> Callable[[], None] | None:
        """A function that completes the call whose response came; None if none came."""
        taken = None if self._closed else self.reader.take()
        if taken is None:
            return None
        try:
            client, number, response = unpack(taken[0], self.srv_type.Response._NAME)
        except cdr.CdrError as error:
            self.node.get_logger().error(f"{self.srv_name}: {error}", throttle_duration_sec=5.0)
            return lambda: None
        if client != self._id:
            return lambda: None  # the answer to another client
        with self._lock:
            future = self._waiting.pop(number, None)
        return (lambda: future.set_result(response)) if future is not None else (lambda: None)

    def service_is_ready(self) -> bool:
        """True if a server is there, with both its endpoints."""
        return not self._closed and self.writer.matched() > 0 and self.reader.matched() > 0

    def wait_for_service(self, timeout_sec: float | None = None) -> bool:
        """Wait until a server is there; False if none came in time."""
        until = None if timeout_sec is None else time.monotonic() + timeout_sec
        while self.node.context.ok():
            if self.service_is_ready():
                return True
            if until is not None and time.monotonic() >= until:
                return False
            time.sleep(0.02)
        return False

    def destroy(self) -> None:
        """Delete both endpoints."""
        if not self._closed:
            self._closed = True
            self.reader.close()
            self.writer.close()
