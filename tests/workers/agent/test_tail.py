"""Following a log file that is rotated under one's hands. Files only, no engine."""

from __future__ import annotations

import json
from pathlib import Path

from workers.agent.tail import CUT_MARK, LONGEST_LINE, Position, Tail


def entry(text: str, stream: str = "stdout") -> str:
    return json.dumps({"log": text, "stream": stream, "time": "2026-01-02T03:04:05.123456789Z"}) + "\n"


def write(path: Path, *texts: str) -> None:
    with path.open("a") as file:
        file.writelines(entry(text) for text in texts)


def rotate(path: Path, keep: int = 3) -> None:
    """As the engine does it: the oldest goes, each of the others moves on by one."""
    for number in range(keep - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        if newer.exists():
            newer.replace(older)
    path.touch()


def texts(tail: Tail, limit: int = 1000) -> list[str]:
    return [line.text for line in tail.read(limit, 1 << 30)]


def test_it_reads_lines_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    write(path, "one\n", "two\n")
    first = Tail(path).read(1, 1 << 30)
    write(path, "three\n")
    assert [line.text for line in first] == ["one"]
    assert texts(Tail(path, first[-1].end)) == ["two", "three"]


def test_it_reads_the_rest_of_a_rotated_file_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    tail = Tail(path)
    write(path, "one\n")
    assert texts(tail) == ["one"]
    write(path, "two\n")
    rotate(path)
    write(path, "three\n")
    rotate(path)
    write(path, "four\n")
    assert texts(tail) == ["two", "three", "four"]


def test_it_finds_its_place_in_a_rotated_file_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    write(path, *(f"line {n}\n" for n in range(5)))
    position = Tail(path).read(2, 1 << 30)[-1].end
    rotate(path)
    write(path, "new\n")
    assert texts(Tail(path, position)) == ["line 2", "line 3", "line 4", "new"]


def test_it_says_when_lines_were_rotated_away(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    write(path, *(f"line {n}\n" for n in range(5)))
    position = Tail(path).read(2, 1 << 30)[-1].end
    for number in range(4):
        rotate(path)
        write(path, f"new {number}\n")
    lines = Tail(path, position).read(100, 1 << 30)
    assert [line.kind for line in lines] == ["gap", "line", "line", "line"]
    assert [line.text for line in lines[1:]] == ["new 1", "new 2", "new 3"]


def test_it_is_not_taken_in_by_an_inode_number_that_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    write(path, "something else than before, and long enough for a head of a file\n", "more\n")
    other = Position(path.stat().st_ino, 90, head=1)
    lines = Tail(path, other).read(100, 1 << 30)
    assert [line.kind for line in lines] == ["gap", "line", "line"]


def test_it_puts_pieces_of_a_line_together_across_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    tail = Tail(path)
    write(path, "a" * 16384)
    assert texts(tail) == []
    rotate(path)
    write(path, "b" * 10 + "\n", "next\n")
    assert texts(tail) == ["a" * 16384 + "b" * 10, "next"]


def test_it_cuts_a_huge_line_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    write(path, *["h" * 16384] * 20, "end\n", "next\n")
    assert texts(Tail(path)) == ["h" * LONGEST_LINE + CUT_MARK, "next"]


def test_it_survives_nul_bytes_broken_lines_and_a_last_line_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    write(path, "a\0b\n")
    with path.open("a") as file:
        file.write("{torn\n")
    write(path, "\ud800 lone\r\n", "the end")
    tail = Tail(path)
    lines = tail.read(100, 1 << 30)
    assert [(line.kind, line.text) for line in lines] == [
        ("line", "ab"),
        ("gap", "a line of the engine's log could not be read"),
        ("line", "? lone"),
    ]
    assert [line.text for line in tail.flush()] == ["the end"]


def test_it_tells_the_stream_and_the_engines_time(tmp_path: Path) -> None:
    path = tmp_path / "c-json.log"
    with path.open("a") as file:
        file.write(entry("oops\n", "stderr"))
    line = Tail(path).read(1, 1 << 30)[0]
    assert (line.level, line.at) == ("err", "2026-01-02T03:04:05.123456789Z")
