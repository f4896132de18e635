"""The settings of a running program: changed while it runs, kept in data/settings.json.

Each layer is known by itself, so that what the environment or the command line fixes can be told
from what can be changed. A file of another version, or one with a mistake in it, doesn't keep the
program from starting: what can be used of it is used, `problems` says what can't, and nothing of
it is thrown away.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s2i import log
from s2i import settings as layers
from s2i.errors import InputError, OutputError
from s2i.locks import FileLock
from s2i.settings import Settings
from s2i.settings_values import Kind
from s2i.url_secrets import keep_password

Check = Callable[[str, Any, Settings], None]
"""Looks at a new value (name, value, all settings as they would be). Raises InputError."""
Listener = Callable[[Settings], None]

LOCK_SECONDS = 10.0
FIXED_BY_ENVIRONMENT = "environment"
FIXED_BY_OPTION = "command line"


class BadSetting(InputError):
    """A setting that can't be changed, or not to this; `field` names it."""

    def __init__(self, field: str, error: InputError) -> None:
        super().__init__(error.code, error.message, hint=error.hint)
        self.field = field


@dataclass(frozen=True)
class _File:
    raw: dict[str, Any]
    values: dict[str, Any]
    problems: tuple[str, ...]


class SettingsStore:
    """The settings as they are, and the one way to change them. For many threads."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        *,
        base: Settings | None = None,
        check: Check | None = None,
    ) -> None:
        """`overrides`: the command line's. `base`: the defaults. `check` looks at what is changed
        beyond its form, such as whether a workflow is there.

        Raises InputError where the environment or the command line hold a mistake.
        """
        self._base = base or Settings(home=layers.find_home(environ, overrides))
        self._environment = layers.from_environment(environ)
        self._options = layers.from_options(overrides)
        self.check = check
        self._listeners: list[Listener] = []
        self._lock = threading.RLock()
        self.path = self._base.data / layers.FILE_NAME
        found = self._look()
        self.problems = found.problems
        """Sentences on what in the file can't be used."""
        self.current = self._resolve(found.values)
        """The settings as they are now. Never changed: a change puts another object here."""

    @classmethod
    def around(cls, settings: Settings) -> SettingsStore:
        """A store with `settings` as its defaults, whatever the environment says."""
        return cls({}, base=settings)

    @property
    def default(self) -> Settings:
        """What holds where nothing was set."""
        return self._base

    def fixed(self, name: str) -> str | None:
        """What keeps the setting from being changed here; None where it can be."""
        if name in self._options:
            return FIXED_BY_OPTION
        return FIXED_BY_ENVIRONMENT if name in self._environment else None

    def listen(self, listener: Listener) -> None:
        """Have it called after every change, in the thread that made it. It must be quick."""
        with self._lock:
            self._listeners.append(listener)

    def update(self, changes: Mapping[str, Any]) -> Settings:
        """Save and apply all of `changes`, or none; None as a value means back to the default.

        Returns the settings then in force. Raises BadSetting, and OutputError where the file can't
        be written.
        """
        with self._lock:
            before = self.current
            wanted = {
                name: value
                for name, value in self._checked(changes).items()
                if self.fixed(name) is None
            }
            if wanted:
                found = self._write(wanted)
                self.problems = found.problems
                self.current = self._resolve(found.values)
            if self.current != before:
                for listener in list(self._listeners):
                    self._tell(listener)
            return self.current

    def _tell(self, listener: Listener) -> None:
        try:
            listener(self.current)
        except Exception as error:  # noqa: BLE001 - the change is made; the other listeners must hear of it
            log.failure(error)

    def _checked(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The changes in the settings' own types; None stays None."""
        wanted: dict[str, Any] = {}
        for name, value in changes.items():
            with _about(name):
                if name not in layers.names():
                    raise InputError(
                        "unknown-setting",
                        f"There is no setting '{ascii(name[:60])[1:-1]}'.",
                        hint=f"Known are: {', '.join(layers.names())}.",
                    )
                if value is not None:
                    value = layers.check(name, value, f"The setting {name}")  # noqa: PLW2901 - the same, in its own type
                    if name == "comfyui_url":
                        value = keep_password(value, self.current.comfyui_url)  # noqa: PLW2901 - likewise
                self._refuse_fixed(name, value)
                wanted[name] = value
        given = {n: getattr(self._base, n) if v is None else v for n, v in wanted.items()}
        candidate = replace(self.current, **given)
        for name, value in given.items():
            if self.check is not None and value != getattr(self.current, name):
                with _about(name):
                    self.check(name, value, candidate)
        return wanted

    def _refuse_fixed(self, name: str, value: Any) -> None:
        by = self.fixed(name)
        # A page may send all of them, the fixed ones as they are (a secret as None).
        if by is None or value is None or value == getattr(self.current, name):
            return
        way = f"S2I_{name.upper()}" if by == FIXED_BY_ENVIRONMENT else "its option"
        raise InputError(
            "fixed-setting",
            f"The setting {name} is fixed by the {by}, so it can't be changed here.",
            hint=f"Start the program without {way}.",
        )

    def _resolve(self, values: Mapping[str, Any]) -> Settings:
        return replace(self._base, **{**values, **self._environment, **self._options})

    def _look(self) -> _File:
        """What the file holds, as far as it can be used. Never raises."""
        try:
            raw = layers.read_file(self.path)
        except InputError as error:
            return _File({}, {}, (f"{error.message} The defaults are used. {error.hint}",))
        known, unknown = layers.split_known(raw)
        problems = [layers.unknown_setting(name, self.path) for name in unknown]
        values: dict[str, Any] = {}
        for name, value in known.items():
            try:
                values[name] = layers.check(name, value, f"the setting {name} in {self.path}")
            except InputError as error:
                problems.append(f"{error.message} Its default is used. {error.hint}".strip())
        return _File(raw, values, tuple(problems))

    def _write(self, wanted: Mapping[str, Any]) -> _File:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path.with_suffix(".lock"))
            lock.acquire(LOCK_SECONDS)
            try:
                raw = self._raw_for_writing()
                for name, value in wanted.items():
                    if value is None or (value == "" and is_secret(name)):
                        raw.pop(name, None)
                    else:
                        raw[name] = value
                _replace(self.path, json.dumps(raw, indent=2) + "\n")
            finally:
                lock.release()
        except OSError as error:  # TimeoutError, of the lock, is one
            raise OutputError(
                "settings-not-saved",
                f"The settings can't be saved in {self.path} ({error.strerror or error}).",
                hint="Make the folder writable and make room on the disk.",
                retryable=True,
            ) from error
        return self._look()

    def _raw_for_writing(self) -> dict[str, Any]:
        """What is in the file now: another process may have written it. One that isn't JSON is
        put aside."""
        try:
            return layers.read_file(self.path)
        except InputError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            stamp = time.strftime("%Y%m%d-%H%M%S")
            self.path.replace(self.path.with_name(f"settings.broken-{stamp}.json"))
            return {}


def is_secret(name: str) -> bool:
    """Whether the setting's value is told to nobody."""
    return layers.rule(name).kind is Kind.SECRET


@contextmanager
def _about(name: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise BadSetting(name, error) from error


def _replace(path: Path, text: str) -> None:
    """Put `text` into the file in one step, readable by its owner alone: it may hold a secret."""
    target = Path(os.path.realpath(path))  # a link stays one
    spare = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        _move(spare, target)
    except BaseException:
        with contextlib.suppress(OSError):
            spare.unlink()
        raise


def _move(spare: Path, target: Path) -> None:
    for wait in (0.02, 0.1, 0.5):
        try:
            spare.replace(target)
            return
        except PermissionError:  # Windows, while somebody reads it
            time.sleep(wait)
    spare.replace(target)
