from __future__ import annotations

import time

import pytest

from workers.agent.diagnosis import ended
from workers.build.causes import cause
from workers.build.plan import Plan

PYTHON = Plan(language="python", version="3.13")

# As the tools print it: pip 25, uv 0.9, npm 11, pnpm 9, BuildKit of Docker 20.10.
OUTPUTS = [
    (
        'failed to solve with frontend dockerfile.v0: failed to create LLB definition: failed to do request: Head "https://'
        'registry.example.com/v2/x/manifests/1": dial tcp: lookup registry.example.com: no such host',
        "base-image-unreachable",
        "The base image of the Dockerfile cannot be read from registry.example.com.",
    ),
    (
        "executor failed running [/bin/sh -c npm run build]: exit code: 137",
        "out-of-memory",
        "The build ran out of memory.",
    ),
    (
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "out-of-memory",
        "The build ran out of memory.",
    ),
    (
        "ERROR: Could not find a version that satisfies the requirement flask==99 (from versions: 0.1, 0.2)\n"
        "ERROR: No matching distribution found for flask==99",
        "no-matching-version",
        "The dependency flask==99 does not exist in the version that is asked for.",
    ),
    (
        "  x No solution found when resolving dependencies:\n  `-> Because there is no version of flask==99 and you require "
        "flask==99, we can conclude that your requirements are unsatisfiable.",
        "no-matching-version",
        "The dependency flask==99 does not exist in the version that is asked for.",
    ),
    (
        "npm error code ETARGET\nnpm error notarget No matching version found for left-pad@99.0.0.",
        "no-matching-version",
        "The dependency left-pad@99.0.0 does not exist in the version that is asked for.",
    ),
    (
        "Error: pg_config executable not found.\n\npg_config is required to build psycopg2 from source.",
        "needs-system-package",
        "A dependency is compiled here and needs pg_config, which the image does not have.",
    ),
    (
        "error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory",
        "needs-system-package",
        "A dependency is compiled here and needs gcc, which the image does not have.",
    ),
    (
        "npm error code ERESOLVE\nnpm error ERESOLVE could not resolve",
        "peer-conflict",
        "npm found packages that want different versions of the same package.",
    ),
    (
        "npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and "
        "package-lock.json are in sync.",
        "lock-outdated",
        "The lock file does not fit the list of dependencies.",
    ),
    (
        "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.",
        "lock-outdated",
        "The lock file does not fit the list of dependencies.",
    ),
    (
        "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
        "private-dependency",
        "A dependency is private, and this build may not read it: https://git.example.",
    ),
    (
        "git@git.example: Permission denied (publickey).\nfatal: Could not read from remote repository.",
        "private-dependency",
        "A dependency is private, and this build may not read it: git.example.",
    ),
    (
        "  cause: Because acme-lib was not found in the package registry and you require acme-lib, we can conclude that "
        "your requirements are unsatisfiable.\n\nhint: An index URL (https://index.example/simple) could not be queried due "
        "to a lack of valid authentication credentials (401 Unauthorized)",
        "private-dependency",
        "A dependency is private, and this build may not read it: https://index.example/simple.",
    ),
    (
        "npm error code E401\nnpm error Incorrect or missing password.",
        "private-dependency",
        "A dependency is private, and this build may not read it: E401.",
    ),
    (
        "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
        "system-library",
        "The library libGL.so.1 of the system is missing.",
    ),
    (
        "./app: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory",
        "system-library",
        "The library libpq.so.5 of the system is missing.",
    ),
    (
        "OSError: libportaudio.so.2: cannot open shared object file: No such file or directory",
        "system-library",
        "The library libportaudio.so.2 of the system is missing.",
    ),
    (
        "OSError: cannot load library 'libgobject-2.0-0': libgobject-2.0-0: cannot open shared object file: No such file",
        "system-library",
        "The library libgobject-2.0-0 of the system is missing.",
    ),
    (
        'failed to compute cache key: "/missing.txt" not found: not found',
        "copy-missing",
        "The Dockerfile copies /missing.txt, which is not in the build's folder.",
    ),
    (
        "OSError: [Errno 28] No space left on device",
        "disk-full",
        "The disk of this machine is full.",
    ),
    (
        "write /var/lib/x: no space left on device",
        "disk-full",
        "The disk of this machine is full.",
    ),
    (
        "npm error code EAI_AGAIN\nnpm error syscall getaddrinfo",
        "dns",
        "A host name could not be resolved during the build.",
    ),
    (
        "WARNING: Retrying after connection broken by 'NewConnectionError': [Errno 101] Network is unreachable",
        "network",
        "A server could not be reached, or was not trusted, during the build.",
    ),
    (
        "ERROR: Package 'x' requires a different Python: 3.13.5 not in '<3.13'",
        "python-version",
        "A package or the project does not work with the Python version of this build (3.13.5 not in '<3.13').",
    ),
    (
        'Node.js v20.20.2 is not supported by Astro!\nPlease upgrade Node.js to a supported version: ">=22.12.0"\n',
        "node-version",
        "A package does not work with the Node version of this build (>=22.12.0).",
    ),
    (
        'You are using Node.js 18.19.0. For Next.js, Node.js version ">=20.9.0" is required.',
        "node-version",
        "A package does not work with the Node version of this build (>=20.9.0).",
    ),
    (
        "Node.js version v18.19.0 detected.\nThe Angular CLI requires a minimum Node.js version of v20.19 or v22.12.\n",
        "node-version",
        "A package does not work with the Node version of this build (v20.19).",
    ),
    (
        "npm error code EBADENGINE",
        "node-version",
        "A package does not work with the Node version of this build (3.13).",
    ),
    (
        "/bin/sh: 1: no-such-command: not found",
        "command-not-found",
        "The command no-such-command does not exist in the build.",
    ),
    (
        '  File "/app/manage.py", line 3\n    def (:\n        ^\nSyntaxError: invalid syntax',
        "syntax-error",
        "The code does not parse: SyntaxError: invalid syntax.",
    ),
    (
        "failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 2: "
        "unknown instruction: FOO",
        "dockerfile-syntax",
        "The Dockerfile has a mistake: unknown instruction: FOO.",
    ),
    (
        "ModuleNotFoundError: No module named 'flask'",
        "module-missing",
        "The module flask is missing.",
    ),
    (
        'npm error Missing script: "build"',
        "script-missing",
        "package.json has no script named build.",
    ),
]


