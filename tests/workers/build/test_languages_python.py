import pytest

from workers.build.dockerfile import dockerfile_for
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.python import detect
from workers.build.plan import Plan
from workers.build.shell_line import container_argv
from workers.errors import UserError

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
MANAGE = "# django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"


def found(texts: dict[str, str], **variables: str) -> Plan:
    plan = detect(MemoryFiles(texts), BuildSettings(variables=variables))
    assert plan is not None
    return plan


def test_it_plans_a_flask_app_whole() -> None:
    assert found(
        {"requirements.txt": "flask==3.1  # web\n", "app.py": FLASK, "runtime.txt": "python-3.12.4\n"}
    ) == Plan(
        language="python",
        framework="Flask",
        version="3.12.4",
        package_manager="pip",
        install="uv pip install -r requirements.txt gunicorn",
        dependency_files=("requirements.txt",),
        start="gunicorn --bind 0.0.0.0:$PORT --threads 8 --access-logfile - app:app",
        reasons=(
            "language: Python, because requirements.txt is there",
            "version: Python 3.12.4, because runtime.txt asks for it",
            "package manager: pip, because requirements.txt is there",
            "install: by uv, which reads the same files as pip and is faster",
            "framework: Flask, because app.py makes the app app:app",
            "start command: by gunicorn, which is added because no server is named",
        ),
    )


def test_it_leaves_other_folders_alone() -> None:
    for texts in ({}, {"index.html": ""}, {"notes.py": "x = 1"}, {"pyproject.toml": "[tool.ruff]"}):
        assert detect(MemoryFiles(texts), BuildSettings()) is None


def test_it_lets_node_have_what_it_cannot_start() -> None:
    assert detect(MemoryFiles({"requirements.txt": "awscli", "package.json": "{}"}), BuildSettings()) is None
    assert detect(MemoryFiles({"requirements.txt": "awscli"}), BuildSettings()) is not None


def test_it_installs_by_uv_as_locked() -> None:
    project = '[project]\nname = "x"\nrequires-python = ">=3.12"\ndependencies = ["fastapi[standard]"]\n'
    plan = found({"pyproject.toml": project, "uv.lock": "", "main.py": FASTAPI})
    assert (plan.package_manager, plan.version) == ("uv", ">=3.12")
    assert plan.install == "uv sync --frozen --no-dev --no-install-project"
    assert (plan.install_project, plan.dependency_files) == ("", ("pyproject.toml", "uv.lock"))
    assert plan.start == "uvicorn --host 0.0.0.0 --port $PORT main:app"
    assert "start command: by uvicorn, because the repository depends on it" in plan.reasons


def test_it_adds_a_server_after_what_is_locked() -> None:
    plan = found(
        {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["fastapi"]', "uv.lock": "", "main.py": FASTAPI}
    )
    assert plan.install.endswith(" --no-install-project && uv pip install uvicorn")


def test_it_installs_a_package_itself() -> None:
    project = '[project]\nname = "x"\ndependencies = ["flask"]\n[build-system]\nrequires = []\n'
    assert found({"pyproject.toml": project, "uv.lock": "", "app.py": FLASK}).install_project.startswith("uv sync ")
    assert found({"pyproject.toml": project, "app.py": FLASK}).install_project == "uv pip install --no-deps -e ."
    unpackaged = project + "[tool.uv]\npackage = false\n"
    assert found({"pyproject.toml": unpackaged, "uv.lock": "", "app.py": FLASK}).install_project == ""


def test_it_installs_by_poetry_as_locked() -> None:
    project = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = "^3.11"\ngunicorn = "*"\n'
    plan = found({"pyproject.toml": project, "poetry.lock": "", "app.py": FLASK})
    assert (plan.package_manager, plan.version) == ("poetry", "^3.11")
    assert plan.install.startswith("poetry export --only main ")
    assert plan.install.endswith(" && uv pip install -r /tmp/requirements.txt")
    assert plan.dependency_files == ("pyproject.toml", "poetry.lock")


def test_it_follows_included_requirements() -> None:
    texts = {
        "requirements.txt": "-r requirements/base.txt\n",
        "requirements/base.txt": "-c limits.txt\nFlask\ngunicorn\n",
    }
    plan = found({**texts, "requirements/limits.txt": "flask<4", "app.py": FLASK})
    assert plan.dependency_files == ("requirements.txt", "requirements/base.txt", "requirements/limits.txt")
    assert plan.install == "uv pip install -r requirements.txt"


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["base", "local", "production"], ["production", "base"]),
        (["base", "requirements", "prod"], ["prod", "base"]),
        (["requirements", "base"], ["base"]),
        (["dev", "requirements"], ["requirements"]),
    ],
)
def test_it_finds_requirements_in_a_folder_of_their_own(names: list[str], taken: list[str]) -> None:
    text = {
        "base": "flask\n",
        "production": "-r base.txt\ngunicorn\n",
        "prod": "-r ../requirements/base.txt\ngunicorn\n",
    }
    texts = {f"requirements/{name}.txt": text.get(name, "flask\n") for name in names}
    plan = found({**texts, "app.py": FLASK, "setup.cfg": "[flake8]\nmax-line-length = 120\n"})
    assert plan.package_manager == "pip"
    assert plan.install.removesuffix(" gunicorn") == f"uv pip install -r requirements/{taken[0]}.txt"
    assert plan.dependency_files == tuple(f"requirements/{name}.txt" for name in taken)


