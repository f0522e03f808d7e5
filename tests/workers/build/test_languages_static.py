import pytest

from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.static import detect
from workers.build.plan import Plan


def test_it_plans_a_folder_whole() -> None:
    assert detect(MemoryFiles({"index.html": ""}), BuildSettings()) == Plan(
        language="static",
        start="python3 -I /opt/slipway/static_server.py /site",
        static_dir=".",
        reasons=(
            "language: static files, because index.html is there",
            "start command: the platform's own static server",
        ),
    )


@pytest.mark.parametrize(
    ("texts", "folder"),
    [({"public/index.html": ""}, "public"), ({"index.html": "", "public/index.html": ""}, ".")],
)
def test_it_finds_the_folder(texts: dict[str, str], folder: str) -> None:
    plan = detect(MemoryFiles(texts), BuildSettings())
    assert plan is not None
    assert plan.static_dir == folder


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"page.html": ""}), BuildSettings()) is None


def found(staticfile: str, **texts: str) -> Plan:
    named = {name.replace("__", "/").replace("_", "."): text for name, text in texts.items()}
    plan = detect(MemoryFiles({"Staticfile": staticfile, **named}), BuildSettings())
    assert plan is not None
    return plan


def test_it_plans_a_staticfile_whole() -> None:
    text = "# ours\nroot: 'web'\ndirectory: visible\npushstate: enabled  # for the app\nforce_https: true\n"
    assert found(text) == Plan(
        language="static",
        start="python3 -I /opt/slipway/static_server.py /site --list --single-page",
        static_dir="web",
        reasons=(
            "language: static files, because a Staticfile is there",
            "static files: web, because the Staticfile names it as root",
            "unknown paths: answered with index.html, because the Staticfile says pushstate",
            "folders: listed where they have no index.html, because the Staticfile says directory",
            "not used: force_https of the Staticfile",
            "start command: the platform's own static server",
        ),
    )


def test_it_takes_a_staticfile_that_says_nothing() -> None:
    assert (found("").static_dir, found("").start) == (".", "python3 -I /opt/slipway/static_server.py /site")
    assert found("", public__index_html="").static_dir == "public"
