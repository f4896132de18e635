from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from s2i.locks import FileLock

ROOT = Path(__file__).resolve().parent.parent

_HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
from s2i.locks import FileLock
with FileLock(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold_elsewhere(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its standard input closes."""
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(ROOT), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_free_lock_is_taken_and_given_back(tmp_path):
    lock = FileLock(tmp_path / "lock")
    assert lock.try_acquire()
    assert lock.held
    lock.release()
    lock.release()
    assert not lock.held
    with lock:
        assert lock.held
    assert not lock.held


def test_two_objects_of_one_process_keep_each_other_out(tmp_path):
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    with first:
        assert not second.try_acquire()
    assert second.try_acquire()
    second.release()


def test_closing_the_same_file_elsewhere_does_not_lose_the_lock(tmp_path):
    with FileLock(tmp_path / "lock"):
        (tmp_path / "lock").read_bytes()
        assert not FileLock(tmp_path / "lock").try_acquire()


def test_taking_it_twice_is_a_mistake(tmp_path):
    with FileLock(tmp_path / "lock") as lock, pytest.raises(RuntimeError, match="already locked"):
        lock.try_acquire()


def test_a_lock_that_is_not_held_has_no_file(tmp_path):
    with pytest.raises(ValueError, match="isn't locked"):
        FileLock(tmp_path / "lock").fileno()


def test_another_process_keeps_it_until_it_ends(tmp_path):
    path = tmp_path / "lock"
    with hold_elsewhere(path) as child:
        lock = FileLock(path)
        assert not lock.try_acquire()
        with pytest.raises(TimeoutError):
            lock.acquire(timeout=0.2)
        assert child.stdin is not None
        child.stdin.close()
        lock.acquire(timeout=60)
        assert lock.held
        lock.release()


def test_a_killed_process_leaves_it_free(tmp_path):
    path = tmp_path / "lock"
    with hold_elsewhere(path) as child:
        child.kill()
        child.wait()
        lock = FileLock(path)
        lock.acquire(timeout=60)
        lock.release()


def test_waiting_is_told(tmp_path):
    path = tmp_path / "lock"
    first, second = FileLock(path), FileLock(path)
    first.acquire()
    waits: list[float] = []

    def on_wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            first.release()

    second.acquire(timeout=60, on_wait=on_wait)
    second.release()
    assert waits[0] == 0.0
    assert waits[1] >= 1.0


def test_threads_take_turns(tmp_path):
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        with FileLock(tmp_path / "lock"):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.01)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == 1


@pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be removed on Windows")
def test_after_a_removal_the_new_files_lock_counts(tmp_path):
    path = tmp_path / "lock"
    first, second, third = FileLock(path), FileLock(path), FileLock(path)
    first.acquire()
    path.unlink()
    assert second.try_acquire()
    assert not third.try_acquire()
    first.release()
    assert not third.try_acquire()
    second.release()


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors aren't inherited on Windows")
def test_a_child_that_shares_it_keeps_it(tmp_path):
    lock = FileLock(tmp_path / "lock")
    lock.acquire()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock.fileno()]) as child:
        lock.release()
        assert not lock.try_acquire()
        assert child.stdin is not None
        child.stdin.close()
        child.wait()
    assert lock.try_acquire()
    lock.release()


def test_a_missing_folder_is_an_os_error(tmp_path):
    lock = FileLock(tmp_path / "missing" / "lock")
    with pytest.raises(FileNotFoundError):
        lock.acquire(timeout=1)
    assert not lock.held


def test_text_in_the_file_stays_and_can_be_read(tmp_path):
    path = tmp_path / "lock"
    path.write_text("owner\n")
    with FileLock(os.fspath(path)):
        assert path.read_text() == "owner\n"