@pytest.mark.parametrize(
    "texts",
    [
        {"requirements.txt": "# nothing yet\n\n"},
        {"pyproject.toml": "[project]\nname = 'x'\ndependencies = []\n"},
    ],
)
def test_it_asks_no_index_for_nothing(texts: dict[str, str]) -> None:
    """So that it builds where builds have no network."""
    plan = found({**texts, "main.py": "import http.server\nhttp.server.test()\n"})
    assert (plan.install, plan.install_project, plan.package_manager) == ("", "", "pip")
    assert "from=tools" not in dockerfile_for(plan, "base", "scope")


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 'x'\ndependencies = ['a']\n",
        "[project]\nname = 'x'\ndynamic = ['dependencies']\n",
        "[project]\nname = 'x'\n[build-system]\nrequires = []\n",
    ],
)
def test_it_asks_for_what_a_project_may_need(text: str) -> None:
    assert found({"pyproject.toml": text, "main.py": "import http.server\nhttp.server.test()\n"}).install


@pytest.mark.parametrize("line", ["-e .", "./lib", ".", "lib @ file:./lib"])
def test_it_copies_the_source_first_for_local_requirements(line: str) -> None:
    assert found({"requirements.txt": f"{line}\n", "app.py": FLASK}).dependency_files == ()


def test_it_copies_the_source_first_for_a_workspace() -> None:
    project = '[project]\nname = "x"\ndependencies = ["flask"]\n[tool.uv.workspace]\nmembers = ["lib"]\n'
    assert found({"pyproject.toml": project, "uv.lock": "", "app.py": FLASK}).dependency_files == ()


@pytest.mark.parametrize(
    ("path", "source", "start"),
    [
        ("main.py", "import fastapi as f\nservice: f.FastAPI = f.FastAPI()", "uvicorn {h} main:service"),
        ("src/main.py", FASTAPI, "uvicorn {h} --app-dir src main:app"),
        ("src/shop/api.py", FASTAPI, "uvicorn {h} --app-dir src shop.api:app"),
        ("backend/main.py", "import db\n" + FASTAPI, "uvicorn {h} --app-dir backend main:app"),
        ("backend/main.py", "from backend import db\n" + FASTAPI, "uvicorn {h} backend.main:app"),
        ("app/main.py", "from . import models\n" + FASTAPI, "uvicorn {h} app.main:app"),
        ("app/api/main.py", "def f():\n  from ..db import engine\n" + FASTAPI, "uvicorn {h} app.api.main:app"),
        ("backend/app/main.py", "from .database import engine\n" + FASTAPI, "uvicorn {h} --app-dir backend app.main:app"),
        ("src/main.py", "from . import models\n" + FASTAPI, "uvicorn {h} src.main:app"),
        ("backend/fastapi/main.py", FASTAPI, "uvicorn {h} --app-dir backend/fastapi main:app"),
        ("main.py", "from fastapi import FastAPI\ndef create_app(x=1):\n  api = FastAPI()\n  return api",
         "uvicorn {h} --factory main:create_app"),
        ("site.py", "from starlette.applications import Starlette\nx = Starlette()", "uvicorn {h} site:x"),
    ],
)  # fmt: skip
def test_it_finds_the_app_by_reading_the_source(path: str, source: str, start: str) -> None:
    plan = found({"requirements.txt": "fastapi\nuvicorn", path: source})
    assert plan.start == start.format(h="--host 0.0.0.0 --port $PORT")


