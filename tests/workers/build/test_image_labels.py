"""The standard labels of what is built. Pure; `test_image` sees them on an image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from workers.build.dockerfile import dockerfile_for
from workers.build.image_labels import PREFIX, base_of, labels_for
from workers.build.job import Checkout, Workspace
from workers.build.plan import Plan

CHECKOUT = Checkout(Path("/x"), Path("/x"), "a" * 40, "Greet politely", "Alice")
WORKSPACE = Workspace(
    Path("/c"), Path("/s"), {"slipway.instance": "0" * 8}, "shop/web", "https://alice:t0ken@git.example/shop.git"
)


def test_it_says_what_it_is_and_where_it_came_from_without_credentials() -> None:
    labels = labels_for(CHECKOUT, WORKSPACE, "python:3.13", "sha256:1")
    assert len(labels.pop(f"{PREFIX}created")) == len("2026-11-21T17:25:36+00:00")
    assert labels == {
        "slipway.instance": "0" * 8,
        f"{PREFIX}revision": "a" * 40,
        f"{PREFIX}title": "shop/web",
        f"{PREFIX}description": "Greet politely",
        f"{PREFIX}source": "https://git.example/shop.git",
        f"{PREFIX}base.name": "python:3.13",
        f"{PREFIX}base.digest": "sha256:1",
    }
    from_here = labels_for(CHECKOUT, replace(WORKSPACE, source="file:///data/samples/x"))
    assert not {f"{PREFIX}base.name", f"{PREFIX}base.digest", f"{PREFIX}source"} & from_here.keys()


@pytest.mark.parametrize(
    ("dockerfile", "base"),
    [
        ("FROM python:3.13\nRUN x", "python:3.13"),
        (
            "# a\nfrom --platform=linux/amd64 node:24 as build\nFROM r.io/run@sha256:1\nCOPY --from=build a b",
            "r.io/run@sha256:1",
        ),
        ("FROM node:24 AS base\nFROM base AS build\nFROM Base", "node:24"),
        ("FROM golang AS build\nFROM scratch\nCOPY --from=build /x /x", ""),
        ("ARG TAG=1\nFROM node:${TAG}", ""),
        ("RUN echo FROM x", ""),
    ],
)
def test_it_finds_what_an_image_stands_on(dockerfile: str, base: str) -> None:
    assert base_of(dockerfile) == base


def test_a_generated_one_stands_on_the_image_it_runs_in() -> None:
    plan = Plan(language="go", start="/app/web", install="go mod download", build="go build")
    text = dockerfile_for(plan, "slipway/base-go:trixie", "scope", run_base="slipway/base-debian:trixie")
    assert base_of(text) == "slipway/base-debian:trixie"
