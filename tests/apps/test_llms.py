"""`/llms.txt` leads strangers to what is there, and names no call or command that is not."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from typer.testing import CliRunner

from cli.app import app


@pytest.mark.django_db
def test_it_leads_agents_to_what_is_there() -> None:
    client = Client()
    answer = client.get("/llms.txt")
    text = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    links = re.findall(r"\]\((/[^)]+)\)", text)
    assert {link: client.get(link).status_code for link in links} == {
        "/api/v1/openapi.json": 200, "/api/docs": 200, "/slipway.schema.json": 200, "/tokens": 302,
    }  # fmt: skip
    known = client.get("/api/v1/openapi.json").json()["paths"]
    calls = re.findall(r"`(GET|POST) (/api/[^`]+)`", text)
    assert calls and all(method.lower() in known.get(path, {}) for method, path in calls)


def test_its_commands_are_those_of_the_command_line() -> None:
    commands = re.findall(r"`slipway ([a-z]+)[^`]*`", render_to_string("llms.txt"))
    assert commands and all(CliRunner().invoke(app, [command, "--help"]).exit_code == 0 for command in commands)