@pytest.mark.parametrize(
    ("path", "others", "target"),
    [
        ("backend/app/main.py", ["backend/app/__init__.py"], "--app-dir backend app.main:app"),
        ("backend/app/main.py", ["backend/app/core.py"], "--app-dir backend app.main:app"),
        ("app/app/main.py", ["app/app/core/x.py"], "--app-dir app app.main:app"),
        ("app/app/main.py", ["app/core/x.py"], "app.app.main:app"),
        ("backend/email/app/main.py", ["backend/email/__init__.py", "backend/email/app/core.py"],
         "--app-dir backend/email app.main:app"),
    ],
)  # fmt: skip
def test_it_puts_the_folder_of_what_is_imported_on_the_path(path: str, others: list[str], target: str) -> None:
    source = f"import email.mime\nfrom app.core import x\n{FASTAPI}"
    plan = found({"requirements.txt": "fastapi\nuvicorn", path: source, **dict.fromkeys(others, "")})
    assert plan.start == f"uvicorn --host 0.0.0.0 --port $PORT {target}"


def test_it_is_not_taken_in_by_comments_and_strings() -> None:
    source = '"""app = FastAPI()"""\n# app = FastAPI()\ntext = "from fastapi import FastAPI"\n'
    assert found({"requirements.txt": "fastapi", "main.py": source}).framework == ""


def test_it_knows_a_factory_by_what_it_makes() -> None:
    package = "from flask import Flask\ndef create_app():\n    site = Flask('x')\n    return site\n"
    texts = {"requirements.txt": "flask", "shop/__init__.py": package}
    assert found(texts).start.endswith(" 'shop:create_app()'")
    assert found({**texts, "wsgi.py": "from shop import create_app\napp = create_app()"}).start.endswith(" wsgi:app")


def test_it_uses_the_server_that_the_repository_brings() -> None:
    assert found({"requirements.txt": "flask\nwaitress", "app.py": FLASK}).start.startswith("waitress-serve ")
    assert found({"requirements.txt": "fastapi\nhypercorn", "app.py": FASTAPI}).start.startswith("hypercorn ")


@pytest.mark.parametrize(
    ("server", "path", "app", "start"),
    [
        ("waitress", "web/app.py", FLASK, "waitress-serve --listen=0.0.0.0:$PORT app:app"),
        ("hypercorn", "web/app.py", FASTAPI, "hypercorn --bind 0.0.0.0:$PORT app:app"),
        ("granian", "web/app.py", FASTAPI, "granian --interface asgi --host 0.0.0.0 --port $PORT app:app"),
        ("daphne", "web/app.py", FASTAPI, "daphne -b 0.0.0.0 -p $PORT app:app"),
    ],
)
def test_it_tells_servers_without_an_option_for_it_where_the_app_is(
    server: str, path: str, app: str, start: str
) -> None:
    plan = found({"requirements.txt": server, path: app})
    assert plan.start == f"PYTHONPATH=/app/web:$PYTHONPATH {start}"
    assert container_argv(plan.start)[2] == f"PYTHONPATH=/app/web:$PYTHONPATH exec {start}"


def test_it_quotes_the_folder_of_an_app() -> None:
    assert found({"requirements.txt": "flask", "my web/app.py": FLASK}).start.endswith(" --pythonpath 'my web' app:app")


def test_it_starts_django_by_what_its_settings_say() -> None:
    texts = {"requirements.txt": "Django\ngunicorn", "manage.py": MANAGE, "config/web.py": ""}
    plan = found(
        {**texts, "shop/settings.py": "WSGI_APPLICATION = 'config.web.application'\nSTATIC_ROOT = BASE / 'x'\n"}
    )
    assert plan.framework == "Django"
    assert plan.start.endswith(" config.web:application")
    assert plan.build == "python manage.py collectstatic --noinput"


