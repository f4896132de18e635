"""The refiner: a short idea in, an image prompt out."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from s2i.events import EventType, StageEmit
from s2i.refine import cleanup, guard, topup
from s2i.refine.contradictions import IdeaFacts
from s2i.refine.model import Completed, Model, TooLong
from s2i.refine.prefix_cache import PrefixCache
from s2i.refine.template import Template
from s2i.refine.threads import default_threads
from s2i.refine.words import words
from s2i.refine.worker import Status, Worker
from s2i.text import clean_idea

LONG_IDEA_EXTRA = 8  # words that even an idea of max_words words gets
_RETRY = 2**64  # beyond every seed a user can give, so that no retry equals another's first try


@dataclass(frozen=True)
class Refined:
    """A prompt and how it came about.

    `source`: "model", "retry" (the guard refused the first text), or "idea" (it refused both, or
    the idea didn't fit: the user's words, with phrases from the banks in the first case).
    `raw` is what the model said last, uncleaned; `tokens` counts those of all tries.
    """

    prompt: str
    source: str
    model: str
    template_version: str
    seed: int
    seconds: float
    warnings: tuple[str, ...]
    raw: str
    tokens: int = 0


class Refiner:
    """Keeps one language model warm and refines ideas, from any thread, one after another."""

    def __init__(
        self,
        model_path: Path,
        *,
        name: str,
        template: Template,
        threads: int | None = None,
        context: int = 2048,
        cache: Path | None = None,
    ) -> None:
        """`name` is what events and provenance call the model; `context` is in tokens; `cache` is
        a folder that may keep the evaluated fixed part for later starts.

        Loads nothing yet, and never raises for the file.
        """
        self.name = name
        self.template = template
        self.threads = threads or default_threads()
        self._worker = Worker(
            lambda: Model(
                model_path,
                template,
                threads=self.threads,
                context=context,
                cache=PrefixCache(cache) if cache is not None else None,
            )
        )

    @property
    def status(self) -> Status:
        """Whether the model is loading, ready or failed, and how long it took."""
        return self._worker.status

    def warm(self) -> None:
        """Begin to load and evaluate the fixed part; returns at once. Errors come at refine()."""
        self._worker.start()

    def close(self) -> None:
        """Unload and end the thread; what runs is stopped. A closed refiner stays closed."""
        self._worker.close()

    def refine(self, idea: str, *, seed: int, emit: StageEmit, cancel: threading.Event) -> Refined:
        """The prompt for `idea`; the same to the letter for the same model file, template, idea
        and seed. Blocks; emits refine-start, refine-delta (a new line begins a second try) and
        refine-end, all from the calling thread.

        Raises InputError (no idea in it), ModelMissing, RefineError, Cancelled.
        """
        began = time.perf_counter()
        idea = cleanup.spoken(clean_idea(idea))
        emit(EventType.REFINE_START, model=self.name, seed=seed)
        prompt, source, warnings, raw, tokens = self._prompt(idea, seed, emit, cancel)
        seconds = time.perf_counter() - began
        emit(
            EventType.REFINE_END,
            prompt=prompt,
            source=source,
            seconds=seconds,
            warnings=list(warnings),
        )
        return Refined(
            prompt=prompt,
            source=source,
            model=self.name,
            template_version=self.template.version,
            seed=seed,
            seconds=seconds,
            warnings=warnings,
            raw=raw,
            tokens=tokens,
        )

    def _prompt(
        self, idea: str, seed: int, emit: StageEmit, cancel: threading.Event
    ) -> tuple[str, str, tuple[str, ...], str, int]:
        """(prompt, source, warnings, raw text, tokens)."""
        limit = word_limit(idea, self.template)
        tokens, objection, raw = 0, None, ""
        for source, run_seed in (("model", seed), ("retry", seed + _RETRY)):
            emit(EventType.REFINE_DELTA, text=f"\n{idea}," if objection else f"{idea},")
            try:
                said = self._say(idea, run_seed, limit, emit, cancel)
            except TooLong:
                warning = "The idea is too long for the language model and is used as it is."
                return idea, "idea", (warning,), "", tokens
            tokens += said.tokens
            raw = said.text
            facts = IdeaFacts(idea, self.template.exclusive)
            phrases = cleanup.clean(
                raw,
                idea,
                self.template,
                facts,
                finished=said.finished,
                max_words=limit - len(words(idea)),
            )
            objection = guard.objection(raw, idea, phrases, self.template)
            if objection is None:
                return compose(idea, phrases, self.template, seed), source, (), raw, tokens
        warning = f"The language model was no help ({objection}): your words were used."
        return compose(idea, [], self.template, seed), "idea", (warning,), raw, tokens

    def _say(
        self, idea: str, seed: int, limit: int, emit: StageEmit, cancel: threading.Event
    ) -> Completed:
        room = limit - len(words(idea))

        def enough(text: str) -> bool:
            return text.endswith(",") and len(words(text)) >= room

        return self._worker.complete(
            idea,
            seed,
            enough=enough,
            on_piece=lambda piece: emit(EventType.REFINE_DELTA, text=piece),
            cancel=cancel,
        )


def word_limit(idea: str, template: Template) -> int:
    """How many words the prompt for `idea` may have."""
    return max(template.limits.max_words, len(words(idea)) + LONG_IDEA_EXTRA)


def compose(idea: str, phrases: list[str], template: Template, seed: int) -> str:
    """The prompt: the idea, the phrases, and what is missing from the banks, within the limit.

    Where it would be too long, the last phrases give way to a kind that is missing.
    """
    limit = word_limit(idea, template)
    while True:
        facts = IdeaFacts(idea, template.exclusive)
        for phrase in phrases:
            facts.accept(phrase)
        prompt = ", ".join([idea, *topup.top_up(idea, phrases, template, facts, seed)])
        if len(words(prompt)) <= limit or len(phrases) <= 1:
            return prompt
        phrases = phrases[:-1]
