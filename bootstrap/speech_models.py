"""Which Vosk models are there, the catalogue's and those that the user brought."""

from __future__ import annotations

import contextlib
from pathlib import Path

from bootstrap import catalogue as catalogues
from bootstrap import downloads, own_models, probe, verify
from bootstrap.catalogue import SpeechEntry
from s2i.errors import ModelMissing


def installed_speech(home: Path, language: str) -> SpeechEntry | None:
    """The best Vosk model of a language that lies below `home`, else None.

    One that the user brought, and a larger one, were asked for by name, so they count as the
    better. Only a marked one counts as
    there: `downloads.fetch_speech` marks it, `vouch_speech` one put there by hand.
    """
    own = own_models.speech_for(home, language)
    there = [
        entry
        for entry in (*catalogues.load().speech_for(language), *own)
        if verify.read_mark(downloads.speech_path(home, entry)) is not None
    ]
    return max(there, key=lambda entry: (entry in own, entry.download_bytes), default=None)


def vouch_speech(home: Path, entry: SpeechEntry, prober: verify.Prober = probe.run) -> Path:
    """The folder of a Vosk model, checked and marked if it wasn't yet. Raises ModelMissing."""
    folder = downloads.speech_path(home, entry)
    return folder if verify.read_mark(folder) else check_speech(home, entry, prober)


def check_speech(home: Path, entry: SpeechEntry, prober: verify.Prober = probe.run) -> Path:
    """Check a Vosk model again, whatever its mark says; its folder. Raises ModelMissing."""
    folder = downloads.speech_path(home, entry)
    if not folder.is_dir():
        raise ModelMissing(
            "model-missing",
            f"The speech model {entry.name} isn't there.",
            hint=f"'python run.py setup --language {entry.language}' fetches it.",
        )
    verify.check_vosk_contents(folder)
    probed_by = verify.check_probe("vosk", folder, entry.name, prober)
    with contextlib.suppress(OSError):  # a read-only folder: checked again the next time
        verify.write_mark(folder, sha256=None, probed_by=probed_by)
    return folder
