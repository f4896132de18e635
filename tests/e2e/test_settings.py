"""The settings: on the server, for every page; what can't be is said where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.making import READY
from tests.e2e.page import Page
from tests.e2e.served import Served

SECRET = "quite-a-secret-7f3a"
_SET = """
const [css, value] = arguments;
const field = document.querySelector(css);
field.focus();
if (field.type === 'checkbox') field.click();
else {
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}
"""


@pytest.fixture(scope="module")
def own(start_server: Callable[..., Served]) -> Served:
    """A server whose settings are this module's to change; the engine's address is fixed."""
    return start_server()


@pytest.fixture
def page(engine: str, own: Served, page_of: Callable[..., Page]) -> Page:
    found = page_of(engine, own.url)
    names = [one["name"] for one in described(own) if not one["fixed"]]
    own.ask("/api/settings", dict.fromkeys(names), method="PUT")
    found.open(ready=READY)
    open_settings(found)
    return found


def described(served: Served) -> list[dict[str, Any]]:
    return list(served.ask("/api/settings")["settings"])


def value(served: Served, name: str) -> Any:
    return next(one["value"] for one in described(served) if one["name"] == name)


def open_settings(page: Page) -> None:
    page.click("#tools button:last-child")
    page.wait("document.querySelector('#settings').open && document.querySelector('#set-count')")


def change(page: Page, name: str, to: Any) -> None:
    page.js(_SET, f"#set-{name}", to)


def test_each_has_a_label_and_a_line_of_help(page: Page, own: Served):
    for name in (one["name"] for one in described(own) if one["name"] != "device"):
        label, help_line = page.js(
            "const field = document.getElementById('set-' + arguments[0]);"
            "const ids = field.getAttribute('aria-describedby').split(' ');"
            "return [field.labels[0].innerText, document.getElementById(ids[0]).innerText]",
            name,
        )
        assert label.strip(), name
        assert len(help_line) > 5, name
        assert "\n" not in help_line


def test_a_change_is_kept_and_a_second_page_follows(page: Page, own: Served):
    changes = {
        "silence": "1.5", "size": "512x768", "steps": "12", "negative": "text, watermark",
        "count": "2", "seed_policy": "fixed", "recogniser": "pocketsphinx",
    }  # fmt: skip
    for name, to in changes.items():
        change(page, name, to)
        page.wait(
            "document.querySelector('.set-head .saved:not([hidden])') &&"
            " document.querySelector('#say').textContent.includes('saved')"
        )
        page.wait(
            "(await (await fetch('/api/settings')).json()).settings"
            ".find((one) => one.name === arguments[0]).value + '' === arguments[1]",
            name,
            to,
        )
    change(page, "refine", None)
    page.wait("document.querySelector('#set-refiner').disabled")
    assert "Only used when" in page.text("#set-refiner-now")
    change(page, "seed", "18446744073709551615")
    page.wait(
        "document.querySelector('#set-seed').closest('.field').querySelector('.saved:not([hidden])')"
    )
    assert value(own, "refine") is False
    assert str(value(own, "seed")) == "18446744073709551615"
    page.open(ready=READY)
    open_settings(page)
    for name, to in changes.items():
        assert page.js(f"return document.querySelector('#set-{name}').value") == to
    assert page.js("return document.querySelector('#set-refine').checked") is False
    # What another page changes shows here at once.
    own.ask("/api/settings", {"count": 3, "refine": None}, method="PUT")
    page.wait("document.querySelector('#set-count').value === '3'")
    page.wait("document.querySelector('#set-refine').checked")
    # Back to the default by its button.
    page.click(".field:has(#set-count) .reset")
    page.wait("document.querySelector('#set-count').value === '1'")
    assert value(own, "count") == 1


@pytest.mark.engines("chromium")
def test_a_second_tab_follows(page: Page, own: Served):
    with page.second_tab() as other:
        page.open(ready=READY)
        open_settings(page)
        change(page, "steps", "33")
        page.wait("document.querySelector('#say').textContent.includes('saved')")
        other()
        page.wait("document.querySelector('#set-steps').value === '33'")


def test_a_secret_is_never_told(page: Page, own: Served):
    page.js("document.querySelector('#set-comfyui_token').focus()")
    page.type("#set-comfyui_token", SECRET)
    page.keys("tab")
    page.wait("document.querySelector('#set-comfyui_token').hidden")
    assert next(one for one in described(own) if one["name"] == "comfyui_token")["set"] is True
    page.open(ready=READY)
    open_settings(page)
    page.wait("document.querySelector('#set-comfyui_token').hidden")
    for path in ("/api/settings", "/api/status", "/api/jobs", "/"):
        text = page.js("return await (await fetch(arguments[0])).text()", path)
        assert SECRET not in text, path
    everything = page.js(
        "return document.documentElement.outerHTML"
        " + [...document.querySelectorAll('input, textarea')].map((one) => one.value).join()"
        " + JSON.stringify({ ...localStorage, ...sessionStorage })"
    )
    assert SECRET not in everything
    page.js("[...document.querySelectorAll('.set-secret .button')][1].click()")
    page.wait("!document.querySelector('#set-comfyui_token').hidden")
    assert next(one for one in described(own) if one["name"] == "comfyui_token")["set"] is False


def test_what_cannot_work_says_why(page: Page, own: Served):
    assert page.js("return document.querySelector('#set-comfyui_url').disabled")
    assert "environment" in page.text("#set-comfyui_url-now")
    choices = next(one for one in described(own) if one["name"] == "engine")["choices"]
    missing = [one for one in choices if not one["available"]]
    assert missing
    for one in missing:
        assert page.js(
            "return document.querySelector(`#set-engine option[value='${arguments[0]}']`).disabled",
            one["value"],
        )
        page.js("document.querySelector('.field:has(#set-engine) details').open = true")
        assert one["reason"] in page.text(".field:has(#set-engine) details")


def test_a_bad_value_is_said_at_its_field(page: Page, own: Served):
    before = value(own, "size")
    change(page, "size", "513x77")
    page.wait("document.querySelector('#set-size-wrong').innerText.length > 10")
    assert page.js("return document.querySelector('#set-size').getAttribute('aria-invalid')") == (
        "true"
    )
    assert page.focus() == "set-size"
    assert value(own, "size") == before
    change(page, "size", "512x512")
    page.wait("document.querySelector('#set-size-wrong').hidden")
    assert value(own, "size") == "512x512"
