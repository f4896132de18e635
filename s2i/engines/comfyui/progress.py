"""How far a prompt is, over its whole graph, and how long it will take. Pure: time is given in."""

from __future__ import annotations

from s2i.engines.comfyui.graph import Graph, reachable
from s2i.engines.comfyui.messages import ProgressState


class Tracker:
    """Fraction 0..1 that never falls, and remaining seconds, over `runs` prompts in a row.

    A node weighs one; a sampler as much as it has steps: they are where the time goes.
    """

    def __init__(self, graph: Graph, runs: int = 1) -> None:
        self._weights = {node_id: _weight(graph, node_id) for node_id in reachable(graph)}
        self._runs = runs
        self._run = 0
        self._done: dict[str, float] = {}  # node → share done, 0..1
        self._fraction = 0.0
        self._stepped = False
        self._first: tuple[float, float] | None = None  # (time, fraction) at the first step

    def next_run(self) -> None:
        """The following prompt of the same graph begins."""
        self._run += 1
        self._done = {}

    def again(self) -> None:
        """The same prompt begins anew; what was shown stays, the pace is measured again."""
        self._done = {}
        self._stepped = False
        self._first = None

    def cached(self, nodes: tuple[str, ...]) -> None:
        """Nodes that won't run."""
        for node in nodes:
            self._done[node] = 1.0

    def begun(self, node: str) -> None:
        """A node began."""
        self._done.setdefault(node, 0.0)

    def state(self, state: ProgressState) -> None:
        """All nodes at once, as progress_state tells."""
        for node, (value, top, name) in state.nodes.items():
            self.step(
                node, 1.0 if name == "finished" else value, 1.0 if name == "finished" else top
            )

    def step(self, node: str, value: float, top: float) -> None:
        """A node has done `value` of `top`."""
        self._stepped = self._stepped or (top > 1 and value > 0)
        if node in self._weights and top > 1:
            self._weights[node] = max(self._weights[node], min(top, 10_000.0))
        share = min(value / top, 1.0) if top > 0 else 0.0
        self._done[node] = max(self._done.get(node, 0.0), share)

    def fraction(self) -> float:
        """The share of all runs that is done; never less than it was."""
        self._fraction = max(self._fraction, self._share())
        return self._fraction

    def _share(self) -> float:
        total = sum(self._weights.values()) or 1.0
        done = sum(weight * self._done.get(node, 0.0) for node, weight in self._weights.items())
        return min((self._run + min(done / total, 1.0)) / max(self._runs, 1), 1.0)

    def eta(self, now: float) -> float | None:
        """Remaining seconds by the pace since the first step; None before there is a pace.

        The first step is left out: before it the server loads the model.
        """
        if not self._stepped:
            return None
        fraction = self._share()
        if self._first is None:
            self._first = (now, fraction)
            return None
        since, at = self._first
        if fraction <= at or now <= since:
            return None
        return (1.0 - fraction) * (now - since) / (fraction - at)


def _weight(graph: Graph, node_id: str) -> float:
    steps = graph[node_id]["inputs"].get("steps")
    if isinstance(steps, int) and not isinstance(steps, bool) and 1 < steps <= 10_000:
        return float(steps)
    return 1.0
