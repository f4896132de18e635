"""/api/utterances: speech that comes while it is spoken, piece by piece."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request, url_for

from s2i.errors import InputError
from s2i.speech.pcm import MAX_BYTES
from s2i.web import requests
from s2i.web.services import services

blueprint = Blueprint("utterances", __name__, url_prefix="/api/utterances")


@blueprint.post("")
def begin() -> tuple[Response, int, dict[str, str]]:
    """`{sample_rate, language?, endpoint?}` → 201 and the utterance's id.

    `endpoint` false: it lasts for as long as a button is held; silence doesn't end it.
    """
    given = requests.json_body()
    rate = requests.whole_number(
        "sample_rate",
        given.get("sample_rate"),
        hint="The microphone's own rate in Hz, such as 48000.",
    )
    language = requests.text("language", given.get("language"), services().settings.language)
    endpoint = given.get("endpoint", True)
    if not isinstance(endpoint, bool):
        raise InputError(
            "bad-endpoint",
            "endpoint has to be true or false.",
            hint="False: silence doesn't end the utterance.",
        )
    state = services().listening.open(language, rate, endpoint=endpoint)
    return jsonify(state), 201, {"Location": url_for(".show", name=state["id"])}


@blueprint.get("/<name>")
def show(name: str) -> Response:
    """Its state: what a page that was reloaded wants to know."""
    return jsonify(services().listening.show(name))


@blueprint.post("/<name>/audio")
def audio(name: str) -> Response:
    """`?seq=N` with mono s16le as the body → next_seq, state, text so far."""
    seq = requests.whole_number(
        "seq", request.args.get("seq"), hint="Number the pieces from 0: /audio?seq=0"
    )
    listening = services().listening
    listening.show(name)  # unknown: said before the body is read
    return jsonify(listening.feed(name, seq, requests.body(MAX_BYTES, "The piece of audio")))


@blueprint.post("/<name>/finish")
def finish(name: str) -> Response:
    """The transcript; with `?count=N` only once all N pieces have come."""
    count = request.args.get("count")
    return jsonify(
        services().listening.finish(
            name, None if count is None else requests.whole_number("count", count)
        )
    )


@blueprint.post("/<name>/cancel")
def cancel(name: str) -> Response:
    """Forget it."""
    return jsonify(services().listening.cancel(name))
