"""POST /api/transcriptions: a whole recording in, a transcript out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, cast

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from s2i.errors import InputError, OutputError
from s2i.speech import audio
from s2i.web import requests
from s2i.web.refusals import BadBody
from s2i.web.services import services

MAX_FILE = 200 << 20  # bytes
MAX_PARTS = 20
RATE = 16000  # Hz; what speech models are made for
_WHAT = "The recording"

blueprint = Blueprint("transcriptions", __name__)


@blueprint.post("/api/transcriptions")
def transcribe() -> Response:
    """The recording is the body itself, or the file of a form; `?language=` as it is spoken.

    curl --data-binary @idea.wav http://127.0.0.1:5000/api/transcriptions
    """
    parts = services()
    language = requests.text("language", request.args.get("language"), parts.settings.language)
    with tempfile.TemporaryDirectory(prefix="s2i-", ignore_cleanup_errors=True) as folder:
        # A file and not a stream: an m4a's index may come last. Errors call it by this name.
        path = Path(folder) / _WHAT
        with path.open("wb") as file:
            _receive(file)
        with audio.decode(path, RATE) as pieces:
            return jsonify(parts.listening.transcribe(language, RATE, pieces))


def _receive(file: IO[bytes]) -> None:
    """Write the recording into `file`, never holding more than a block of it in memory."""
    try:
        if request.mimetype == "multipart/form-data":
            _receive_form(file)
        else:
            for block in iter(requests.Body(MAX_FILE, _WHAT).read, b""):
                file.write(block)
    except OSError as error:
        raise OutputError(
            "no-space",
            f"The recording can't be put down to be read ({error.strerror or error}).",
            hint="Make room on the disk.",
        ) from error


def _receive_form(file: IO[bytes]) -> None:
    taken: list[str | None] = []

    def factory(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if taken:  # it would be written over the first
            raise InputError("two-files", "One recording at a time.", hint="Send a single file.")
        taken.append(filename)
        return file

    parser = FormDataParser(
        stream_factory=factory, max_form_memory_size=1 << 20, max_form_parts=MAX_PARTS, silent=False
    )
    try:
        parser.parse(
            cast("IO[bytes]", requests.Body(MAX_FILE, _WHAT)),  # reading is all it does with it
            request.mimetype,
            request.content_length,
            request.mimetype_params,
        )
    except RequestEntityTooLarge as error:
        raise requests.too_large(MAX_FILE, _WHAT) from error
    except ValueError as error:
        raise BadBody("bad-body", f"The form can't be read ({error}).") from error
    if not taken:
        raise InputError(
            "no-file", "The form holds no file.", hint="curl -F file=@idea.wav sends one."
        )
