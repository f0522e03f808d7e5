import json
import re
from dataclasses import replace

import pytest

from workers.build.cache_marks import mark_of
from workers.build.dockerfile import dockerfile_for, dockerignore_for, support_files
from workers.build.plan import Plan
from workers.build.recipes import blocks
from workers.build.static_site import SERVER, static_start
from workers.errors import PlatformError

FLASK = Plan(
    language="python",
    install="uv pip install -r requirements.txt",
    dependency_files=("requirements.txt", "requirements/base.txt"),
    start="gunicorn app:app",
)
VITE = Plan(
    language="node",
    package_manager="pnpm",
    package_manager_version="10",
    install="pnpm install --frozen-lockfile",
    dependency_files=("package.json", "pnpm-lock.yaml"),
    build="pnpm run build",
    static_dir="dist",
    start=static_start(is_single_page=True),
)
PLAIN = Plan(language="static", static_dir="public", start=static_start())
PLANS = [FLASK, VITE, PLAIN]


def instructions(text: str) -> list[str]:
    """Without mounts and options, so that one sees what is done."""
    return [
        re.sub(r"^(\w+)((?: --\S+)+)", r"\1", line) for line in text.splitlines() if line and not line.startswith("ENV")
    ]


def commands(text: str) -> list[str]:
    return [json.loads(line[line.index("[") :])[2] for line in text.splitlines() if line.startswith("RUN")]


def test_it_installs_python_before_the_source_is_copied() -> None:
    lines = instructions(dockerfile_for(FLASK, "base:1", "s1"))
    assert [lines[0], lines[2], *lines[4:]] == [
        "FROM base:1 AS tools",
        "FROM base:1 AS app",
        "WORKDIR /app",
        "USER 10001:10001",
        'COPY ["requirements.txt", "./requirements.txt"]',
        'COPY ["requirements/base.txt", "./requirements/base.txt"]',
        f'RUN ["/bin/sh", "-ec", ". /opt/slipway/build-env; : caches of {mark_of("s1")}; {FLASK.install}"]',
        "COPY . .",
        "EXPOSE 8000",
        'CMD ["/bin/sh", "-c", "exec gunicorn app:app"]',
    ]


def test_it_installs_after_the_copy_what_needs_the_source() -> None:
    plan = Plan(
        language="python", install="uv pip install -r requirements.txt", install_project="second", build="third"
    )
    lines = [line for line in instructions(dockerfile_for(plan, "b", "s")) if line.startswith(("COPY", "RUN"))]
    assert lines[2] == "COPY . ."
    together = f"({plan.install}) && (second)"
    assert [json.loads(line[4:])[2].rpartition("; ")[2] for line in lines[3:]] == [together, "third"]


def test_it_leaves_node_and_its_packages_out_of_static_output() -> None:
    text = dockerfile_for(VITE, "node:1", "s1", static_base="python:1")
    final = instructions(text[text.rindex("FROM ") :])
    assert [final[0], *final[2:]] == [
        "FROM python:1",
        "WORKDIR /site",
        "USER 10001:10001",
        'COPY ["/app/dist/", "/site/"]',
        "EXPOSE 8000",
        'CMD ["/bin/sh", "-c", "exec python3 -I /opt/slipway/static_server.py /site --single-page"]',
    ]
    assert any("npm install -g --no-fund --no-audit pnpm@10" in command for command in commands(text))


def test_it_copies_plain_files_in_one_stage() -> None:
    text = dockerfile_for(PLAIN, "python:1", "s1")
    assert text.count("FROM ") == 1
    assert f'COPY --chown={blocks.USER} ["./public/", "/site/"]' in text
    assert support_files(PLAIN) == {"static_server": SERVER}
    assert support_files(FLASK) == {}


def test_it_installs_modern_yarn_by_its_own_package() -> None:
    for version, package in (("4.5.0", "@yarnpkg/cli-dist@4.5.0"), ("1", "yarn@1")):
        plan = Plan(language="node", package_manager="yarn", package_manager_version=version, start="yarn start")
        assert any(f" {package};" in command for command in commands(dockerfile_for(plan, "b", "s")))


