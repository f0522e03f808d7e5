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
