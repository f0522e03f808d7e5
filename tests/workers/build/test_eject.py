"""Files for people to own, compared whole; what builds of them prove stands in tests/builds."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.workers.build.plans import ROOTS, SAMPLES, sample_files
from workers.build.analyze import analyze
from workers.build.eject import ejected
from workers.build.job import BuildSettings
from workers.build.plan import Origin, Plan
from workers.build.static_site import SERVER
from workers.errors import UserError

STATIC = Plan(language="static", static_dir=".", start="python3 -I /opt/slipway/static_server.py /site")
WORKER = Plan(language="python", processes={"worker": "python work.py"})
GENERATED = [
    folder.name
    for folder in sorted(SAMPLES.iterdir())
    if folder.name not in ("dockerfile", "nothing-recognisable", "procfile-worker")
]


def test_it_gives_static_files_with_the_server_that_shows_them() -> None:
    found = ejected(STATIC)
    assert found.files == {
        "Dockerfile": r"""# Made by Slipway; yours from here on.
# docker build .   (BuildKit does it: before Docker 23 with DOCKER_BUILDKIT=1)

# Public images. Another one: here, or by --build-arg.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE}
RUN --mount=type=bind,source=.slipway/static_server.py,target=/run/secrets/static_server \
    ["/bin/sh", "-ec", "mkdir -p /opt/slipway; cp /run/secrets/static_server /opt/slipway/static_server.py"]
ENV PYTHONUNBUFFERED=1
WORKDIR /site
USER 10001:10001
COPY --chown=10001:10001 ["./", "/site/"]
ENV PORT=8000
EXPOSE 8000
CMD ["/bin/sh", "-c", "exec python3 -I /opt/slipway/static_server.py /site"]
""",
        ".dockerignore": ".git\n**/node_modules\n**/.venv\n**/venv\n**/__pycache__\n**/*.pyc\n.env\n"
        "Dockerfile\n.dockerignore\n!.slipway\n",
        ".slipway/static_server.py": SERVER.read_text(),
    }
    assert found.notes[0].startswith(
        "To do: put `Dockerfile`, `.slipway/static_server.py` and `.dockerignore` (or its lines"
    )


@pytest.mark.parametrize("name", GENERATED)
def test_it_needs_nothing_of_this_host(name: str) -> None:
    """Its bases are public, its files are in the context, each secret may be missing, and no cache is a build's of ours."""
    plan = analyze(sample_files(name), BuildSettings())
    found = ejected(plan, folder=ROOTS.get(name, ""), cache_scope="own-1")
    text = found.dockerfile
    bases = re.findall(r"^ARG (\w+)=\S+[^-:]$", text, re.MULTILINE)
    stages = re.findall(r" AS ([\w-]+)$", text, re.MULTILINE)
    starts = {one for one in re.findall(r"^FROM (\S+)", text, re.MULTILINE) if one not in stages}
    assert starts == {f"${{{argument}}}" for argument in bases}
    assert set(re.findall(r"source=(\.slipway/[^,]+)", text)) == found.files.keys() - {found.path, ".dockerignore"}
    assert not re.search(r"required=true|slipway/base|caches of|; : ", text)
    assert set(re.findall(r"type=cache,id=slipway-own-1-\w+", text)) == set(re.findall(r"type=cache,id=[\w-]+", text))


@pytest.mark.parametrize("name", GENERATED)
def test_a_plan_comes_back_from_what_is_kept_of_it(name: str) -> None:
    plan = analyze(sample_files(name), BuildSettings())
    assert Plan.of(plan.as_dict()) == plan


def test_it_names_variables_and_keeps_what_people_wrote_to_themselves() -> None:
    line = "echo ' [\"/bin/sh\"' --mount=type=secret,id=static_server,target=/x,mode=0444,required=true"
    plan = Plan(language="go", build=line, start="bin/web")
    found = ejected(plan, variables=["TOKEN", "DEBUG"])
    assert "\nRUN --mount=type=cache" in found.dockerfile
    assert (
        "echo ' [\\\"/bin/sh\\\"' --mount=type=secret,id=static_server,target=/x,mode=0444,required=true"
        in found.dockerfile
    )
    assert "the service's (`DEBUG`, `TOKEN`) from the secret `variables`" in found.notes[-1]


def test_it_says_where_it_belongs() -> None:
    python = Plan(language="python", start="python app.py", root_directory="api")
    assert [ejected(python, folder=one).folder for one in ("", "apps/", "/apps")] == ["api", "apps/api", "apps/api"]
    found = ejected(Plan(language="node", within="apps/web", start="node app.js"), folder="apps/web")
    assert (found.folder, found.path) == ("", "apps/web/Dockerfile")
    assert "empty the service's root directory and set its Dockerfile to `apps/web/Dockerfile`" in found.notes[0]
    assert "# docker build -f apps/web/Dockerfile ." in found.dockerfile


def test_it_says_which_release_command_would_be_lost() -> None:
    plan = Plan(language="python", start="python app.py", release="python manage.py migrate")
    told = "To do too: name the release command yourself"
    assert [note for note in ejected(plan).notes if note.startswith(told)] != []
    kept = replace(plan, origins={"release": Origin("procfile", "`release` in the Procfile")})
    assert [note for note in ejected(kept).notes if note.startswith(told)] == []


def test_it_makes_what_no_registry_has_from_packages() -> None:
    text = ejected(Plan(language="php", version="8.2", start="serve", install="composer install")).dockerfile
    assert "ARG BASE_IMAGE=debian:bookworm-slim\nARG RUN_IMAGE=debian:bookworm-slim\n" in text
    assert (
        text.index("FROM ${BASE_IMAGE} AS php\n")
        < text.index("FROM php AS build\n")
        < text.index("FROM php-run AS app\n")
    )


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan(language="dockerfile", dockerfile="deploy/Dockerfile"), "eject:user:own-dockerfile"),
        (WORKER, "eject:user:no-web"),
        (Plan(language="php", version="5.6", start="serve"), "eject:user:no-public-image"),
        (Plan(language="python", version=">=2,<3", start="python app.py"), "eject:user:no-public-image"),
    ],
)
def test_it_says_why_there_is_nothing_to_take(plan: Plan, code: str) -> None:
    with pytest.raises(UserError) as caught:
        ejected(plan)
    assert (caught.value.code, caught.value.status) == (code, 409)
