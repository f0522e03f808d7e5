from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, Lines
from workers.build import base_recipe as recipe
from workers.build.apt_sources import AptSource, for_suite, kept_options, parse_deb822, parse_one_line
from workers.build.base_families import FAMILIES, Own, npm_version, own_images
from workers.build.base_images import ensure_base, may_fit, stand_in, version_in, wanted_versions
from workers.build.version_spec import satisfies
from workers.docker_cli import working_client
from workers.errors import UserError

DEB822 = """\
Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""


def test_it_reads_both_forms_of_sources() -> None:
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert parse_deb822(DEB822) == [
        AptSource("http://mirror.example/debian", "bookworm", "main", key),
        AptSource("http://mirror.example/debian", "bookworm-updates", "main", key),
    ]
    text = "# deb http://no x main\ndeb [arch=amd64 signed-by=/k.gpg] http://m/debian bookworm main contrib # why\n"
    assert parse_one_line(text + "deb-src http://m/debian bookworm main") == [
        AptSource("http://m/debian", "bookworm", "main contrib", "/k.gpg")
    ]


def test_it_turns_sources_to_another_suite_and_leaves_foreign_ones_out() -> None:
    sources = [
        AptSource("http://m/debian", "bookworm", "main", "/k.gpg"),
        AptSource("http://m/security", "bookworm-security", "main"),
        AptSource("http://other/apt", "sdk-bookworm", "main"),
        AptSource("http://m/debian", "bookworm", "contrib"),
    ]
    assert [source.line() for source in for_suite(sources, "bookworm", "trixie")] == [
        "deb [signed-by=/k.gpg] http://m/debian trixie main",
        "deb http://m/security trixie-security main",
    ]


def test_it_keeps_the_way_to_the_mirror() -> None:
    dump = (
        'Acquire::http::Proxy "http://p:3128";\nAcquire::https::CAInfo "/ca.crt";\nAPT::Update "x";\nAcquire::http "";'
    )
    assert kept_options(dump) == ['Acquire::http::Proxy "http://p:3128";', 'Acquire::https::CAInfo "/ca.crt";']


def test_it_describes_how_an_image_is_made() -> None:
    argv = recipe.bootstrap_argv(FAMILIES["python"], "trixie", ['Acquire::http::Proxy "http://p";'])
    assert argv[:4] == ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar"]
    assert argv[-3:] == ["trixie", "-", "-"]
    assert '--aptopt=Acquire::http::Proxy "http://p";' in argv
    assert recipe.image_changes(FAMILIES["node"])[0] == "LABEL slipway.base=node"
    assert recipe.image_changes(FAMILIES["java"])[-1] == "ENV JAVA_HOME=/usr/lib/jvm/slipway"


def test_it_names_packages_by_version_where_a_suite_has_several() -> None:
    argv = recipe.bootstrap_argv(FAMILIES["jre"], "trixie", [], "25")
    assert "--include=openjdk-25-jre-headless,ca-certificates,tzdata" in argv
    assert any("java-25-openjdk-" in part for part in argv if part.startswith("--customize-hook"))


def test_it_knows_what_a_machine_can_make() -> None:
    suites = ("trixie", "bookworm")
    assert own_images(FAMILIES["java"], ">=17", suites) == [
        Own("slipway/base-java:21-trixie", "trixie", "21"),
        Own("slipway/base-java:25-trixie", "trixie", "25"),
        Own("slipway/base-java:17-bookworm", "bookworm", "17"),
    ]
    assert own_images(FAMILIES["ruby"], "", suites) == [
        Own("slipway/base-ruby:trixie", "trixie", "3.3"),
        Own("slipway/base-ruby:bookworm", "bookworm", "3.1"),
    ]
    assert own_images(FAMILIES["ruby"], "", ("noble",)) == [Own("slipway/base-ruby:noble", "noble", "")]
    assert own_images(FAMILIES["bun"], ">=1.1 <2", suites) == [Own("slipway/base-bun:1.1-2-31e1b4")]
    assert own_images(FAMILIES["dotnet"], "8.0", suites) == []


@pytest.mark.parametrize(
    ("asked", "known", "worth"),
    [
        ("", "3.3", True),
        ("3.3.8", "3.3", True),
        ("~= 3.3.4", "3.3", True),
        (">=3.3.9", "3.3", True),
        ("===3.3.0", "3.3", True),
        ("===3.1.0", "3.3", False),
        ("3.2", "3.3", False),
        (">=3.4", "3.3", False),
        (">=3.4", "", True),
    ],
)
def test_it_makes_only_what_may_fit(asked: str, known: str, worth: bool) -> None:
    assert may_fit(FAMILIES["ruby"], asked, known) is worth


def test_it_takes_a_program_from_npm() -> None:
    text = recipe.npm_dockerfile(FAMILIES["bun"], "1.2.3; id", "node:1", "debian:1")
    assert text.splitlines()[0] == "FROM node:1 AS npm"
    assert "npm install --no-fund --no-audit --no-save 'bun@1.2.3; id'" in text
    assert text.splitlines()[2:] == [
        "FROM debian:1",
        "LABEL slipway.base=bun",
        "COPY --from=npm /opt/bun /usr/local/bin/bun",
        'RUN ["/bin/sh", "-ec", "ln -s bun /usr/local/bin/bunx; ln -s bun /usr/local/bin/node"]',
    ]


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ("", "24"),
        (">=18", "24"),
        ("^22.12", "22"),
        ("18 || 20", "20"),
        ("20.x", "20"),
        ("lts/jod", "22"),
        ("v20.11.1", "20.11.1"),
        ("16", "16"),
        ("<15", "<15"),
    ],
)
def test_it_asks_npm_for_the_node_that_services_share_or_exactly(asked: str, version: str) -> None:
    assert npm_version(FAMILIES["node"], asked) == version


def test_it_gives_a_range_an_image_apart_from_an_exact_version() -> None:
    references = {own_images(FAMILIES["node"], asked, ())[0].reference for asked in ("22.12.0", "22", "<17 >12.0")}
    assert {r for r in references if "-" not in r.rpartition(":")[2]} == {
        "slipway/base-node:22.12.0",
        "slipway/base-node:22",
    }
    assert len(references) == 3


def test_it_brings_nodes_own_npm() -> None:
    text = recipe.npm_dockerfile(FAMILIES["node"], "22", "node:1", "debian:1")
    assert "npm install -g --prefix /opt/more" in text.splitlines()[1]
    assert "COPY --from=npm /opt/more/ /usr/local/" in text


def test_it_says_when_a_release_stands_in_for_another() -> None:
    python = FAMILIES["python"]
    assert stand_in(python, "3.13.1", "3.13.5") == (
        "version: Python 3.13.5 stands in for 3.13.1, which is another release of the same",
    )
    assert [stand_in(python, asked, "3.13.5") for asked in ("", "3.13", "3.13.5", ">=3.13.1")] == [(), (), (), ()]


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("Python 3.13.5", "3.13.5"),
        ("v20.19.2", "20.19.2"),
        ("go version go1.24.4 linux/amd64", "1.24.4"),
        ("rustc 1.85.1 (4eb161250 2025-03-15)", "1.85.1"),
        ("openjdk 25 2025-09-16", "25"),
        ("ruby 3.3.8 (2025-04-09 revision b200bad6cd) [x86_64-linux-gnu]", "3.3.8"),
        ("PHP 8.4.11 (cli) (built: Aug  3 2025 07:32:21)", "8.4.11"),
        ("deno 2.5.6 (stable, release, x86_64-unknown-linux-gnu)", "2.5.6"),
        ("nothing", ""),
    ],
)
def test_it_reads_what_a_program_says_of_itself(line: str, version: str) -> None:
    assert version_in(["WARNING: 1.2.3", line]) == version


@pytest.mark.parametrize(
    ("asked", "have", "significant", "fits"),
    [
        ("", "3.13.5", 2, True),
        ("3.13", "3.13.5", 2, True),
        ("3.13.2", "3.13.5", 2, True),
        ("3.13.*", "3.13.5", 2, True),
        ("3", "3.13.5", 2, True),
        ("3.12", "3.13.5", 2, False),
        (">=3.10", "3.13.5", 2, True),
        (">=3.10,<3.13", "3.13.5", 2, False),
        ("<=3.13", "3.13.5", 2, True),
        (">3.13", "3.13.5", 2, False),
        ("!=3.13.*", "3.13.5", 2, False),
        ("^3.11", "3.13.5", 2, True),
        ("~3.12", "3.13.5", 2, False),
        ("~=3.11", "3.13.5", 2, True),
        ("~=3.11.2", "3.13.5", 2, False),
        ("pypy3.10", "3.13.5", 2, False),
        ("20", "20.19.2", 1, True),
        ("v20.11.0", "20.19.2", 1, True),
        ("20.x", "20.19.2", 1, True),
        ("18 || 20", "20.19.2", 1, True),
        ("18 || 22", "20.19.2", 1, False),
        (">=18 <21", "20.19.2", 1, True),
        (">= 18", "20.19.2", 1, True),
        ("18 - 22", "20.19.2", 1, True),
        ("lts/*", "20.19.2", 1, True),
        ("lts/jod", "20.19.2", 1, False),
        ("~20.19.1", "20.19.2", 1, True),
        ("===3.3.8", "3.3.8", 2, True),
        ("===3.3.0", "3.3.8", 2, False),
        ("nonsense", "20.19.2", 1, False),
    ],
)
def test_it_knows_which_version_is_asked_for(asked: str, have: str, significant: int, fits: bool) -> None:
    assert satisfies(asked, have, significant=significant) is fits


def test_it_asks_a_registry_for_what_fits() -> None:
    assert wanted_versions(FAMILIES["python"], "")[0] == "3.13"
    assert wanted_versions(FAMILIES["python"], ">=3.10,<3.12") == ["3.11", "3.10"]
    assert wanted_versions(FAMILIES["python"], "3.9.18") == ["3.9"]
    assert wanted_versions(FAMILIES["node"], "v16.20.0") == ["16"]
    assert wanted_versions(FAMILIES["python"], "pypy3.10") == []


@pytest.mark.docker
def test_it_gives_an_image_that_has_the_language_and_not_the_mirror() -> None:
    report = Lines()
    base = ensure_base("python", ">=3.10", report=report, cache_dir=MACHINE_CACHE)
    assert base.version.startswith("3.")
    assert base.reference in base.reasons[0]
    client = working_client(MACHINE_CACHE)
    argv = [
        client,
        "run",
        "--rm",
        "--network=none",
        base.reference,
        "find",
        "/etc/apt",
        "-name",
        "*sources*",
        "-type",
        "f",
    ]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.docker
def test_it_makes_it_once(tmp_path: Path) -> None:
    first = ensure_base("python", "", report=Lines(), cache_dir=MACHINE_CACHE)
    report = Lines()
    assert ensure_base("static", "", report=report, cache_dir=MACHINE_CACHE) == first
    assert report.commands == []


@pytest.mark.docker
@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("python", "2.7", "asks for Python 2.7, and this machine has Python 3."),
        ("java", "11", "asks for Java 11, and this machine has Java 17"),
        ("elixir", "~= 1.99", "asks for Elixir ~= 1.99, and this machine has Elixir 1."),
        ("rust", "nightly", "asks for Rust nightly, and this machine has Rust 1."),
        ("dotnet", "8.0", "asks for .NET 8.0, and this machine has none."),
        ("bun", "99.0.0", "asks for Bun 99.0.0, which npm does not have; its newest is 1."),
    ],
)
def test_it_names_the_versions_that_can_be_had(kind: str, asked: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        ensure_base(kind, asked, report=Lines(), cache_dir=MACHINE_CACHE)
    assert caught.value.code == "build:user:version-not-available"
    assert words in caught.value.message and caught.value.hint
