import os
import subprocess

import pytest

from workers.build.shell_line import container_argv


@pytest.mark.parametrize(
    ("line", "run"),
    [
        ("gunicorn -w $(nproc --all) x", "exec gunicorn -w $(nproc --all) x"),
        ("GREETING='a b' python app.py", "GREETING='a b' exec python app.py"),
        ("python manage.py migrate && gunicorn x", "python manage.py migrate && exec gunicorn x"),
        ("a || b; c ${X:-d;e}", "a || b; exec c ${X:-d;e}"),
        ("echo 'a;b' && c \"d && e\" 2>&1", "echo 'a;b' && exec c \"d && e\" 2>&1"),
        ("cd web && node a.js", "cd web && exec node a.js"),
    ],
)
def test_it_makes_the_last_command_process_1(line: str, run: str) -> None:
    assert container_argv(line) == ["/bin/sh", "-c", run]


@pytest.mark.parametrize(
    "line", ["a | b", "a & b", "(a; b)", "if a; then b; fi", "{ a; b; }", "exec a", "cd web", "a;", "'open", ""]
)
def test_it_keeps_lines_that_exec_would_change(line: str) -> None:
    assert container_argv(line) == ["/bin/sh", "-c", line]


@pytest.mark.parametrize(
    "line",
    [
        "A=1 B='x y' env",
        "A=1 && B=2 env | sort",
        "false && echo a || echo b",
        "echo 'a;b' && printf '%s\\n' \"c && d\" 2>&1",
        "for i in 1 2; do echo $i; done; echo end",
        "echo ${NOT_SET:-a;b}; echo $(echo c; echo d)",
    ],
)
def test_it_means_the_same_to_a_shell(line: str) -> None:
    env = {"PATH": os.environ["PATH"]}
    outcomes = [
        subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
        for argv in (["/bin/sh", "-c", line], container_argv(line))
    ]
    told, changed = ([line for line in o.stdout.splitlines() if not line.startswith("_=")] for o in outcomes)
    assert (changed, outcomes[1].returncode) == (told, outcomes[0].returncode)
