"""Finding where prompt, negative, seed, size, steps … go, by types and links. Pure.

From the nodes that pictures leave by backwards; what doesn't lead to a picture isn't looked at.
In this order: the user's corrections, marks in the file, titles ('prompt', 'negative', 'seed'),
then the types of /object_info. Nothing is guessed: what could be several is an error or a note
that names them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from s2i.engines.comfyui import corrections as user
from s2i.engines.comfyui import finding_texts
from s2i.engines.comfyui.binding import KINDS, Binding, Place, marks_of, shown, value_at
from s2i.engines.comfyui.catalogue import Catalogue, InputSpec
from s2i.engines.comfyui.corrections import Corrections
from s2i.engines.comfyui.finding_sizes import following, sizes
from s2i.engines.comfyui.graph import Graph, reachable
from s2i.engines.comfyui.tracing import Trace
from s2i.errors import WorkflowError
from s2i.job import MAX_SEED

_SEED = re.compile(r"(^|_)seed(_?num)?$", re.IGNORECASE)
_NUMBERS: dict[str, Callable[[InputSpec], bool]] = {
    "steps": lambda s: s.kind == "INT" and s.name in ("steps", "num_inference_steps"),
    "cfg": lambda s: s.kind in ("FLOAT", "INT") and s.name in ("cfg", "cfg_scale"),
    "guidance": lambda s: s.kind == "FLOAT" and s.name == "guidance",
}
_CHOICES: dict[str, Callable[[str], bool]] = {
    "sampler": lambda name: name in ("sampler_name", "sampler"),
    "scheduler": lambda name: name in ("scheduler", "scheduler_name"),
    "checkpoint": lambda name: name.startswith("ckpt_name"),
    "unet": lambda name: name in ("unet_name", "diffusion_name", "diffusion_model_name"),
    "lora": lambda name: re.fullmatch(r"lora(_name)?(_?\d+)?", name) is not None,
}
_BOUND = {kind for kinds in KINDS.values() for kind in kinds}
_TITLED_NUMBERS = ("seed", "width", "height", "steps", "cfg", "batch")


def picture_outputs(graph: Graph, catalogue: Catalogue) -> list[str]:
    """The nodes that pictures leave by, in the file's order."""
    found = []
    for node_id, node in graph.items():
        spec = catalogue.node(node["class_type"])
        if spec is not None and spec.shows_picture:
            found.append(node_id)
    return found


def find(graph: Graph, catalogue: Catalogue, corrections: Corrections | None = None) -> Binding:
    """Find where everything goes. Raises WorkflowError where the prompt has no one place, and
    where a correction doesn't fit the graph."""
    given = corrections if corrections is not None else Corrections()
    user.check(given, graph, catalogue)
    return _Finder(graph, catalogue, given).binding()


def candidates(graph: Graph, catalogue: Catalogue) -> dict[str, list[Place]]:
    """Every field that a meaning could be bound to, for people to choose from."""
    trace = Trace(graph, catalogue)
    found: dict[str, list[Place]] = {meaning: [] for meaning in KINDS}
    for node_id in reachable(graph, picture_outputs(graph, catalogue)):
        for name in graph[node_id]["inputs"]:
            spec = trace.spec((node_id, name))
            if spec is None or trace.source(node_id, name) is not None:
                continue
            for meaning, kinds in KINDS.items():
                if spec.kind in kinds and (meaning != "image" or spec.picture):
                    found[meaning].append((node_id, name))
    return found


