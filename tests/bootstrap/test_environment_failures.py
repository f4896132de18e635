"""What pip's failures are called and what is advised. The lines are pip's and CMake's own."""

from __future__ import annotations

import pytest

from bootstrap.pip_failures import Host, explain
from s2i.errors import EXIT_MISSING, NetworkError

LINUX = Host("linux", "apt", has_compiler=True)

OFFLINE = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after"
    " connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection"
    " object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name"
    " resolution')': /simple/tiny/"
)
NOTHING_FOUND = (
    "ERROR: Could not find a version that satisfies the requirement tiny (from versions: none)",
    "ERROR: No matching distribution found for tiny",
)
NETWORK = {"no-network", "certificate", "proxy", "broken-download"}
BUILD_ENDS = (
    "  error: subprocess-exited-with-error",
    "  note: This error originates from a subprocess, and is likely not a problem with pip.",
    "  ERROR: Failed building wheel for llama-cpp-python",
    "Failed to build llama-cpp-python",
    "ERROR: Could not build wheels for llama-cpp-python, which is required to install",
)


@pytest.mark.parametrize(
    ("lines", "code", "says"),
    [
        ((OFFLINE, *NOTHING_FOUND), "no-network", "internet"),
        (NOTHING_FOUND, "no-such-package", "No version of tiny fits"),
        (
            ("Could not fetch URL: CERTIFICATE_VERIFY_FAILED] self-signed", *NOTHING_FOUND),
            "certificate",
            "PIP_CERT",
        ),
        (
            ("WARNING: broken by 'ProxyError('Cannot connect to proxy.')", *NOTHING_FOUND),
            "proxy",
            "HTTPS_PROXY",
        ),
        (
            ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left",),
            "disk-full",
            "2 GB",
        ),
        (
            ("fatal error: error writing to /tmp/x.s: No space left on device", *BUILD_ENDS),
            "disk-full",
            "2 GB",
        ),
        (
            ("HINT: This error might have occurred since this system does not have Windows Long"
             " Path support enabled.",),
            "path-too-long",
            "nearer to the top",
        ),
        (("  CMake Error: CMAKE_C_COMPILER not set, after EnableLanguage", *BUILD_ENDS),
         "no-compiler", "build-essential"),
        (("  error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", *BUILD_ENDS),
         "no-compiler", "build-essential"),
        (("  /src/a.cpp:3:1: error: 'x' does not name a type", *BUILD_ENDS),
         "build-failed", "'x' does not name a type"),
        (
            ("ERROR: Could not install packages: [Errno 13] Permission denied: 'x'",),
            "not-writable",
            "writable",
        ),
        (("ERROR: Double requirement given: tiny",), "install-failed", "Double requirement given"),
        (("ERROR: Wheel 'x' located at /tmp/x-1-py3-none-any.whl is invalid.",),
         "broken-download", "Start it again"),
        (("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",),
         "broken-download", "Start it again"),
        ((), "install-failed", "pip said nothing"),
    ],
)  # fmt: skip
def test_each_failure_has_its_sentence(lines, code, says):
    error = explain(lines, "llama-cpp-python", "install.log", LINUX)
    assert error.code == code
    assert says in f"{error.message} {error.hint}"
    assert error.exit_code == EXIT_MISSING
    assert isinstance(error, NetworkError) == (code in NETWORK)


def test_one_index_of_several_that_fails_is_not_the_reason_of_a_failed_build():
    lines = (OFFLINE, "/src/a.cpp:3:1: error: boom", *BUILD_ENDS)
    assert explain(lines, "x", "log", LINUX).code == "build-failed"


def test_a_failed_build_without_a_compiler_is_about_the_compiler():
    host = Host("linux", "dnf", has_compiler=False)
    error = explain(BUILD_ENDS, "x", "log", host)
    assert error.code == "no-compiler"
    assert "dnf install gcc" in error.hint


@pytest.mark.parametrize(
    ("platform", "advice"), [("win32", "Visual Studio"), ("darwin", "xcode-select --install")]
)
def test_advice_about_compilers_is_the_systems_own(platform, advice):
    error = explain(BUILD_ENDS, "x", "log", Host(platform, "", has_compiler=False))
    assert advice in error.hint


def test_a_cause_of_any_length_stays_one_sentence():
    error = explain(["ERROR: " + "very " * 500], "x", "log", LINUX)
    assert len(error.message) < 300
