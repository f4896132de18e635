"""The refiner's template in a model's own chat format, cut where the idea goes.

The text before the idea is the same for every idea: its evaluation can be kept. Where a model
brings no chat template (a base model), the examples stand as plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from s2i.refine.template import Template

_SLOT = "theideagoeshere"

Render = Callable[[list[dict[str, str]]], str]
"""Messages of {"role", "content"} in, the model's text out; raises where its template can't."""


@dataclass(frozen=True)
class Scaffold:
    """The text around the idea: `before` {idea} `between` {idea}, … and the model goes on."""

    before: str
    between: str


def plain_scaffold(template: Template) -> Scaffold:
    """For a model without a chat template."""
    shots = "".join(
        f"Idea: {example.idea}\nPrompt: {example.prompt}\n\n" for example in template.examples
    )
    return Scaffold(before=f"{template.system}\n\n{shots}Idea: ", between="\nPrompt: ")


def chat_scaffold(template: Template, render: Render, *, no_think: bool) -> Scaffold | None:
    """For a model with one; None where its template takes none of the ways tried.

    `no_think` adds the soft switch of models that think aloud unless told otherwise.
    """
    system = f"{template.system} /no_think" if no_think else template.system
    for messages in (_with_system(template, system), _without_system(template, system)):
        try:
            text = render(messages)
        except Exception:  # noqa: BLE001, S112 - a model's own Jinja: it may raise anything, as Gemma's does for a system turn
            continue
        before, *rest = text.split(_SLOT)
        # Some templates (Mistral's) drop or move turns they don't know: the system line must be in.
        if len(rest) == 1 and template.system in before:
            return Scaffold(before=before, between=_past_thinking(rest[0]))
    return None


def _with_system(template: Template, system: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": system}, *_turns(template)]


def _without_system(template: Template, system: str) -> list[dict[str, str]]:
    first, *others = _turns(template)
    return [{**first, "content": f"{system}\n\n{first['content']}"}, *others]


def _turns(template: Template) -> list[dict[str, str]]:
    turns = [
        turn
        for example in template.examples
        for turn in (
            {"role": "user", "content": example.idea},
            {"role": "assistant", "content": example.prompt},
        )
    ]
    return [*turns, {"role": "user", "content": _SLOT}]


def _past_thinking(between: str) -> str:
    """Close a thought that the template opens for the model: the answer begins at once."""
    _, opened, after = between.rpartition("<think>")
    if opened and "</think>" not in after:
        return f"{between.rstrip()}\n\n</think>\n\n"
    return between
