import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.build.plans import sample_files
from workers.build.analyze import analyze
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.plan import Origin, Plan
from workers.errors import UserError

SAMPLES = Path(__file__).parents[2] / "samples"
ROOT = Path(__file__).parents[3]


def plan(texts: dict[str, str], **settings: str) -> Plan:
    return analyze(MemoryFiles(texts), BuildSettings(**settings))  # type: ignore[arg-type]


def refusal(texts: dict[str, str], **settings: str) -> UserError:
    with pytest.raises(UserError) as caught:
        plan(texts, **settings)
    return caught.value


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "workers.build.analyze", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)


def test_it_lets_a_dockerfile_win() -> None:
    assert plan({"Dockerfile": "FROM x\nEXPOSE 80\nFROM y\nexpose 9000/tcp\n", "package.json": "{}"}) == Plan(
        language="dockerfile",
        dockerfile="Dockerfile",
        port=9000,
        reasons=("build: by Dockerfile, because it is there", "port: 9000, because the Dockerfile exposes it"),
        origins={
            "dockerfile": Origin("detected", "it is there"),
            "start": Origin("dockerfile", "the Dockerfile's own"),
            "port": Origin("dockerfile", "because the Dockerfile exposes it"),
        },
    )


def test_it_takes_the_dockerfile_that_is_set() -> None:
    found = plan({"deploy/web.Dockerfile": "FROM x"}, dockerfile="./deploy/web.Dockerfile")
    assert (found.dockerfile, found.port) == ("deploy/web.Dockerfile", 8000)


def test_it_says_that_the_dockerfile_that_is_set_is_missing() -> None:
    assert refusal({"app.py": ""}, dockerfile="Dockerfile.prod").code == "build:user:no-dockerfile"
    assert refusal({"app.py": ""}, dockerfile="../Dockerfile").code == "build:user:path-leaves-folder"


def test_it_keeps_a_dockerfiles_own_command_beside_a_procfile() -> None:
    found = plan({"Dockerfile": "FROM x", "Procfile": "web: a\nworker: b\nrelease: c"})
    assert (found.start, found.processes, found.release) == ("", {"worker": "b"}, "c")


def test_it_says_what_was_looked_for() -> None:
    error = refusal({"README.md": ""})
    assert error.code == "build:user:nothing-recognised"
    for name in ("Dockerfile", "requirements.txt", "package.json", "go.mod", "mix.exs", "index.html", "start.sh"):
        assert name in error.message
    assert "Add one of these files" in error.hint


FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
MANAGE = "import django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
NEXT = {"package.json": json.dumps({"dependencies": {"next": "15"}, "scripts": {"build": "next build"}})}
MAVEN = {"pom.xml": "<project/>", "src/main/java/A.java": "class A { public static void main(String[] a) {} }"}


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        ({**NEXT, "app/page.tsx": "", "backend/main.py": FASTAPI, "backend/requirements.txt": "fastapi"}, "node"),
        (
            {**NEXT, "backend/manage.py": MANAGE, "backend/shop/wsgi.py": "", "backend/requirements.txt": "django"},
            "node",
        ),
        ({**MAVEN, "scripts/mock/app.py": FLASK}, "java"),
        ({"go.mod": "module x/y\n", "main.go": "package main\n", "ml/server.py": FLASK}, "go"),
        ({**NEXT, "backend/main.py": FASTAPI, "requirements.txt": "fastapi"}, "python"),
        ({**NEXT, "main.py": FASTAPI}, "python"),
        ({**NEXT, "src/main.py": FASTAPI, "api/app.py": FLASK}, "python"),
    ],
)
def test_it_takes_python_in_a_folder_for_a_part(texts: dict[str, str], language: str) -> None:
    assert plan(texts).language == language


def test_it_names_the_folders_that_may_be_deployed() -> None:
    backend = {"backend/main.py": FASTAPI, "backend/requirements.txt": "fastapi", "backend/web/index.html": ""}
    error = refusal({**backend, "frontend/package.json": "{}"})
    assert error.code == "build:user:nothing-recognised"
    assert error.hint.startswith("The root directory may be one of backend, frontend. Add ")
    assert (error.change, refusal(backend).change) == ({}, {"root_directory": "backend"})
    beneath = {f"apps/{name}": text for name, text in backend.items()} | {"slipway.toml": 'root_directory = "apps"'}
    assert refusal(beneath).change == {"root_directory": "apps/backend"}


def test_it_says_that_nobody_starts_it() -> None:
    for texts in ({"requirements.txt": "requests"}, {"package.json": "{}"}):
        error = refusal(texts)
        assert error.code == "build:user:no-start-command"
        assert "Procfile" in error.hint


def test_it_lets_a_procfile_win_over_what_was_detected() -> None:
    found = plan({"app.py": "import os; os.environ['PORT']", "Procfile": "web: python other.py $PORT\nclock: a && b\n"})
    assert found.start == "python other.py $PORT"
    assert found.processes == {"web": "python other.py $PORT", "clock": "a && b"}
    assert [r for r in found.reasons if r.startswith("start command")] == ["start command: `web` in the Procfile"]


