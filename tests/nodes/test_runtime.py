"""What all nodes share, seen from another node."""

from __future__ import annotations

from harness import NodeProcess, Peer


def test_diagnostics_go_on_when_the_simulated_clock_never_comes(peer: Peer) -> None:
    found = peer.diagnostics()
    name = "/pose_ssl/triplet: triplet"
    with NodeProcess("triplet_node", params={"use_sim_time": True}):
        # After five seconds of silence the reason is given, though /clock never started.
        peer.wait_for(lambda: name in found and "nobody publishes" in found[name].message, 30, "the reason of silence")