def test_it_starts_django_by_the_module_beside_the_settings() -> None:
    texts = {"requirements.txt": "django", "site/manage.py": MANAGE, "site/shop/wsgi.py": ""}
    plan = found({**texts, "site/shop/settings/__init__.py": "", "site/shop/settings/base.py": "STATIC_ROOT = 'x'"})
    assert plan.start.endswith(" --pythonpath site shop.wsgi:application")
    assert plan.build == "python site/manage.py collectstatic --noinput"


def test_it_collects_nothing_without_a_static_root_or_when_told_so() -> None:
    texts = {"requirements.txt": "django", "manage.py": MANAGE, "shop/wsgi.py": ""}
    assert found({**texts, "shop/settings.py": "STATIC_ROOT = None"}).build == ""
    assert found({**texts, "shop/settings.py": "STATIC_ROOT = 'x'"}, DISABLE_COLLECTSTATIC="1").build == ""


def test_it_starts_a_script_that_serves() -> None:
    plan = found({"main.py": "import os\nserve(int(os.environ['PORT']))"})
    assert (plan.start, plan.package_manager, plan.install) == ("python main.py", "", "")


def test_it_knows_in_which_order_files_ask_for_a_version() -> None:
    texts = {
        ".python-version": "3.14\n",
        "runtime.txt": "python-3.13.1",
        ".tool-versions": "nodejs 20\npython 3.12.1 3.11\n",
        "mise.toml": '[tools]\npython = {version = "3.11"}\n',
        "pyproject.toml": '[project]\nname = "x"\nrequires-python = ">=3.10"\n',
    }
    versions = []
    while texts:
        versions.append(found({**texts, "app.py": FLASK}).version)
        texts.pop(next(iter(texts)))
    assert versions == ["3.14", "3.13.1", "3.12.1", "3.11", ">=3.10"]


def test_it_says_that_a_file_is_broken() -> None:
    with pytest.raises(UserError) as caught:
        found({"pyproject.toml": "[project", "uv.lock": ""})
    assert caught.value.code == "build:user:invalid-file"
    assert "pyproject.toml" in caught.value.message


@pytest.mark.parametrize(
    ("texts", "manager", "line", "needed"),
    [
        ({"pdm.lock": "", "pyproject.toml": "[project]\nname = 'x'"}, "pdm",
         "pdm export --prod --format requirements --output /tmp/requirements.txt", ("pyproject.toml", "pdm.lock")),
        ({"Pipfile.lock": '{"_meta": {"sources": [{"name": "pypi"}]}}', "Pipfile": ""}, "pipenv",
         "pipenv requirements --hash --exclude-index > /tmp/requirements.txt", ("Pipfile", "Pipfile.lock")),
        ({"Pipfile.lock": '{"_meta": {"sources": [{"name": "ours"}]}}'}, "pipenv",
         "pipenv requirements --hash > /tmp/requirements.txt", ("Pipfile.lock",)),
        ({"Pipfile.lock": '{"default": {"lib": {"path": "./lib"}}}'}, "pipenv",
         "pipenv requirements --hash --exclude-index > /tmp/requirements.txt", ()),
        ({"Pipfile": "[packages]\nflask = '*'"}, "pipenv",
         "pipenv lock && pipenv requirements > /tmp/requirements.txt", ("Pipfile",)),
        ({"setup.py": "setup(install_requires=['flask>=3,<4', 'x; python_version > \"3\"'])"}, "setuptools",
         "uv pip install 'flask>=3,<4' 'x; python_version > \"3\"' gunicorn", ("setup.py",)),
        ({"setup.cfg": "[options]\ninstall_requires =\n    flask\n"}, "setuptools",
         "uv pip install flask gunicorn", ("setup.cfg",)),
        ({"setup.py": "setup(install_requires=read('list'))"}, "setuptools", "uv pip install -e . gunicorn", ()),
        ({"setup.py": "setup(install_requires=['a', b])"}, "setuptools", "uv pip install -e . gunicorn", ()),
        ({"setup.cfg": "[options]\ninstall_requires = file: list.txt"}, "setuptools", "uv pip install -e . gunicorn", ()),
        ({"setup.py": "setup()"}, "setuptools", "uv pip install gunicorn", ("setup.py",)),
    ],
)  # fmt: skip
def test_it_finds_the_package_manager(texts: dict[str, str], manager: str, line: str, needed: tuple[str, ...]) -> None:
    plan = found({**texts, "app.py": FLASK})
    assert (plan.package_manager, plan.dependency_files) == (manager, needed)
    assert plan.install.removesuffix(" && uv pip install -r /tmp/requirements.txt gunicorn") == line