def test_it_starts_here_what_a_procfile_names_as_herokus() -> None:
    found = plan(
        {
            "Cargo.toml": '[package]\nname = "shop"\n',
            "src/main.rs": "",
            "Procfile": "release: target/release/shop up\nweb: ./target/release/shop\njob: sleep 1",
        }
    )
    assert (found.release, found.processes) == ("bin/shop up", {"web": "./bin/shop", "job": "sleep 1"})
    change = ", with bin/, where the programs are, in the place of target/release/"
    assert found.reasons[-3:] == (
        f"release command: `release` in the Procfile{change}",
        f"start command: `web` in the Procfile{change}",
        "process job: set in the Procfile",
    )
    assert found.origins["start"] == Origin("procfile", f"`web` in the Procfile{change}")


def test_it_serves_php_as_ever_where_a_procfile_names_herokus_server() -> None:
    found = plan({"web/index.php": "", "Procfile": "web: vendor/bin/heroku-php-apache2 web/"})
    assert found.start == found.processes["web"] == "/opt/slipway/serve-php web"
    assert "start command: `web` in the Procfile, with PHP-FPM behind nginx in the place of heroku-php-apache2" in (
        found.reasons
    )


def test_it_needs_no_web_process_when_a_procfile_names_others() -> None:
    found = plan({"requirements.txt": "celery", "Procfile": "worker: celery -A x worker"})
    assert (found.start, found.processes) == ("", {"worker": "celery -A x worker"})


def test_it_names_the_line_of_a_broken_procfile() -> None:
    error = refusal({"app.py": "PORT", "Procfile": "# fine\nweb python app.py"})
    assert error.code == "build:user:invalid-procfile"
    assert error.message.startswith("Line 2 ")


def test_it_lets_settings_win_over_everything() -> None:
    found = plan(
        {"requirements.txt": "flask", "app.py": "from flask import Flask\napp = Flask('x')", "Procfile": "web: a"},
        install_command="pip install -r requirements.txt",
        build_command="make",
        start_command="./serve; rm -rf $HOME",
        release_command="./migrate",
    )
    assert (found.install, found.dependency_files) == ("pip install -r requirements.txt", ())
    assert (found.build, found.start, found.release) == ("make", "./serve; rm -rf $HOME", "./migrate")
    assert found.processes == {"web": "./serve; rm -rf $HOME"}
    for what in ("install", "build", "start", "release"):
        said = [r for r in found.reasons if r.startswith(f"{what} command:")]
        assert said == [f"{what} command: set in the service's settings"]


def test_it_serves_the_folder_that_is_set() -> None:
    found = plan({"package.json": '{"scripts": {"build": "make"}}'}, static_dir="out/")
    assert (found.static_dir, found.build) == ("out", "npm run build")
    assert "static_server.py" in found.start


@pytest.mark.parametrize("folder", ["../x", "/etc", "a/../../b", "$HOME", 'x"]\nRUN y'])
def test_it_refuses_static_folders_outside(folder: str) -> None:
    assert refusal({"package.json": "{}"}, static_dir=folder, build_command="x").code == "build:user:invalid-static-dir"


def test_it_says_that_the_static_folder_is_missing() -> None:
    assert refusal({"index.html": ""}, static_dir="dist").code == "build:user:no-static-dir"


def test_it_suggests_variables_without_interpolating() -> None:
    found = plan({"index.html": "", ".env.sample": "export A='b c'\nB=$A${HOME}\nC\n# D=1\n"})
    assert found.suggested_variables == {"A": "b c", "B": "$A${HOME}", "C": ""}


