"""Every sample goes live through Slipway, from a git URL, and again after a one-line change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builds.table import Row
from tests.stories.git_server import GitServer
from tests.stories.slipway import Slipway

pytestmark = [pytest.mark.builds, pytest.mark.docker]
SAMPLES = Path(__file__).parents[1] / "samples"
SECONDS = 900.0


@dataclass(frozen=True)
class Sample:
    """`text` is in the answer at `path`; `change` turns it into another one in whichever file has it."""

    name: str
    language: str
    framework: str
    text: str
    path: str = "/"
    change: tuple[str, str] = ("Hello from", "Goodbye from")
    root: str = ""


VITE = ("<title>Vite", "<title>Built by Vite")
WEB = "apps/web"
ALL = (
    Sample("bun-server", "Bun", "", "Hello from Bun, 1m"),
    Sample("bun-vite-static", "Bun", "Vite", "<title>Vite by Bun", "/any/page", VITE),
    Sample("bun-workspace", "Bun", "a workspace", "Hello from a workspace, 1m", root=WEB),
    Sample("deno-plain", "Deno", "", "Hello from a Deno script"),
    Sample("deno-task", "Deno", "a task", "Hello from Deno, 1m"),
    Sample("elixir-mix", "Elixir", "Mix", "Hello from Elixir"),
    Sample("elixir-phoenix", "Elixir", "Phoenix", "Hello from Phoenix's place"),
    Sample("go-cmd", "Go", "chi, several programs", "Hello from Go with chi"),
    Sample("go-newer", "Go", "a newer Go", "Hello from go1.25"),
    Sample("go-plain", "Go", "", "Hello from Go"),
    Sample("go-workspace", "Go", "a workspace", "Hello from a Go workspace"),
    Sample("java-25", "Java", "Maven, Java 25", "Hello from Java 25"),
    Sample("java-gradle", "Java", "Gradle", "Hello from Gradle"),
    Sample("java-maven", "Java", "Maven", "Hello from Java"),
    Sample("java-spring", "Java", "Spring Boot", "Hello from Spring Boot"),
    Sample("angular-static", "Node", "Angular", "<title>Hello from Angular", "/any/page"),
    Sample("astro-node", "Node", "Astro, server", "Hello from Astro at /"),
    Sample("astro-static", "Node", "Astro", "Hello from Astro"),
    Sample("cra-static", "Node", "Create React App", "<title>Hello from Create React App", "/any/page"),
    Sample("next-pnpm", "Node", "Next.js, pnpm", "Hello from Next by pnpm"),
    Sample("next-standalone", "Node", "Next.js, standalone", "Hello from Next"),
    Sample("node-native", "Node", "npm, canvas, bcrypt, sharp", "Hello from 20 x 40 of webp, hashed"),
    Sample("node-npm", "Node", "npm", "Hello from Node, 1m"),
    Sample("node-nx", "Node", "npm, Nx", "Hello from a workspace, 1m", root=WEB),
    Sample("node-turbo", "Node", "pnpm, Turborepo", "Hello from a workspace, 1m", root=WEB),
    Sample("node-workspaces", "Node", "npm workspaces, Vite", "<title>Hello from a workspace", "/any/page", root=WEB),
    Sample("node-yarn-2", "Node", "Yarn 2, Plug'n'Play", "Hello from Yarn, 1m"),
    Sample("node-yarn-3", "Node", "Yarn 3, node_modules", "Hello from Yarn, 1m"),
    Sample("node-yarn-berry", "Node", "Yarn 4, Plug'n'Play", "Hello from Yarn, 1m"),
    Sample("node-yarn-classic", "Node", "Yarn 1, workspaces", "Hello from a workspace, 1m", root=WEB),
    Sample("nuxt-server", "Node", "Nuxt", "Hello from Nuxt"),
    Sample("nx-projects", "Node", "Nx, project.json alone", "Hello from an Nx library", root="apps/api"),
    Sample("react-router-server", "Node", "React Router", "Hello from React Router"),
    Sample("remix-server", "Node", "Remix", "Hello from Remix"),
    Sample("sveltekit-auto", "Node", "SvelteKit, adapter-auto", "Hello from SvelteKit"),
    Sample("sveltekit-static", "Node", "SvelteKit, static", "<title>Hello from SvelteKit", "/any/page"),
    Sample("tanstack-start", "Node", "TanStack Start", "Hello from TanStack Start"),
    Sample("node-vite-static", "Node", "Vite", "<title>Vite", "/any/page", VITE),
    Sample("php-composer", "PHP", "Composer", "Hello from Composer"),
    Sample("php-laravel", "PHP", "Laravel", "Hello from Laravel 10"),
    Sample("php-plain", "PHP", "", "Hello from PHP at /a", "/a"),
    Sample("procfile-only", "Procfile", "", "Hello from a Procfile"),
    Sample("bottle-pdm", "Python", "Bottle, PDM", "Hello from Bottle"),
    Sample("django-geo", "Python", "GeoDjango, SpatiaLite", "Hello from Berlin, 3.1 square kilometres"),
    Sample("django-pip", "Python", "Django, pip", "Hello from Django, static files collected: True"),
    Sample("django-poetry", "Python", "Django, Poetry", "Hello from Django, static files collected: True"),
    Sample("django-whitenoise", "Python", "Django, psycopg2, WhiteNoise", "Hello from a style", "/static/shop.css"),
    Sample("fastapi-uv", "Python", "FastAPI", '{"hello":"FastAPI"}', "/", ('"hello"', '"goodbye"')),
    Sample(
        "flask-libraries",
        "Python",
        "Flask, cairo, ImageMagick, libvips",
        "Hello from 10 x 20 of image/png, a client of",
    ),
    Sample("flask-pip", "Python", "Flask", "Hello from Flask"),
    Sample("flask-setuptools", "Python", "Flask, setuptools", "Hello from shop 1"),
    Sample("python-plain", "Python", "", "Hello from a Python script"),
    Sample("starlette-pipenv", "Python", "Starlette, Pipenv", "Hello from Starlette"),
    Sample("streamlit-pip", "Python", "Streamlit", "Hello from Streamlit", "/app/static/hello.txt"),
    Sample("uv-workspace", "Python", "uv, a workspace", "Hello from a workspace of uv"),
    Sample("ruby-plain", "Ruby", "", "Hello from Ruby"),
    Sample("ruby-rack", "Ruby", "Rack", "Hello from Rack"),
    Sample("ruby-rails", "Ruby", "Rails", "Hello from Rails 7"),
    Sample("ruby-sinatra", "Ruby", "Sinatra", "Hello from Sinatra"),
    Sample("rust-plain", "Rust", "", "Hello from Rust"),
    Sample("rust-workspace", "Rust", "a workspace, several programs", "Hello from a Rust workspace"),
    Sample("shell-start", "Shell", "start.sh", "Hello from a shell script"),
    Sample("static-staticfile", "Static files", "Staticfile", "<h1>Hello from a Staticfile", "/any/page"),
    Sample("static-plain", "Static files", "", "<h1>Docs</h1>", "/docs/", ("<h1>Docs", "<h1>Pages")),
)


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.name)
def test_it_goes_live_and_again_after_a_change(
    slipway: Slipway, git: GitServer, table: Callable[[Row], None], sample: Sample
) -> None:
    repository = git.repository(sample.name)
    repository.commit(_files(sample.name))
    made = slipway.api(
        "POST", "/apps", project=sample.name, name=sample.name, source_url=repository.url, root_directory=sample.root
    )
    try:
        first = live(slipway, made["deployment"]["id"])
        host = slipway.api("GET", f"/services/{first['service_id']}")["urls"][0].split("//")[1].split(":")[0]
        answers(slipway, host, sample.path, sample.text)
        repository.commit(_changed(sample))
        second = live(slipway, slipway.api("POST", f"/services/{first['service_id']}/deployments")["id"])
        answers(slipway, host, sample.path, sample.text.replace(*sample.change))
        table(_row(slipway, sample, first, second))
    finally:
        slipway.api("DELETE", f"/services/{made['service']['id']}?confirm={sample.name}")


def test_it_names_every_sample() -> None:
    # Not to be deployed as they are: each has tests of its own.
    others = {"dockerfile", "dotnet-web", "nothing-recognisable", "procfile-worker"}
    assert {folder.name for folder in SAMPLES.iterdir()} == {sample.name for sample in ALL} | others


def live(slipway: Slipway, pk: str) -> dict[str, Any]:
    ended = slipway.ended(pk, seconds=SECONDS)
    assert ended["status"] == "live", f"{ended['error']}\n{slipway.text_of(pk)[-4000:]}"
    return ended


def answers(slipway: Slipway, host: str, path: str, text: str) -> None:
    answer = slipway.fetch(host, path)
    assert (answer.status_code, text in answer.text) == (200, True), answer.text[:500]


def _files(name: str) -> dict[str, str]:
    top = SAMPLES / name
    return {str(path.relative_to(top)): path.read_text() for path in top.rglob("*") if path.is_file()}


def _changed(sample: Sample) -> dict[str, str]:
    old, new = sample.change
    return {name: text.replace(old, new) for name, text in _files(sample.name).items() if old in text}


def _row(slipway: Slipway, sample: Sample, first: dict[str, Any], second: dict[str, Any]) -> Row:
    def seconds(deployment: dict[str, Any]) -> float:
        return next(float(s["duration_seconds"]) for s in deployment["steps"] if s["name"] == "build")

    log = slipway.text_of(second["id"])
    used = [line.split(": ", 1)[1].split(",")[0] for line in log.splitlines() if line.startswith("base image: ")]
    bytes_of = slipway.api("GET", f"/builds/{second['build_id']}")["size_bytes"]
    base = used[-1] if used else ""
    return Row(
        sample.language, sample.framework, sample.name, base, seconds(first), seconds(second), bytes_of / 1_000_000
    )
