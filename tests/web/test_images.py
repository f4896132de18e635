"""The pictures over a real server: whole, small, saved, and gone."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from s2i import provenance
from s2i.job import JobState, Request
from s2i.journal import UNDO_SECONDS, Journal
from tests.fakes.engine import ScriptedEngine, square
from tests.web.conftest import Running
from tests.web.painting import delete, painted, repaint


@pytest.fixture
def job(web: Running) -> dict[str, Any]:
    """A finished job of two pictures, 640x320 px."""
    repaint(web, ScriptedEngine())
    return painted(web, "Ein Füchslein, „schlafend“/..", size="640x320", count=2)


def thumbs(web: Running) -> list[Path]:
    return sorted((web.services.settings.data / "thumbs").glob("*"))


def test_a_picture_as_it_is(web: Running, job: dict[str, Any]):
    answer = web.client.get(job["pictures"][1]["url"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.body == Path(job["images"][1]).read_bytes()
    assert (provenance.read(answer.body) or {})["image"] == 1
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] is None


def test_only_the_head(web: Running, job: dict[str, Any]):
    for path in (job["pictures"][0]["url"], job["pictures"][0]["thumb"]):
        whole, head = web.client.get(path), web.client.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers[name] == whole.headers[name]
        assert int(head.headers["Content-Length"]) == len(whole.body)


def test_what_the_browser_has_is_not_sent_again(web: Running, job: dict[str, Any]):
    for path in (job["pictures"][0]["url"], job["pictures"][0]["thumb"]):
        tag = web.client.get(path).headers["ETag"]
        again = web.client.get(path, If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")
        assert web.client.get(path, If_None_Match='"other"').status == 200


def test_saving_gives_a_name_after_the_idea(web: Running, job: dict[str, Any]):
    names = [
        web.client.get(f"{picture['url']}?download=1").headers["Content-Disposition"]
        for picture in job["pictures"]
    ]
    assert names == [
        'attachment; filename="ein-fuchslein-schlafend.png"',
        'attachment; filename="ein-fuchslein-schlafend-2.png"',
    ]


def test_small_ones_are_made_once_and_again_where_broken(web: Running, job: dict[str, Any]):
    path = job["pictures"][0]["thumb"]
    answer = web.client.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.body)) as small:
        assert (small.format, small.size) == ("WEBP", (384, 192))
    (kept,) = thumbs(web)
    assert kept.name == f"{job['id']}-0.webp"
    marked = b"RIFF" + (4 + 8).to_bytes(4, "little") + b"WEBP" + b"12345678"
    kept.write_bytes(marked)
    assert web.client.get(path).body == marked, "what is kept is used"
    for broken in (b"", b"<html>", marked[:-1], answer.body[:-10]):
        kept.write_bytes(broken)
        assert web.client.get(path).body == answer.body
        assert kept.read_bytes() == answer.body


def test_small_ones_come_even_where_they_cannot_be_kept(web: Running, job: dict[str, Any]):
    (web.services.settings.data / "thumbs").write_text("in the way")
    answer = web.client.get(job["pictures"][0]["thumb"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/webp")


@pytest.mark.parametrize("n", ["2", "-1", "99999999999999999999", "0x0", "zero", "", "0/..", "1.0"])
def test_pictures_that_are_none(web: Running, job: dict[str, Any], n: str):
    for more in ("", "?thumb=1"):
        answer = web.client.get(f"/api/jobs/{job['id']}/images/{n}{more}")
        assert answer.status == 404
    assert thumbs(web) == []


@pytest.mark.parametrize("more", ["", "?thumb=1", "?download=1"])
def test_a_file_that_is_gone(web: Running, job: dict[str, Any], more: str):
    web.client.get(job["pictures"][0]["thumb"])
    Path(job["images"][0]).unlink()
    answer = web.client.get(job["pictures"][0]["url"] + more)
    assert (answer.status, answer.code) == (404, "picture-gone")
    assert answer.json["error"]["message"] == "The picture's file is no longer there."
    assert answer.headers["Cache-Control"] == "no-store", "it may be put back"
    Path(job["images"][0]).mkdir()
    assert web.client.get(job["pictures"][0]["url"] + more).code == "picture-gone"


@pytest.mark.parametrize(
    "content", [b"", b"<script>alert(1)</script>", b"GIF89a", square()[:-20], square() + b"more"]
)
def test_a_file_that_is_no_png_any_more(web: Running, job: dict[str, Any], content: bytes):
    Path(job["images"][0]).write_bytes(content)
    for more in ("", "?thumb=1", "?download=1"):
        answer = web.client.get(job["pictures"][0]["url"] + more)
        assert (answer.status, answer.code) == (404, "picture-damaged")
        assert content[:6] not in answer.body or not content


def test_a_picture_like_a_bomb_is_not_unpacked(web: Running, job: dict[str, Any]):
    from s2i.provenance import check_png

    whole = square()
    at = whole.index(b"IHDR")
    head = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + whole[at + 12 : at + 17]
    import zlib

    bomb = whole[:at] + head + zlib.crc32(head).to_bytes(4, "big") + whole[at + 21 :]
    assert check_png(bomb) == (60_000, 60_000)
    Path(job["images"][0]).write_bytes(bomb)
    assert web.client.get(job["pictures"][0]["thumb"]).code == "picture-damaged"


def test_a_project_folder_that_was_moved(web: Running, job: dict[str, Any]):
    old = Path(job["images"][0])
    elsewhere = web.services.settings.output.parent / "before" / old.parent.name / old.name
    journal = Journal(web.services.settings.data)
    try:
        journal.finish(
            job["id"], JobState.DONE, result={**_result(job), "images": [str(elsewhere)]}
        )
    finally:
        journal.close()
    assert web.client.get(job["pictures"][0]["url"]).body == old.read_bytes()


def test_an_id_that_would_walk_out_of_the_cache(web: Running, tmp_path: Path):
    repaint(web, ScriptedEngine())
    outside = tmp_path / "mine.png"
    outside.write_bytes(square())
    journal = Journal(web.services.settings.data)
    try:
        for name in ("..", "a b", "x" * 65):
            journal.begin(name, Request(idea="fox"), time.time())
            journal.finish(name, JobState.DONE, result={"images": [str(outside)], "seed": 1})
    finally:
        journal.close()
    for name in ("a%20b", "x" * 65):
        assert web.client.get(f"/api/jobs/{name}/images/0?thumb=1").status == 200
    assert thumbs(web) == []


def _result(job: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in job.items() if key not in {"state", "pictures", "request"}}


def _long_ago(web: Running, job: str) -> None:
    """As if it had been deleted before the time for undoing it."""
    journal = Journal(web.services.settings.data)
    try:
        assert journal.mark_deleted(job, time.time() - UNDO_SECONDS - 1)
    finally:
        journal.close()


def _gone(web: Running, job: str) -> None:
    """Delete it long ago, and another now, which empties the bin."""
    _long_ago(web, job)
    other = painted(web, "other")
    delete(web, other["id"])
    until = time.monotonic() + 20
    while web.client.get(f"/api/jobs/{job}").status != 404:
        assert time.monotonic() < until
        time.sleep(0.01)
    # the row goes first; the files have gone when the next look is over
    while any(path.name.startswith(job) for path in thumbs(web)):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_deleted_pictures_stay_while_it_can_be_undone(web: Running, job: dict[str, Any]):
    web.client.get(job["pictures"][0]["thumb"])
    delete(web, job["id"])
    delete(web, painted(web, "other")["id"])
    assert web.client.get(job["pictures"][0]["url"]).status == 200
    assert all(Path(path).exists() for path in job["images"])


def test_then_they_go_with_all_that_was_kept(web: Running, job: dict[str, Any]):
    kept = painted(web, "kept")
    for picture in (*job["pictures"], *kept["pictures"]):
        web.client.get(picture["thumb"])
    _gone(web, job["id"])
    web.services.desk.close()  # the house is in order by then
    assert not any(Path(path).exists() for path in job["images"])
    assert [path.name for path in thumbs(web)] == [f"{kept['id']}-0.webp"]
    assert Path(kept["images"][0]).exists()
    journal = Journal(web.services.settings.data)
    try:
        assert journal.get(job["id"]) is None
        assert journal.events(job["id"]) == []
    finally:
        journal.close()


@pytest.mark.parametrize("case", ["outside", "replaced", "link", "not-a-picture"])
def test_files_that_are_not_ours_to_remove(
    web: Running, job: dict[str, Any], tmp_path: Path, case: str
):
    first = Path(job["images"][0])
    safe, content = first, square()
    if case == "outside":
        safe = tmp_path / "desk" / "mine.png"
        safe.parent.mkdir()
        content = first.read_bytes()
        journal = Journal(web.services.settings.data)
        journal.finish(job["id"], JobState.DONE, result={**_result(job), "images": [str(safe)]})
        journal.close()
    elif case == "link":
        safe = tmp_path / "linked.png"
        content = first.read_bytes()
        first.unlink()
        try:
            first.symlink_to(safe)
        except OSError:
            pytest.skip("links can't be made here")
    elif case == "not-a-picture":
        content = b"notes"
    safe.write_bytes(content)
    _gone(web, job["id"])
    web.services.desk.close()
    assert safe.read_bytes() == content
