import json
import time

import pytest

from tests.workers.build.plans import found
from workers.build.dockerfile import dockerfile_for
from workers.build.files import MemoryFiles
from workers.build.languages.node import detect
from workers.build.node_libraries import COMPILER, find_libraries
from workers.build.node_package import Package

NPM = '{"packages": {"node_modules/a/node_modules/bcrypt": {\n  "version": "%s"'
PNPM = "packages:\n\n  bcrypt@%s(x@1):\n    resolution: {}\n"
YARN = 'bcrypt@^5.0.0, bcrypt@^5.1.0:\n  version "%s"\n'
BERRY = '"bcrypt@npm:^5.0.0":\n  version: %s\n'


def of_lock(lock: str, text: str) -> tuple[str, ...]:
    return find_libraries(MemoryFiles({lock: text}), Package(), None, lock).build


@pytest.mark.parametrize(
    ("lock", "text"), [("package-lock.json", NPM), ("pnpm-lock.yaml", PNPM), ("yarn.lock", YARN), ("yarn.lock", BERRY)]
)
def test_it_sees_what_others_bring_in_a_lock(lock: str, text: str) -> None:
    """From 6 on bcrypt brings what was compiled."""
    assert of_lock(lock, text % "5.1.1") == COMPILER
    assert of_lock(lock, text % "6.0.0") == ()


def test_it_tells_what_is_needed_and_why() -> None:
    plan = found(detect, {"package.json": json.dumps({"dependencies": {"pg-native": "3"}}), "server.js": ""})
    assert (plan.system_packages, plan.build_packages) == (("libpq5",), (*COMPILER, "libpq-dev"))
    assert "system libraries: libpq5, because pg-native needs what is in them" in plan.reasons
    assert "compiler: with libpq-dev, because pg-native may come as source" in plan.reasons


def test_it_takes_no_compiler_for_what_only_runs() -> None:
    libraries = find_libraries(MemoryFiles({}), Package(names=frozenset({"@prisma/client", "sharp"})), None, "")
    assert (libraries.run, libraries.build) == (("openssl",), ())


def test_it_leaves_the_compiler_behind() -> None:
    package = {"dependencies": {"canvas": "3"}, "packageManager": "pnpm@10.1.0"}
    text = dockerfile_for(found(detect, {"package.json": json.dumps(package), "server.js": ""}), "node:1", "s1")
    build, run = text.split("\nFROM node:1 AS app\n")
    assert ("g++" in build, "npm_config_nodedir" in build, "libcairo2" in build) == (True, True, True)
    assert ("g++" in run, "libcairo2" in run, "pnpm@10.1.0" in run, '["/app/", "/app/"]' in run) == (
        False,
        True,
        True,
        True,
    )


def test_it_compiles_nothing_again_when_source_changes() -> None:
    package = {"dependencies": {"canvas": "3"}}
    text = dockerfile_for(found(detect, {"package.json": json.dumps(package), "server.js": ""}), "node:1", "s1")
    compiled, app = text.split("\nFROM node:1 AS app\n")
    assert ". ." not in compiled
    assert app.index("--from=compile") < app.index(". .")


@pytest.mark.parametrize("text", ['"' * 500_000, "node_modules/" * 90_000, "a@" * 500_000, "a@b:\n " * 200_000])
def test_it_loses_no_time_on_a_cunning_lock(text: str) -> None:
    began = time.process_time()
    of_lock("yarn.lock", text)
    assert time.process_time() - began < 15
