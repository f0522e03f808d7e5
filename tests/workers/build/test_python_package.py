from __future__ import annotations

import pytest

from tests.workers.build.plans import found
from workers.build.languages.python import detect

APP = {"app/__init__.py": "", "app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}
OWN = '[project]\nname = "My-API"\ndependencies = ["fastapi"]\n'
POETRY = '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n[tool.poetry]\nname = "My-API"\n'
HATCH = f'{OWN}[build-system]\nbuild-backend = "hatchling.build"\n'
UV = f'{OWN}[build-system]\nbuild-backend = "uv_build"\n'


@pytest.mark.parametrize(
    ("project", "others", "missing"),
    [
        (POETRY, [], "my_api"),
        (POETRY, ["my_api/schema.json", "My_API/__init__.py", "lib/my_api/x.py"], "my_api"),
        (POETRY, ["my_api/deep/x.py"], ""),
        (POETRY, ["my_api.py"], ""),
        (POETRY, ["src/my_api/x.py"], ""),
        (POETRY, ["src/my_api.py"], ""),
        (POETRY + 'packages = [{include = "app"}]\n', [], ""),
        (POETRY.replace("name =", "description ="), [], ""),
        (POETRY.replace("poetry.core.masonry.api", "poetry_dynamic_versioning.backend"), [], "my_api"),
        (HATCH, [], "my_api"),
        (HATCH, ["my_api/x.py", "src/my_api.py"], "my_api"),
        (HATCH, ["My_API/__init__.py"], ""),
        (HATCH, ["lib/my_api/__init__.py"], ""),
        (HATCH, ["hatch.toml"], ""),
        (HATCH + '[tool.hatch.build.targets.wheel]\npackages = ["app"]\n', [], ""),
        (UV, ["my_api/__init__.py", "src/my_api.py"], "src/my_api"),
        (UV, ["src/my_api/__init__.py"], ""),
        (UV + '[tool.uv.build-backend]\nmodule-name = "app"\nmodule-root = ""\n', [], ""),
        (HATCH.replace("hatchling.build", "setuptools.build_meta"), [], ""),
    ],
)
def test_it_installs_a_project_itself_where_its_files_are(project: str, others: list[str], missing: str) -> None:
    plan = found(detect, {"pyproject.toml": project, **APP, **dict.fromkeys(others, "")})
    assert plan.install_project == ("" if missing else "uv pip install --no-deps -e .")
    said = [reason for reason in plan.reasons if reason.startswith("install: not the project itself")]
    why = f"install: not the project itself, because there is no folder {missing} that is a package"
    assert said == ([why] if missing else [])


@pytest.mark.parametrize(("lock", "project"), [("poetry.lock", POETRY), ("uv.lock", UV), ("pdm.lock", HATCH)])
def test_it_installs_what_is_locked_without_the_project(lock: str, project: str) -> None:
    plan = found(detect, {"pyproject.toml": project, lock: "", **APP})
    assert (plan.install_project, plan.dependency_files) == ("", ("pyproject.toml", lock))
    assert plan.start.endswith(" app.main:app")
