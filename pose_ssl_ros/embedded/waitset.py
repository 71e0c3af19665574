"""Waiting: Cyclone's wait set and guard condition, called so that they tell what is ready.

Cyclone declares C functions by annotations that are objects (`c_call`), which mypy can't read.
"""
# mypy: disable-error-code="valid-type"

import ctypes

from cyclonedds.core import Entity
from cyclonedds.internal import c_call, dds_c_t

from pose_ssl_ros.embedded.dds import Participant


class Guard(Entity):
    """A condition that any thread can trigger to wake a waiting executor."""

    def __init__(self, participant: Participant) -> None:
        """An untriggered condition."""
        super().__init__(self._create_guard(participant.entity._ref))

    def trigger(self, value: bool = True) -> None:
        """Wake those who wait (or reset)."""
        self._set_guard(self._ref, value)

    @c_call("dds_create_guardcondition")
    def _create_guard(self, participant: dds_c_t.entity) -> dds_c_t.entity:
        pass

    @c_call("dds_set_guardcondition")
    def _set_guard(self, guard: dds_c_t.entity, triggered: ctypes.c_bool) -> dds_c_t.returnv:
        pass


class WaitSet(Entity):
    """Waits without polling and tells what is ready (Cyclone's Python wait set does not tell)."""

    def __init__(self, participant: Participant) -> None:
        """An empty wait set."""
        super().__init__(self._create_set(participant.entity._ref))
        self._attached: dict[int, Entity] = {}

    def update(self, wanted: dict[int, Entity]) -> None:
        """Attach and detach so that exactly these entities are waited for; keys are handed back by `wait`."""
        for key in [key for key, entity in self._attached.items() if wanted.get(key) is not entity]:
            self._detach(self._ref, self._attached.pop(key)._ref)  # fails harmlessly if it was deleted
        for key, entity in wanted.items():
            if key not in self._attached and self._attach(self._ref, entity._ref, key) == 0:
                self._attached[key] = entity

    def wait(self, timeout_ns: int) -> list[int]:
        """Keys of what is ready; empty after the timeout. The GIL is free meanwhile."""
        ready = (ctypes.c_ssize_t * max(1, len(self._attached)))()
        count = self._wait(self._ref, ready, len(ready), timeout_ns)
        return list(ready[: max(0, min(count, len(ready)))])

    @c_call("dds_create_waitset")
    def _create_set(self, participant: dds_c_t.entity) -> dds_c_t.entity:
        pass

    @c_call("dds_waitset_attach")
    def _attach(self, waitset: dds_c_t.entity, entity: dds_c_t.entity, key: ctypes.c_ssize_t) -> dds_c_t.returnv:
        pass

    @c_call("dds_waitset_detach")
    def _detach(self, waitset: dds_c_t.entity, entity: dds_c_t.entity) -> dds_c_t.returnv:
        pass

    @c_call("dds_waitset_wait")
    def _wait(
        self, waitset: dds_c_t.entity, ready: ctypes.POINTER(ctypes.c_ssize_t), size: ctypes.c_size_t,
        timeout: dds_c_t.duration,
    ) -> dds_c_t.returnv:  # fmt: skip
        pass