@pytest.mark.parametrize("plan", PLANS)
def test_it_writes_what_docker_20_10_understands(plan: Plan) -> None:
    text = dockerfile_for(plan, "base:1", "s1")
    assert "<<" not in text
    assert "--link" not in text
    assert "syntax=" not in text
    for line in text.splitlines():
        assert line == "" or line.split()[0] in {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "EXPOSE", "CMD"}


@pytest.mark.parametrize("plan", PLANS)
def test_it_ends_as_an_unprivileged_user(plan: Plan) -> None:
    users = re.findall(r"^USER (.*)$", dockerfile_for(plan, "base:1", "s1"), re.MULTILINE)
    assert users[-1] == "10001:10001"


def test_it_scopes_every_cache() -> None:
    ids = {i for plan in PLANS for i in re.findall(r"type=cache,id=([^,]+)", dockerfile_for(plan, "b", "scope7"))}
    assert ids == {"slipway-scope7-uv", "slipway-scope7-pip", "slipway-scope7-npm"}


def test_it_shares_the_tools_of_all_services_and_mounts_no_cache_there() -> None:
    one, other = (dockerfile_for(FLASK, "base:1", scope).split("\n\n")[0] for scope in ("a", "b"))
    assert one == other
    assert "type=cache" not in one


def test_it_shows_variables_to_build_commands_only() -> None:
    text = dockerfile_for(VITE, "node:1", "s1")
    lines = [line for line in text.splitlines() if "id=variables" in line]
    assert len(lines) == 1
    assert lines[0].endswith('export NODE_ENV=production; pnpm run build"]')


@pytest.mark.parametrize(
    "line", ["x\nUSER root\nRUN id", 'x"]\nUSER root', "x \\\nUSER root", "# syntax=evil\nUSER root"]
)
def test_it_lets_no_command_become_an_instruction(line: str) -> None:
    plan = Plan(language="python", install=line, build=line, start=line, install_project=line)
    text = dockerfile_for(plan, "base:1", "s1")
    assert not [i for i in text.splitlines() if i.startswith(("USER root", "RUN id"))]
    assert json.loads(text.splitlines()[-1].removeprefix("CMD "))[2].endswith(line.splitlines()[-1])


def test_it_has_no_recipe_for_a_dockerfile() -> None:
    with pytest.raises(PlatformError):
        dockerfile_for(Plan(language="dockerfile", dockerfile="Dockerfile"), "b", "s")


def test_it_keeps_the_repositorys_own_ignored_files() -> None:
    node = Plan(language="node", start="node .")
    assert dockerignore_for(node, "docs\n!docs/a\n").startswith("docs\n!docs/a\n.git\n")
    assert dockerignore_for(node, "").startswith(".git\n")


def test_a_committed_env_file_is_there_for_who_reads_it() -> None:
    """Vite and Create React App put its values into the site, and Symfony does not start without it."""
    built = Plan(language="static", build="hugo", static_dir="public")
    plans = Plan(language="node", build="vite build", static_dir="dist"), Plan(language="php", start="serve-php"), built
    assert not any(".env" in dockerignore_for(plan, "") for plan in plans)
    assert ".env" in dockerignore_for(replace(built, build=""), "")
    assert dockerignore_for(plans[0], ".env\n").startswith(".env\n")


def test_it_builds_again_when_variables_change_and_tells_nothing_of_them() -> None:
    texts = [dockerfile_for(VITE, "b", "s", variables={"TOKEN": value}) for value in ("canary", "canary", "other")]
    assert texts[0] == texts[1] != texts[2]
    assert "canary" not in texts[0]
    assert dockerfile_for(FLASK, "b", "s", variables={"TOKEN": "x"}) == dockerfile_for(FLASK, "b", "s")