class _Finder:
    def __init__(self, graph: Graph, catalogue: Catalogue, given: Corrections) -> None:
        self.graph, self.given = graph, given
        self.trace = Trace(graph, catalogue)
        self.order = reachable(graph, picture_outputs(graph, catalogue))
        self.marks = marks_of(graph) - set(given.places)
        self.notes: dict[str, str] = {}
        self.fields = [  # every input with its type, once
            (node_id, one)
            for node_id in self.order
            if (spec := self.trace.specs[node_id]) is not None
            for one in spec.inputs.values()
            if one.kind in _BOUND and one.name in graph[node_id]["inputs"]
        ]

    def binding(self) -> Binding:
        places: dict[str, tuple[Place, ...]] = {}
        for meaning, find_it in (
            ("prompt", self._prompt), ("negative", lambda: self._negative(places["prompt"])),
            ("seed", self._seeds),
        ):  # fmt: skip
            places[meaning] = self._decided(meaning, find_it)
        width, height, batch = sizes(self.trace, self.order, self.notes, self._wanted("width"))
        for meaning, found in (("width", width), ("height", height), ("batch", batch)):
            places[meaning] = self._decided(meaning, lambda found=found: found)  # type: ignore[misc]  # bound at once
        if not self._wanted("width"):
            width, height = places["width"], places["height"]
        more = following(self.trace, self.order, width, height)
        if self._wanted("width") and self._wanted("height"):
            places["width"] += more[0]
            places["height"] += more[1]
        for meaning in _NUMBERS:
            places[meaning] = self._decided(meaning, lambda m=meaning: self._number(m))  # type: ignore[misc]  # bound at once
        for meaning in _CHOICES:
            places[meaning] = self._decided(meaning, lambda m=meaning: self._choice(m))  # type: ignore[misc]  # bound at once
        places["image"] = self._decided("image", self._images)
        return Binding(
            places={
                meaning: found if meaning in ("width", "height") else self._sorted(meaning, found)
                for meaning, found in places.items()
                if found
            },
            marks=frozenset(self.marks),
            notes=self.notes,
            tops=self._tops(places["seed"]),
            given=frozenset(self.given.places),
        )

    def _sorted(self, meaning: str, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """By node, as people count; the user's own order stays. Both forms of a file say the same.

        Sizes begin with the latent's, by which the others are known.
        """
        return places if meaning in self.given.places else tuple(sorted(places, key=_by_node))

    def _wanted(self, meaning: str) -> bool:
        """Whether a meaning is ours to find."""
        return meaning not in self.given.places and meaning not in self.marks

    def _decided(self, meaning: str, find_it: Callable[[], tuple[Place, ...]]) -> tuple[Place, ...]:
        """Corrections, then marks, then titles, then what the types say."""
        if meaning in self.given.places:
            return self.given.places[meaning]
        if meaning in self.marks:
            return ()
        if meaning in _TITLED_NUMBERS:
            named = self._titled(meaning)
            if named:
                return named
        return find_it()

    def _prompt(self) -> tuple[Place, ...]:
        named = finding_texts.titled(self.trace, self.order, "prompt")
        if named:
            return self._same(named, "prompt")
        texts = finding_texts.conditionings(self.trace, self.order, "prompt")
        if not texts.fields:
            texts.fields = finding_texts.direct(self.trace, self.order, "prompt").fields
        if not texts.fields:
            raise finding_texts.none_found(self.trace, self.order, texts)
        return finding_texts.decide(self.trace, texts, self.notes, "prompt")

    def _negative(self, prompt: tuple[Place, ...]) -> tuple[Place, ...]:
        """The negative texts, unless they are the prompt's too; several stay as they are."""
        named = finding_texts.titled(self.trace, self.order, "negative")
        if named:
            return self._same(named, "negative")
        texts = finding_texts.conditionings(self.trace, self.order, "negative")
        if not texts.fields:
            texts.fields = finding_texts.direct(self.trace, self.order, "negative").fields
        shared = set(prompt)
        if not prompt or "prompt" in self.given.places:
            positive = finding_texts.conditionings(self.trace, self.order, "prompt")
            shared |= set(positive.places)
        texts.fields = [parts for parts in texts.fields if not set(parts) & shared]
        try:
            return finding_texts.decide(self.trace, texts, self.notes, "negative")
        except WorkflowError as error:
            self.notes["negative"] = f"The negative texts stay as they are: {error.message}"
            return ()

    def _same(self, places: list[Place], meaning: str) -> tuple[Place, ...]:
        """Fields of nodes titled alike: one, or of the same text."""
        return finding_texts.decide(
            self.trace, finding_texts.Texts([(place,) for place in places]), self.notes, meaning
        )

    def _titled(self, meaning: str) -> tuple[Place, ...]:
        """The numbers of nodes that the user called 'seed', 'width' …"""
        found: dict[Place, None] = {}
        for node_id in self.trace.titled(self.order, meaning):
            spec = self.trace.specs[node_id]
            names = [s.name for s in spec.of(*KINDS[meaning])] if spec is not None else []
            own = [name for name in names if name == meaning or name.endswith(meaning)]
            fields = own or (names if len(names) == 1 else [])
            for name in fields:
                place = self.trace.number(node_id, name, *KINDS[meaning])
                if place is not None:
                    found[place] = None
        return tuple(found)

    def _seeds(self) -> tuple[Place, ...]:
        """Every seed: all samplers get the same one."""
        return self._numbers(lambda s: s.kind == "INT" and _SEED.search(s.name) is not None)

    def _number(self, meaning: str) -> tuple[Place, ...]:
        """The places of one number, unless they hold different ones."""
        places = self._numbers(_NUMBERS[meaning])
        if meaning == "steps" and places and self._splits_steps():
            self.notes["steps"] = "The workflow shares its steps between several samplers."
            return ()
        return self._equal(places, meaning)

    def _numbers(self, wanted: Callable[[InputSpec], bool]) -> tuple[Place, ...]:
        places: dict[Place, None] = {}
        for node_id, one in self.fields:
            if one.kind != "COMBO" and wanted(one):
                place = self.trace.number(node_id, one.name, *_family(one.kind))
                if place is not None:
                    places[place] = None
        return tuple(places)

    def _choice(self, meaning: str) -> tuple[Place, ...]:
        """Lists such as samplers and model files, unless they hold different entries."""
        named = _CHOICES[meaning]
        places = [
            (node_id, one.name)
            for node_id, one in self.fields
            if one.kind == "COMBO"
            and named(one.name)
            and isinstance(self.graph[node_id]["inputs"][one.name], str)
        ]
        values = {value_at(self.graph, place) for place in places}
        return tuple(places) if len(values) == 1 else ()

    def _images(self) -> tuple[Place, ...]:
        """Pictures that the user brings, unless there are different ones."""
        places = [
            (node_id, one.name)
            for node_id, one in self.fields
            if one.picture and isinstance(self.graph[node_id]["inputs"][one.name], str)
        ]
        return self._equal(tuple(places), "image")

    def _equal(self, places: tuple[Place, ...], meaning: str) -> tuple[Place, ...]:
        if len({value_at(self.graph, place) for place in places}) <= 1:
            return places
        named = "; ".join(
            f"{shown(self.graph, place)} = {str(value_at(self.graph, place))[:40]}"
            for place in places[: finding_texts.MAX_NAMED]
        )
        self.notes[meaning] = f"The workflow has several values for {meaning}: {named}."
        return ()

    def _splits_steps(self) -> bool:
        """Whether samplers share the steps by number (base and refiner)."""
        for node_id, one in self.fields:
            inputs = self.graph[node_id]["inputs"]
            if one.name not in ("end_at_step", "start_at_step"):
                continue
            end = inputs.get("end_at_step")
            place = self.trace.number(node_id, "steps", "INT") if "steps" in inputs else None
            steps = value_at(self.graph, place) if place is not None else None
            if type(steps) is int and type(end) is int and end < steps:
                return True
            start = inputs.get("start_at_step")
            if type(start) is int and start > 0:
                return True
        return False

    def _tops(self, seeds: tuple[Place, ...]) -> dict[Place, int]:
        found: dict[Place, int] = {}
        for place in seeds:
            spec = self.trace.spec(place)
            top = spec.limit("max") if spec is not None else None
            if top is not None and 0 < top < MAX_SEED:
                found[place] = int(top)
        return found


def _by_node(place: Place) -> list[tuple[int, str]]:
    """10:3 comes after 9, and fields of one node stay as they are."""
    steps = place[0].split(":")
    return [(int(step) if step.isdecimal() and len(step) < 19 else 2**63, step) for step in steps]


def _family(kind: str) -> tuple[str, ...]:
    """The types that may feed a number."""
    return ("INT",) if kind == "INT" else ("FLOAT", "INT")
