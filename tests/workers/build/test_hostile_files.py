"""Files of a repository that are written well but say nonsense: a plan or a word to people, never anything else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from workers.build.analyze import analyze
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.shell_line import container_argv
from workers.build.version_spec import satisfies
from workers.errors import UserError

SHAPES: list[Any] = [[], {}, "", "a", 1, True, [1], [[]], [{}], {"a": []}, {"a": {"a": 1}}, "\x00", "9" * 5000]
BROKEN = ("[]", "[" * 100_000, '{"a": ' * 100_000, "a = " + "[" * 100_000, "[" + "9" * 5000, "a = " + "9" * 5000)
SOURCE = {"path": "../b", "git": "x", "version": "*", "extras": ["standard"], "markers": "a"}
FILES: dict[str, dict[str, Any]] = {
    "package.json": {
        "name": "a", "main": "a.js", "packageManager": "npm@11",
        "scripts": {"start": "npm run dev", "dev": "vite", "build": "vite build", "postinstall": "x"},
        "engines": {"node": ">=20", "bun": "1"}, "volta": {"node": "20"}, "workspaces": {"packages": ["a/*"]},
        "dependencies": {"next": "15", "vite": "file:x"}, "devDependencies": {"turbo": "1"}, "bin": {"a": "b"},
        "devEngines": {"runtime": {"name": "node", "version": "22"}, "packageManager": {"name": "npm", "version": "1"}},
    },
    "composer.json": {
        "name": "a/b", "require": {"php": "8.3", "laravel/framework": "11", "ext-gd": "*"}, "type": "project",
        "config": {"platform": {"php": "8.2"}}, "scripts": {"a": ["b"]}, "repositories": [{"type": "path", "url": "x"}],
        "autoload": {"files": ["x.php"]},
    },
    "global.json": {"sdk": {"version": "8.0.100"}},
    "deno.json": {
        "tasks": {"start": {"command": "deno run a.ts", "dependencies": ["build"]}, "build": "x"},
        "imports": {"fresh": "jsr:@fresh/core"}, "version": "2",
        "nodeModulesDir": "auto", "workspace": ["a"], "lock": True, "unstable": ["kv"],
    },
    "Pipfile.lock": {
        "_meta": {"sources": [{"name": "pypi"}], "requires": {"python_version": "3"}}, "default": {"flask": SOURCE},
    },
    "Pipfile": {"packages": {"flask": SOURCE}, "requires": {"python_version": "3.12"}, "source": [{"name": "pypi"}]},
    "pyproject.toml": {
        "project": {"name": "a", "dependencies": ["fastapi"], "requires-python": ">=3.12", "scripts": {"a": "b:c"}},
        "tool": {
            "poetry": {"name": "a", "dependencies": {"python": "3", "flask": SOURCE}, "package-mode": False},
            "uv": {"sources": {"b": SOURCE}, "package": True, "workspace": {"members": ["a"]}}, "pdm": {"distribution": 1},
            "fastapi": {"entrypoint": "main:app"},
        },
        "build-system": {"requires": ["hatchling"]}, "dependency-groups": {"dev": ["a"]},
    },
    "Cargo.toml": {
        "package": {
            "name": "a", "rust-version": "1.80", "edition": "2021", "default-run": "a", "build": "b", "version": "1",
            "autobins": True,
        },
        "dependencies": {"axum": SOURCE}, "bin": [{"name": "a", "path": "b"}],
        "workspace": {"members": ["a"], "default-members": ["."]},
    },
    "gradle/libs.versions.toml": {
        "libraries": {"a": "b:c:1", "d": {"module": "e:f"}, "g": {"group": "h", "name": "i"}},
        "plugins": {"a": {"id": "b"}},
    },
    "rust-toolchain.toml": {"toolchain": {"channel": "1.80"}},
    "mise.toml": {"tools": {"python": [{"version": "3"}], "node": {"version": "20"}, "rust": "1", "php": "8"}},
    "slipway.toml": {"packages": ["jq"], "port": 1, "start": "x", "build": "x", "root_directory": "", "version": "1"},
}  # fmt: skip
# What makes a language look at the file, where the file alone does not.
BESIDE = {
    "composer.json": {"index.php": ""},
    "global.json": {"a.csproj": "<Project Sdk='Microsoft.NET.Sdk.Web' />"},
    "deno.json": {"main.ts": ""},
    "Pipfile.lock": {"app.py": ""},
    "Pipfile": {"app.py": ""},
    "pyproject.toml": {"app.py": ""},
    "Cargo.toml": {"src/main.rs": "", "a/Cargo.toml": '[package]\nname = "a"', "a/src/main.rs": ""},
    "gradle/libs.versions.toml": {"build.gradle": "libs.a libs.d libs.g libs.plugins.a"},
    "rust-toolchain.toml": {"Cargo.toml": '[package]\nname = "a"', "src/main.rs": ""},
    "mise.toml": {"requirements.txt": "", "app.py": ""},
    "slipway.toml": {"requirements.txt": "", "app.py": ""},
}


@pytest.mark.parametrize("name", FILES)
def test_it_takes_nonsense_for_what_it_is(name: str) -> None:
    write = json.dumps if ".json" in name or name.endswith(".lock") else toml
    texts = [write(one) for one in (FILES[name], *twisted(FILES[name]))]
    for text in (*texts, *BROKEN):
        assert isinstance(outcome({name: text, **BESIDE.get(name, {})}), Plan | UserError), text[:500]


LONG = 400_000
BLANKS, LINES = " " * LONG, "\n" * LONG
POM = "<project><packaging>jar</packaging></project>"


@pytest.mark.parametrize(
    "texts",
    [
        {"Dockerfile": f"FROM a\n{LINES}"},
        {"Gemfile": LINES, "config.ru": ""},
        {"Gemfile": f"gem{BLANKS}a\nruby{BLANKS}a", "config.ru": ""},
        {"requirements.txt": f"flask\n{LINES}", "app.py": ""},
        {"app.py": f"import a{'.a' * LONG}"},
        {"app.py": f"from a{'.' + chr(92) + chr(10) + 'a'}{'. a' * LONG} import b"},
        {"app.py": f"{'. ' * LONG}{'.a' * 63}{'a' * LONG}{'.a' * 63 + '!'}" * 2},
        {"requirements.txt": "streamlit", "streamlit_app.py": LINES},
        {"setup.cfg": f"[options]\na{BLANKS}b", "app.py": ""},
        {"Staticfile": f"{LINES}root: a{BLANKS}b", "index.html": ""},
        {"pom.xml": POM, "src/main/java/A.java": f"static void main({LINES}"},
        {"build.gradle": f"sourceCompatibility{BLANKS}a"},
        {"build.gradle": f"application apply{BLANKS}{'apply ' * (LONG // 9)}{'libs.' * (LONG // 9)}"},
        {"index.php": "", "Procfile": f"web: {'a/' * (LONG // 4)}{'heroku-php-nginx/ ' * (LONG // 18)}"},
        {"index.php": "", "Procfile": f"web: heroku-php-nginx {'-v ' * LONG}"},
        {
            "Cargo.toml": '[package]\nname = "a"',
            "Procfile": f"web: {'/app/target/release/a-' * (LONG // 22)}{'a' * LONG}!",
        },
        {"mix.exs": "{:a," * (LONG // 4)},
        {"go.mod": "module a", "main.go": "package main", "go.work": "use (\n" * (LONG // 4)},
        {"deno.json": '"' + '\\"' * LONG},
        {"deno.json": "/*a" * LONG},
        {"deno.json": "{}", "main.ts": "export default {\n" * LONG},
        {"package.json": '{"dependencies": {"next": "1"}}', "next.config.js": "/* " * LONG},
        *({"package.json": json.dumps({"devDependencies": {"vite": "1"}, "scripts": {"build": "x", "start": line}})}
          for line in ("A=1 " * LONG, "A=1" + BLANKS, "yarn " * LONG, "node " * LONG, "a/" * LONG, "A=1" * LONG)),
        *({"package.json": '{"devDependencies": {"vite": "1"}}', "vite.config.js": text}
          for text in ("root: 'a" * (LONG // 4), f"root{BLANKS}", "root: resolve(__dirname" + ", 'a'" * LONG)),
        *({"package.json": '{"devDependencies": {"@11ty/eleventy": "1"}}', ".eleventy.js": text}
          for text in ("dir: {output" * (LONG // 6), "dir: {" + "output " * (LONG // 4), f"dir: {{output{BLANKS}")),
        {"slipway.toml": f"{BLANKS}\nport = 1", "requirements.txt": "", "app.py": ""},
        {"slipway.toml": "".join(f"a{at} = 1\n" for at in range(9_000)), "requirements.txt": "", "app.py": ""},
    ],
    ids=lambda texts: " ".join(texts),
)  # fmt: skip
def test_it_loses_no_time_on_long_files(texts: dict[str, str]) -> None:
    began = time.process_time()
    assert isinstance(outcome(texts), Plan | UserError)
    assert time.process_time() - began < 15


def test_it_loses_no_time_on_long_lines_and_versions() -> None:
    began = time.process_time()
    for line in ("1" * LONG, "$(" * LONG + ")" * LONG):
        assert container_argv(line) == ["/bin/sh", "-c", line]
    assert not satisfies("1" + ".1" * LONG + "!", "3.12", significant=2)
    assert time.process_time() - began < 15


def outcome(texts: dict[str, str]) -> Plan | Exception:
    try:
        return analyze(MemoryFiles(texts), BuildSettings(start_command="x"))
    except Exception as error:
        return error


def twisted(document: Any) -> Iterator[Any]:
    """The document again and again, each time with another one of its values in a wrong shape."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        for other in (*SHAPES, *twisted(value)):
            copy = document.copy()
            copy[key] = other
            yield copy


def toml(value: Any, *, is_top: bool = True) -> str:
    if isinstance(value, dict):
        pairs = [f"{json.dumps(key)} = {toml(inner, is_top=False)}" for key, inner in value.items()]
        return "\n".join(pairs) if is_top else f"{{{', '.join(pairs)}}}"
    return f"[{', '.join(toml(one, is_top=False) for one in value)}]" if isinstance(value, list) else json.dumps(value)