def test_it_knows_in_which_order_files_name_a_package_manager() -> None:
    texts = {
        "uv.lock": "",
        "poetry.lock": "",
        "pdm.lock": "",
        "Pipfile.lock": "{}",
        "requirements.txt": "",
        "Pipfile": "",
        "pyproject.toml": "[project]\nname = 'x'",
        "setup.py": "",
        "requirements/base.txt": "",
    }
    managers = []
    while texts:
        managers.append(found({**texts, "app.py": FLASK}).package_manager)
        texts.pop(next(iter(texts)))
    assert managers == ["uv", "poetry", "pdm", "pipenv", "pip", "pipenv", "pip", "setuptools", "pip"]


def test_it_installs_a_pdm_project_itself_unless_it_is_none() -> None:
    project = "[project]\nname = 'x'\n[build-system]\nrequires = []\n"
    assert found({"pdm.lock": "", "pyproject.toml": project, "app.py": FLASK}).install_project.endswith(" -e .")
    application = f"{project}[tool.pdm]\ndistribution = false\n"
    assert found({"pdm.lock": "", "pyproject.toml": application, "app.py": FLASK}).install_project == ""


@pytest.mark.parametrize(
    ("texts", "version"),
    [
        ({"Pipfile": "[requires]\npython_version = '3.13'"}, "3.13"),
        ({"Pipfile": "[requires]\npython_version = '3.13'\npython_full_version = '3.13.5'"}, "3.13.5"),
        ({"setup.cfg": "[options]\npython_requires = >=3.10"}, ">=3.10"),
        ({"setup.py": "setup(python_requires='>=3.9')"}, ">=3.9"),
    ],
)
def test_it_reads_the_version_that_a_package_manager_asks_for(texts: dict[str, str], version: str) -> None:
    plan = found({**texts, "app.py": FLASK})
    assert plan.version == version
    assert f"version: Python {version}, because {next(iter(texts))} asks for it" in plan.reasons


def test_it_says_that_other_files_are_broken() -> None:
    for texts in ({"Pipfile.lock": "{"}, {"setup.cfg": "no section"}, {"Pipfile": "["}):
        with pytest.raises(UserError) as caught:
            found({**texts, "app.py": FLASK})
        assert (caught.value.code, next(iter(texts)) in caught.value.message) == ("build:user:invalid-file", True)


@pytest.mark.parametrize(
    ("texts", "page"),
    [
        ({"app.py": "import streamlit as st"}, "app.py"),
        ({"main.py": "", "Home.py": "from streamlit import title"}, "Home.py"),
        ({"streamlit_app.py": "import streamlit", "app.py": "import streamlit"}, "streamlit_app.py"),
    ],
)
def test_it_starts_streamlit_at_its_first_page(texts: dict[str, str], page: str) -> None:
    plan = found({"requirements.txt": "streamlit", **texts})
    assert plan.framework == "Streamlit"
    assert plan.start.startswith(f"streamlit run {page} --server.address 0.0.0.0 --server.port $PORT ")


def test_it_says_who_serves_the_static_files_of_django() -> None:
    texts = {"requirements.txt": "django", "manage.py": MANAGE, "shop/wsgi.py": ""}
    app = "INSTALLED_APPS = ['django.contrib.staticfiles']\n"

    def said(settings: str) -> list[str]:
        reasons = found({**texts, "shop/settings.py": settings}).reasons
        return [reason[:27] for reason in reasons if reason.startswith("static files: ")]

    assert said(app + "MIDDLEWARE = ['whitenoise.middleware.WhiteNoiseMiddleware']") == ["static files: served by Whi"]
    assert said(app) == ["static files: not served, b"]
    assert said(app + "STORAGES = {'staticfiles': {'BACKEND': 'storages.backends.s3.S3Storage'}}") == []
    assert said("") == []
