import pytest

from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.python import detect
from workers.build.python_libraries import NEEDS, find_libraries
from workers.build.system_libraries import Libraries

PG = ("gcc", "libc6-dev", "python3-dev", "libpq-dev")


def found(requirements: str, python: str = "") -> Libraries:
    files = MemoryFiles({"requirements.txt": requirements})
    names = frozenset(requirements.partition("=")[0].split())
    return find_libraries(files, names, python, ("requirements.txt",))


def test_it_tells_what_is_needed_and_why() -> None:
    assert found("psycopg2") == Libraries(
        ("libpq5",),
        PG,
        (
            "system libraries: libpq5, because psycopg2 needs what is in them",
            "compiler: with libpq-dev, because psycopg2 comes as source",
        ),
    )
    assert found("flask") == Libraries((), (), ())


def test_it_takes_no_compiler_for_what_only_runs() -> None:
    assert found("cairosvg") == Libraries(
        ("libcairo2",), (), ("system libraries: libcairo2, because cairosvg needs what is in them",)
    )


@pytest.mark.parametrize(
    ("requirements", "python", "is_compiled"),
    [
        ("Pillow", "", False),
        ("Pillow==9.5.0", "", True),
        ("Pillow==9.5.0", "3.11", False),
        ("Pillow==12.0.0", "", False),
        ("pillow\n--no-binary pillow", "", True),
        ("pillow\n--no-binary=:all:", "", True),
        ("lxml[html]==4.9.3", "3.13", True),
        ("psycopg2_binary==2.9.9 ; python_version > '3'", ">=3.10", True),
    ],
)
def test_it_knows_what_comes_compiled(requirements: str, python: str, is_compiled: bool) -> None:
    assert bool(found(requirements, python).build) is is_compiled
    assert bool(found(requirements, python).run) is is_compiled


def test_it_sees_what_others_bring_in_a_lock() -> None:
    lock = '[[package]]\nname = "psycopg2"\nversion = "2.9.10"\n\n[[package]]\nname = "weasyprint"\nversion = "66"\n'
    libraries = find_libraries(MemoryFiles({"uv.lock": lock}), frozenset({"flask"}), "")
    assert libraries.build == PG
    assert "libpango-1.0-0" in libraries.run


def test_it_leaves_psycopg_alone_when_its_library_is_bundled() -> None:
    assert find_libraries(MemoryFiles({}), frozenset({"psycopg"}), "").run == ("libpq5",)
    assert find_libraries(MemoryFiles({}), frozenset({"psycopg", "psycopg-binary"}), "").run == ()


def test_its_table_is_by_normalised_name() -> None:
    assert all(name == name.lower() and "_" not in name for name in NEEDS)


@pytest.mark.parametrize(
    ("settings", "run"),
    [
        ('INSTALLED_APPS = ["django.contrib.gis"]', ("gdal-bin",)),
        ("""ENGINE = 'django.contrib.gis.db.backends.postgis'""", ("gdal-bin",)),
        ('E = "django.contrib.gis.db.backends.spatialite"', ("gdal-bin", "libsqlite3-mod-spatialite")),
        ('INSTALLED_APPS = ["django.contrib.gistogram"]  # Not django.contrib.gis', ()),
        ('INSTALLED_APPS = [\n    # "django.contrib.gis",\n]', ()),
    ],
)
def test_it_brings_what_parts_of_django_load(settings: str, run: tuple[str, ...]) -> None:
    manage = "# django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
    texts = {"requirements.txt": "django", "manage.py": manage, "shop/settings.py": settings}
    plan = detect(MemoryFiles(texts), BuildSettings())
    assert plan is not None
    assert plan.system_packages == run
