from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

from workers.redact import Redactor

SECRET = "p@ss/w0rd+é\"x'"


def streamed(redactor: Redactor, chunks: list[str]) -> str:
    return "".join(redactor.feed(chunk) for chunk in chunks) + redactor.flush()


def test_it_replaces_a_secret() -> None:
    assert Redactor([SECRET]).redact(f"a {SECRET} b") == "a [redacted] b"


def test_it_replaces_encoded_spellings() -> None:
    redactor = Redactor([SECRET])
    for spelling in (quote(SECRET), quote(SECRET, safe=""), json.dumps(SECRET)[1:-1]):
        assert redactor.redact(f"<{spelling}>") == "<[redacted]>"


def test_it_replaces_base64_at_every_offset() -> None:
    redactor = Redactor(["topsecret-value"])
    for user in ("", "a", "ab", "abc"):
        encoded = base64.b64encode(f"{user}:topsecret-value".encode()).decode()
        text = redactor.redact(encoded)
        assert "[redacted]" in text
        assert len(text.replace("[redacted]", "")) <= 12  # Letters shared with what stands beside it.


def test_it_leaves_short_values_alone() -> None:
    assert Redactor(["yes", "8000", "", "  ab  "]).redact("yes 8000 ab") == "yes 8000 ab"


def test_it_replaces_each_line_of_a_long_secret() -> None:
    key = "-----BEGIN KEY-----\nabcdefghijkl\nabcdefgh\n-----END KEY-----"
    assert Redactor([key]).redact("line: abcdefghijkl, short: abcdefgh") == "line: [redacted], short: abcdefgh"
    assert Redactor([key]).redact(key) == "[redacted]"


def test_it_is_made_quickly_of_large_files() -> None:
    files = [
        "\n".join(base64.b64encode(bytes([n]) * 40 + i.to_bytes(8)).decode() for i in range(1000)) for n in range(10)
    ]
    begin = time.process_time()
    redactor = Redactor(files)
    lines = [line for file in files for line in file.splitlines()[:100]]
    assert {redactor.redact(f"<{line}>") for line in lines} == {"<[redacted]>"}
    assert redactor.redact(f"<{files[9]}>") == redactor.redact(json.dumps(files[9])).replace('"', "<", 1).replace(
        '"', ">"
    )
    assert time.process_time() - begin < 15


def test_it_finds_a_long_secret_in_a_stream() -> None:
    secret = "".join(f"{n:04}" for n in range(100))
    for cut in range(7, 407, 50):
        text = f"before {secret} after"
        assert streamed(Redactor([secret, "0001000"]), [text[:cut], text[cut:]]) == "before [redacted] after"


def test_it_takes_the_longest_of_two_secrets() -> None:
    redactor = Redactor(["abcdef", "abcdefghi"])
    assert redactor.redact("abcdefghi abcdef") == "[redacted] [redacted]"
    assert streamed(redactor, ["abcdef", "ghi!"]) == "[redacted]!"


def test_it_finds_a_secret_split_anywhere() -> None:
    text = "before topsecret topsec after"
    for cut in range(len(text)):
        for second in range(cut, len(text)):
            chunks = [text[:cut], text[cut:second], text[second:]]
            assert streamed(Redactor(["topsecret"]), chunks) == "before [redacted] topsec after"


def test_it_lets_out_at_once_what_cannot_be_a_secret() -> None:
    redactor = Redactor(["topsecret"])
    assert redactor.feed("hello to") == "hello "
    assert redactor.feed("day") == "today"


def test_it_is_quick_with_many_secrets() -> None:
    redactor = Redactor([f"secret-number-{i}-{i * 7919}" for i in range(200)])
    begin = time.process_time()
    for i in range(20_000):
        redactor.feed(f"line {i} of an ordinary build log, with nothing in it\n")
    assert time.process_time() - begin < 15
