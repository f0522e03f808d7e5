from __future__ import annotations

from workers.build.progress import Progress, title

# Printed by the client of Docker 20.10.24.
FAILED = """\
#1 [internal] load build definition from Dockerfile
#1 sha256:b17bdd2bc9bfd6a3a6f2ea1d0865f1092046e2c90579b32b5ed7856cc055c118
#1 transferring dockerfile: 87B done
#1 DONE 0.0s

#4 [1/2] FROM docker.io/library/base
#4 sha256:53c631ed9cde18dc2eb477d51833ed95e0dee5e774dfdc401d35aec50ee83074
#4 CACHED

#5 [2/2] RUN echo a; sleep 1; exit 3
#5 sha256:3a6a6412ac5a3888ad05447bfbd81c932339f91f17e73d300850b2bdb6a00e0c
#5 0.158 a
#5 0.900
#5 ERROR: executor failed running [/bin/sh -c echo a; sleep 1; exit 3]: exit code: 3
------
 > [2/2] RUN echo a; sleep 1; exit 3:
------
executor failed running [/bin/sh -c echo a; sleep 1; exit 3]: exit code: 3
"""


def test_it_shows_steps_output_and_the_error() -> None:
    progress = Progress()
    assert [shown for line in FAILED.splitlines() for shown in progress.feed(line)] == [
        "[1/2] FROM docker.io/library/base",
        "  cached",
        "[2/2] RUN echo a; sleep 1; exit 3",
        "a",
        "",
        "ERROR: exit code 3",
    ]


def test_it_reads_newer_engines() -> None:
    """Printed by the client of Docker 28.5.2, whose engine keeps images in containerd's store."""
    printed = """\
#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 107B done
#1 WARN: SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN") (line 2)
#1 DONE 0.0s

#4 [1/2] FROM docker.io/x/base:trixie@sha256:f063372eb843159601ce28e8b04c3800ce89b174724e270f7fb362b89b2a2caa
#4 resolve docker.io/x/base:trixie@sha256:f063372eb843159601ce28e8b04c3800ce89b174724e270f7fb362b89b2a2caa 0.0s done
#4 CACHED

#5 [2/2] RUN echo a; sleep 1; exit 3
#5 0.196 a
#5 ERROR: process "/bin/sh -c echo a; sleep 1; exit 3" did not complete successfully: exit code: 3
------
 > [2/2] RUN echo a; sleep 1; exit 3:
0.196 a
------

 \x1b[33m1 warning found (use docker --debug to expand):
\x1b[0m - SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN") (line 2)
Dockerfile:3
ERROR: failed to solve: process "/bin/sh -c echo a; sleep 1; exit 3" did not complete successfully: exit code: 3
"""
    progress = Progress()
    assert [shown for line in printed.splitlines() for shown in progress.feed(line)] == [
        'Warning: SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ARG "TOKEN") (line 2)',
        "[1/2] FROM docker.io/x/base:trixie",
        "  cached",
        "[2/2] RUN echo a; sleep 1; exit 3",
        "a",
        "ERROR: exit code 3",
        "Dockerfile:3",
    ]


def test_it_unwraps_and_cuts_titles() -> None:
    mounts = "--mount=type=cache,id=x,target=/y --mount=type=secret,id=ca"
    step = f'[app 2/4] RUN {mounts} ["/bin/sh", "-ec", ". /opt/slipway/build-env; uv pip install flask"]'
    assert title(step) == "[app 2/4] RUN uv pip install flask"
    assert title("[2/2] RUN [ -f x ]") == "[2/2] RUN [ -f x ]"
    assert len(title("[2/2] RUN " + "x" * 500)) == 160


def test_it_tells_an_error_outside_of_any_step_once() -> None:
    progress = Progress()
    assert progress.feed("failed to solve: no such frontend") == ["failed to solve: no such frontend"]
    assert progress.feed("failed to solve: no such frontend") == []


def test_it_says_how_long_slow_steps_took() -> None:
    progress = Progress()
    progress.feed("#5 [app 2/5] RUN make")
    assert progress.feed("#5 DONE 6.2s") == ["  done in 6.2 s"]
    assert progress.feed("#6 DONE 6.2s") == []


def test_it_keeps_the_apps_own_lines_that_look_like_noise() -> None:
    progress = Progress()
    progress.feed("#5 [app 2/5] RUN make")
    assert progress.feed("#5 0.1 sha256: exporting DONE") == ["sha256: exporting DONE"]
    assert progress.feed("#5 0.2 #6 [x] y") == ["#6 [x] y"]
