"""A job's finished pictures: checked, given their provenance, and written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2i import output, provenance
from s2i.engines.base import PaintResult
from s2i.errors import GenerateError, InputError

_OURS = frozenset({"out", "warnings"})


@dataclass(frozen=True)
class Picture:
    """A picture on disk; width and height in px are the file's own."""

    path: Path
    seed: int
    width: int
    height: int

    def to_dict(self) -> dict[str, Any]:
        """The picture as events carry it."""
        return {**self.__dict__, "path": str(self.path)}


def keep_pictures(
    result: PaintResult, destination: output.Destination, spare: Path, record: dict[str, Any]
) -> tuple[list[Picture], list[str]]:
    """Write all pictures of a job with their provenance; returns them and warnings.

    `record` describes the job; the chunk of each picture adds that picture's own seed and place,
    and leaves out what concerns this machine alone.
    Raises OutputError where a picture can be written nowhere, GenerateError where one is broken.
    """
    pictures: list[Picture] = []
    warnings: list[str] = []
    for index, image in enumerate(result.images):
        wanted = destination.nth(index)
        try:
            width, height = provenance.check_png(image.png)
        except InputError as error:
            raise GenerateError(
                "bad-picture",
                f"What the image engine made is no whole picture ({error.message})",
                hint="Run it again.",
                retryable=True,
            ) from error
        chunk = {key: value for key, value in record.items() if key not in _OURS}
        chunk = {**chunk, "image_seed": image.seed, "image": index}
        path = output.write(provenance.embed(image.png, chunk), wanted, spare)
        if path != wanted:
            warnings.append(f"{wanted} couldn't be written; the picture is at {path}.")
        pictures.append(Picture(path, image.seed, width, height))
    return pictures, warnings