@pytest.mark.parametrize(("output", "code", "sentence"), OUTPUTS)
def test_it_names_the_cause(output: str, code: str, sentence: str) -> None:
    found = cause(output.splitlines(), PYTHON)
    assert found is not None
    assert (found.code, found.sentence) == (code, sentence)
    assert found.fix


def test_it_says_which_package_brings_what_is_missing() -> None:
    found = cause(["Error: pg_config executable not found."], PYTHON)
    assert found is not None
    assert "libpq-dev" in found.fix


def test_it_knows_nothing_of_ordinary_output() -> None:
    assert cause(["Collecting flask", "Successfully installed flask-3.0", "exit code: 1"], PYTHON) is None


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["Error: Cannot find module 'lodash'"], "module-missing"),
        (['npm error Missing script: "build"'], "script-missing"),
        (["Next.js build worker exited with code: null and signal: SIGKILL"], None),
        (["npm ERR! code EBADENGINE", "npm ERR! engine Unsupported engine"], "node-version"),
        ([" ERR_PNPM_UNSUPPORTED_ENGINE  Unsupported environment (bad pnpm and/or Node.js version)"], "node-version"),
        (
            ['error a@1.0.0: The engine "node" is incompatible with this module. Expected version ">=22".'],
            "node-version",
        ),
    ],
)
def test_what_is_only_warned_of_causes_nothing(lines: list[str], code: str | None) -> None:
    warned = ["npm warn EBADENGINE Unsupported engine {", "npm WARN EBADENGINE   package: 'chalk@9.0.0',",
              " WARN  Unsupported engine: wanted: {\"node\":\">=22\"}"]  # fmt: skip
    found = cause([*warned, *lines], PYTHON)
    assert (found and found.code) == code


def test_it_loses_no_time_on_long_lines() -> None:
    began = time.process_time()
    assert cause(["a" * 8192] * 200, PYTHON) is None
    assert time.process_time() - began < 15


def test_it_knows_some_of_them_at_the_start_too() -> None:
    state = {"Status": "exited", "ExitCode": 1}
    error = ended(state, 0, ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'flask'"])
    assert error is not None
    assert error.message == "The app exited with code 1 before it was healthy. The module flask is missing."
    assert error.hint == "Add it to the list of dependencies and commit that."
    other = ended(state, 0, ["ConnectionRefusedError: Connection refused"])
    assert other is not None and "last that it printed" in other.message
