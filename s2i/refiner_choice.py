"""Which language model this run refines with: what is there, else the starter, fetched."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from bootstrap import machine, models
from bootstrap.catalogue import load
from bootstrap.progress import size_text
from s2i import terminal
from s2i.refine.refiner import Refiner
from s2i.refine.template import load_template
from s2i.settings import Settings


class RefinerChoice:
    """Begins to load the model at once where one is there; fetches the starter when asked.

    Use as a context manager: the model leaves memory at its end. With `wanted` False there is
    no refiner, nothing is loaded and nothing fetched.
    """

    def __init__(self, settings: Settings, *, wanted: bool) -> None:
        self._settings = settings
        self._wanted = wanted
        self._refiner: Refiner | None = None
        self.hashes: dict[str, str] = {}

    def __enter__(self) -> RefinerChoice:
        if self._wanted:
            found = models.best_refiner(
                self._settings.home, self._settings.refiner, progress=terminal.say
            )
            if found is not None:
                self._refiner = self._start(found)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._refiner is not None:
            self._refiner.close()

    def refiner(self) -> Refiner | None:
        """The refiner, loading in the background; None where none is wanted.

        Raises ModelMissing, NetworkError where none is there and the starter can't be fetched.
        """
        if self._wanted and self._refiner is None:
            self._refiner = self._start(
                models.ensure_refiner(self._settings.home, self._settings.refiner, terminal.say)
            )
        return self._refiner

    def improvement(self) -> str:
        """One line on what `setup` would add; empty where there is nothing to add."""
        if not self._wanted:
            return ""
        return models.improvement(self._settings.home, self._settings.language)

    def _start(self, found: models.RefinerFile) -> Refiner:
        for remark in remarks(found, self._settings.language):
            terminal.say(f"Note: {remark}")
        if found.sha256:
            self.hashes[found.id] = found.sha256
        return start(found, self._settings)


def start(found: models.RefinerFile, settings: Settings) -> Refiner:
    """A refiner with this model, which it begins to load. Raises InputError for a template of the
    user's that can't be used."""
    refiner = Refiner(
        found.path,
        name=found.id,
        template=load_template(settings.data / "refine.json"),
        cache=settings.data / "cache",
    )
    refiner.warm()
    return refiner


def remarks(found: models.RefinerFile, language: str) -> list[str]:
    """Sentences that whoever refines with this model should know."""
    told = [found.note] if found.note else []
    if language.lower()[:2] != "en" and found.path.name == load().starter.file:
        told.append(
            f"{found.name} can't translate; the idea goes into the prompt in its own "
            "language. 'python run.py setup' fetches a model that writes it in English."
        )
    return told


def better(home: Path) -> str:
    """One line on how to get a better model than the starter; empty where one is there."""
    catalogue = load()
    if {item.id for item in models.installed_refiners(home, catalogue)} - {catalogue.starter_id}:
        return ""
    entry = models.fitting_refiner(catalogue, machine.memory())
    size = size_text(entry.download_bytes)
    return f"For better prompts: 'python run.py setup' fetches {entry.name} ({size})."
