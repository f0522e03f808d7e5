"""Static files: compressed, cached for ever, under an address that changes with them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from django.conf import settings
from django.templatetags.static import static
from django.test import Client

from apps.lib.assets import compressed
from apps.lib.versions import version_of
from tests.apps.cast import Person


def test_it_names_the_state_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = version_of([tmp_path])
    assert version_of([tmp_path]) == first
    assert version_of([tmp_path], "other Django") != first
    (tmp_path / "a.js").write_text("2")
    assert version_of([tmp_path]) != first
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert version_of([tmp_path]) != first
    assert len(first) == 12


def test_it_compresses_once_a_content(tmp_path: Path) -> None:
    source = tmp_path / "a.css"
    source.write_text("body{}" * 200)
    packed = compressed(source, tmp_path / "cache")
    assert gzip.decompress(packed.read_bytes()) == source.read_bytes()
    before = packed.stat().st_mtime_ns
    assert compressed(source, tmp_path / "cache") == packed
    assert packed.stat().st_mtime_ns == before
    source.write_text("html{}" * 200)
    assert compressed(source, tmp_path / "cache") != packed
    assert [p.suffix for p in (tmp_path / "cache").iterdir()] == [".gz", ".gz"]


@pytest.mark.parametrize("name", ["slipway.css", "page.js", "vendor/htmx-4.0.1.min.js", "admin/css/base.css"])
def test_it_serves_files_compressed_and_for_ever(name: str) -> None:
    address = static(name)
    assert f"/static/{settings.STATIC_URL.split('/')[-2]}/" in address
    answer = Client().get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer["Content-Encoding"] == "gzip"
    assert "immutable" in answer["Cache-Control"]
    assert answer["Vary"] == "Accept-Encoding"
    plain = Client().get(address)
    assert "Content-Encoding" not in plain
    assert gzip.decompress(answer.getvalue()) == plain.getvalue()


def test_it_leaves_fonts_as_they_are() -> None:
    answer = Client().get(static("fonts/inter-5.3.0.woff2"), headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer
    assert "immutable" in answer["Cache-Control"]


@pytest.mark.django_db
def test_it_compresses_pages(alice: Person) -> None:
    answer = alice.client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert b"<!doctype html>" in gzip.decompress(answer.content)
