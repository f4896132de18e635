"""What code can answer, the README must not answer differently."""

from __future__ import annotations

import re
from dataclasses import fields

from s2i.cli import COMMANDS, RUN_PY_COMMANDS, parser
from s2i.settings import Settings
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
OPTIONS = {
    option for action in parser()._actions for option in action.option_strings if option != "-h"
}


def test_the_first_block_is_the_two_commands():
    block = README.split("```")[1].strip().splitlines()
    assert block[0].startswith("python run.py --text ")
    assert block[1:] == ["python run.py test"]


def test_every_option_has_its_row_and_no_row_lacks_its_option():
    table = README.split("## Options")[1].split("##")[0]
    documented = set(re.findall(r"`(--[a-z-]+)", table))
    assert documented == OPTIONS


def test_every_setting_has_its_row():
    rows = dict(re.findall(r"^\| `?([a-z_]*)`? ?\| `(S2I_[A-Z_]+)` \|", README, re.MULTILINE))
    names = {field.name for field in fields(Settings)} - {"home"}
    assert {name for name in rows if name} == names
    assert all(variable == f"S2I_{name.upper()}" for name, variable in rows.items() if name)
    assert rows[""] == "S2I_HOME"


def test_every_command_is_named():
    for command in [*COMMANDS, *RUN_PY_COMMANDS]:
        assert f"`python run.py {command}" in README.replace("\n", " ") or (
            f"python run.py {command}" in README.replace("\n", " ")
        )


def test_the_README_names_no_option_that_is_not_there():
    text = re.sub(r"https?://\S+", "", README)
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text))
    foreign = {
        "--install",
        "--preview-method",
        "--screenshots",
        "--profile",
    }  # xcode's, ComfyUI's, pytest's
    assert named - foreign <= OPTIONS
