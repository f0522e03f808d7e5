from __future__ import annotations

import pytest

from tests.workers.build.plans import found, found_in, refusal
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.deno import detect
from workers.build.plan import Plan

SERVES = "Deno.serve(() => new Response())"


def test_it_plans_a_task_whole() -> None:
    assert found_in(detect, "deno-task") == Plan(
        language="deno",
        package_manager="deno",
        install="deno install",
        install_project="deno cache main.ts",
        dependency_files=("deno.json",),
        start="deno run --allow-net --allow-env main.ts",
        reasons=(
            "language: Deno, because deno.json is there",
            "version: the platform's Deno, because no file asks for one",
            "start command: the start task, because deno.json has it",
        ),
    )


@pytest.mark.parametrize(
    ("texts", "start"),
    [
        ({"server.ts": SERVES}, "deno run --allow-all server.ts"),
        ({"deno.json": "{}", "main.ts": "export default {\n  fetch() {}\n}"},
         "deno serve --allow-all --host 0.0.0.0 --port $PORT main.ts"),
        ({"deno.json": '{"tasks": {"start": "deno run --watch main.ts"}}', "main.ts": SERVES},
         "deno run --allow-all main.ts"),
        ({"deno.json": '{"tasks": {"start": "deno run a.ts && deno run b.ts"}}'}, "deno task start"),
        ({"deno.jsonc": '{"tasks": {"preview": "deno serve x.js",}, /* https://x */}'}, "deno serve x.js"),
        ({"deno.json": '{"tasks": {"start": {"command": "deno run -A a.ts", "description": "x"}}}'}, "deno run -A a.ts"),
        ({"deno.json": '{"tasks": {"start": {"command": "deno run -A a.ts", "dependencies": ["b"]}}}'}, "deno task start"),
        ({"deno.json": '{"tasks": {"start": {"dependencies": 1}, "serve": [], "preview": "deno serve x.js"}}'},
         "deno serve x.js"),
        ({"deno.lock": "{}"}, ""),
    ],
)  # fmt: skip
def test_it_finds_what_starts(texts: dict[str, str], start: str) -> None:
    assert found(detect, texts).start == start


def test_it_builds_fresh_as_locked() -> None:
    tasks = '{"build": "vite build", "start": "deno serve -A _fresh/server.js"}'
    document = f'{{"imports": {{"fresh": "jsr:@fresh/core@^2"}}, "tasks": {tasks}}}'
    plan = found(detect, {"deno.json": document, "deno.lock": "{}", ".tool-versions": "deno 2.4.0"})
    assert (plan.framework, plan.version) == ("Fresh", "2.4.0")
    assert (plan.install, plan.build) == ("deno install --frozen", "deno task build")
    assert plan.start == "deno serve -A _fresh/server.js"


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"main.ts": "console.log(1)", "package.json": "{}"}), BuildSettings()) is None


def test_it_says_that_deno_json_is_broken() -> None:
    assert refusal(detect, {"deno.json": "{"}).code == "build:user:invalid-file"