def test_it_prints_the_plan_of_every_sample() -> None:
    found = {}
    for folder in sorted(SAMPLES.iterdir()):
        if folder.name != "nothing-recognisable":
            of = analyze(sample_files(folder.name), BuildSettings())
            found[folder.name] = (of.language, of.framework, of.package_manager)
    assert found == {
        "angular-static": ("node", "Angular", "npm"),
        "astro-node": ("node", "Astro with Node", "npm"),
        "astro-static": ("node", "Astro", "npm"),
        "bottle-pdm": ("python", "Bottle", "pdm"),
        "bun-server": ("bun", "", "bun"),
        "bun-vite-static": ("bun", "Vite", "bun"),
        "bun-workspace": ("bun", "", "bun"),
        "cra-static": ("node", "Create React App", "npm"),
        "deno-plain": ("deno", "", "deno"),
        "deno-task": ("deno", "", "deno"),
        "django-geo": ("python", "Django", "pip"),
        "django-pip": ("python", "Django", "pip"),
        "django-poetry": ("python", "Django", "poetry"),
        "django-whitenoise": ("python", "Django", "pip"),
        "dockerfile": ("dockerfile", "", ""),
        "dotnet-web": ("dotnet", "ASP.NET Core", "nuget"),
        "elixir-mix": ("elixir", "", "mix"),
        "elixir-phoenix": ("elixir", "Phoenix", "mix"),
        "fastapi-uv": ("python", "FastAPI", "pip"),  # Its uv.lock would name an index: tests make it when they run.
        "flask-libraries": ("python", "Flask", "pip"),
        "flask-pip": ("python", "Flask", "pip"),
        "flask-setuptools": ("python", "Flask", "setuptools"),
        "go-cmd": ("go", "chi", "go"),
        "go-newer": ("go", "", "go"),
        "go-plain": ("go", "", "go"),
        "go-workspace": ("go", "", "go"),
        "java-25": ("java", "", "maven"),
        "java-gradle": ("java", "", "gradle"),
        "java-maven": ("java", "", "maven"),
        "java-spring": ("java", "Spring Boot", "maven"),
        "next-pnpm": ("node", "Next.js", "pnpm"),
        "next-standalone": ("node", "Next.js", "npm"),
        "node-native": ("node", "", "npm"),
        "node-npm": ("node", "", "npm"),
        "node-nx": ("node", "", "npm"),
        "node-turbo": ("node", "", "pnpm"),
        "node-vite-static": ("node", "Vite", "npm"),
        "node-workspaces": ("node", "Vite", "npm"),
        "node-yarn-2": ("node", "", "yarn"),
        "node-yarn-3": ("node", "", "yarn"),
        "node-yarn-berry": ("node", "", "yarn"),
        "node-yarn-classic": ("node", "", "yarn"),
        "nuxt-server": ("node", "Nuxt", "npm"),
        "nx-projects": ("node", "Nx", "npm"),
        "php-composer": ("php", "", "composer"),
        "php-laravel": ("php", "Laravel", ""),
        "php-plain": ("php", "", ""),
        "procfile-only": ("shell", "", ""),
        "procfile-worker": ("python", "", ""),
        "python-plain": ("python", "", ""),
        "react-router-server": ("node", "React Router", "npm"),
        "remix-server": ("node", "Remix", "npm"),
        "ruby-plain": ("ruby", "", ""),
        "ruby-rack": ("ruby", "", ""),
        "ruby-rails": ("ruby", "Rails", "bundler"),
        "ruby-sinatra": ("ruby", "Sinatra", "bundler"),
        "rust-plain": ("rust", "", "cargo"),
        "rust-workspace": ("rust", "", "cargo"),
        "shell-start": ("shell", "", ""),
        "starlette-pipenv": ("python", "Starlette", "pipenv"),
        "static-plain": ("static", "", ""),
        "static-staticfile": ("static", "", ""),
        "streamlit-pip": ("python", "Streamlit", "pip"),
        "sveltekit-auto": ("node", "SvelteKit with Node", "npm"),
        "sveltekit-static": ("node", "SvelteKit", "npm"),
        "tanstack-start": ("node", "TanStack Start", "npm"),
        "uv-workspace": ("python", "", "uv"),
    }


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        ({"Gemfile": 'gem "rails"', "package.json": '{"scripts": {"start": "x"}}'}, "ruby"),
        ({"go.mod": "module x", "main.go": "package main", "requirements.txt": "mkdocs"}, "go"),
        ({"composer.json": "{}", "public/index.php": "", "package.json": "{}", "index.html": ""}, "php"),
        ({"Gemfile": 'gem "fastlane"', "package.json": '{"scripts": {"start": "x"}}'}, "node"),
        ({"package.json": '{"scripts": {"start": "x"}}', "bun.lock": ""}, "bun"),
        ({"requirements.txt": "celery", "index.html": "", "Procfile": "worker: celery"}, "python"),
        ({"index.html": "", "start.sh": ""}, "static"),
        ({"pom.xml": "<project/>", "Dockerfile": "FROM x"}, "dockerfile"),
    ],
)
def test_it_takes_the_first_language_that_starts(texts: dict[str, str], language: str) -> None:
    assert plan(texts).language == language


def test_it_is_a_command() -> None:
    done = run(str(SAMPLES / "flask-pip"))
    assert done.returncode == 0
    printed = json.loads(done.stdout)
    assert printed["start"].startswith("gunicorn ")
    wanted = {"language", "framework", "version", "package_manager", "install", "build", "start", "release"}
    assert wanted | {"port", "static_dir", "reasons"} <= printed.keys()


def test_its_command_prints_a_users_error_as_json() -> None:
    done = run(str(SAMPLES / "nothing-recognisable"))
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "build:user:nothing-recognised"


def test_its_command_says_how_it_is_called() -> None:
    for arguments in ([], ["a", "b"], ["/nonexistent"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage:")


@pytest.mark.parametrize("spelt", ["a\\u0000b", "a\\\\\\u0000b", "a\\ud800b"])
def test_it_refuses_what_no_database_can_hold(spelt: str) -> None:
    assert refusal({"package.json": f'{{"scripts": {{"start": "node {spelt}"}}}}'}).code == "build:user:broken-text"
    kept = plan({"package.json": '{"scripts": {"start": "node a\\\\u0000 \\ud83d\\ude00"}}'})
    assert kept.start == "node a\\u0000 \U0001f600"
