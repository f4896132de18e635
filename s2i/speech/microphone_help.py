"""What to do about a microphone that isn't there or isn't allowed, on this system. Pure."""

from __future__ import annotations

from s2i.errors import MissingError

_PORTAUDIO = (
    ({"fedora", "rhel"}, "sudo dnf install portaudio"),
    ({"arch"}, "sudo pacman -S portaudio"),
    ({"suse", "opensuse"}, "sudo zypper install libportaudio2"),
    ({"alpine"}, "sudo apk add portaudio"),
)
_DEBIAN = "sudo apt install libportaudio2"  # Ubuntu, Mint and Raspberry Pi OS too


def no_portaudio(system: str, family: frozenset[str], python: str) -> MissingError:
    """PortAudio isn't installed. `system` as `platform.system()` says it; `family` holds a Linux
    distribution's ID and ID_LIKE. On Windows and macOS the library comes with sounddevice.
    """
    if system == "Linux":
        command = next((one for names, one in _PORTAUDIO if names & family), _DEBIAN)
        hint = f"Install it: {command}"
    else:
        hint = f'Install it again: "{python}" -m pip install --force-reinstall sounddevice'
    return MissingError(
        "no-portaudio",
        "The microphone can't be used: the sound library PortAudio is missing.",
        hint=hint,
    )


def no_microphone(system: str, *, locked: bool = False) -> MissingError:
    """No input device is listed. `locked`: Linux has sound devices, but they may not be read."""
    if locked:
        return refused(system, locked=True)
    hint = "Connect one, then look with: python run.py --mic --list"
    if system == "Linux":
        hint += (
            ". Where other programs hear it, install the bridge to PulseAudio or PipeWire:"
            " sudo apt install libasound2-plugins"
        )
    return MissingError("no-microphone", "No microphone was found.", hint=hint)


def refused(system: str, *, locked: bool = False) -> MissingError:
    """The system doesn't let this program listen, as far as can be told."""
    return MissingError(
        "microphone-refused", "The microphone can't be opened.", hint=permission(system, locked)
    )


def permission(system: str, locked: bool = False) -> str:
    """Where this system gives a program the microphone."""
    if system == "Darwin":
        return (
            "Allow it for your terminal and start that again: "
            'open "x-apple.systempreferences:com.apple.preference.security?Privacy_Microphone"'
        )
    if system == "Windows":
        return (
            "Allow desktop apps to use the microphone, and close programs that hold it: "
            "start ms-settings:privacy-microphone"
        )
    if locked:
        return "Join the group that may use sound, then log in again: sudo usermod -aG audio $USER"
    return (
        "Another program may hold it, or the sound server isn't running; who uses it: "
        "fuser -v /dev/snd/*"
    )


def only_zeros(system: str) -> str:
    """What a microphone that sends digital silence means: macOS does so instead of refusing."""
    return f"The microphone sends nothing at all; it is muted or not allowed. {permission(system)}"
