from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

from workers.build import mirrors as subject
from workers.build.apt_secrets import write_apt_secrets
from workers.build.secrets import Share

SETTINGS = """<?xml version="1.0"?>
<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0">
  <servers><server><id>own</id><password>s3cret</password></server><server><id>other</id></server></servers>
  <mirrors>
    <mirror><id>own</id><mirrorOf>*</mirrorOf><url>https://maven.example/all</url></mirror>
    <mirror><id>here</id><mirrorOf>x</mirrorOf><url>http://localhost:8081/</url></mirror>
    <mirror><id>http-blocker</id><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
  </mirrors>
</settings>
"""


def test_it_takes_gos_proxies_from_its_file_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / "go").mkdir()
    (tmp_path / "go" / "env").write_text("GOPROXY=https://go.example\nGOFLAGS=-mod=mod\nGOSUMDB=off\n")
    env = {"XDG_CONFIG_HOME": str(tmp_path), "GOPRIVATE": "corp.example/*", "GOINSECURE": ""}
    assert subject.go_text(env) == "GOPROXY=https://go.example\nGOPRIVATE=corp.example/*\nGOSUMDB=off\n"
    assert subject.go_text({"HOME": str(tmp_path / "none"), "GOPROXY": "http://127.0.0.1:3000"}) == ""


def test_it_takes_cargos_sources_and_tokens(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[source.crates-io]\nreplace-with = "own"\n[source.own]\nregistry = "sparse+https://c.example/"\n'
        '[source.disk]\ndirectory = "/vendor"\n[build]\njobs = 1\n[registries.corp]\nindex = "https://i.example"\n'
    )
    (tmp_path / "credentials.toml").write_text('[registries.corp]\ntoken = "t0k"\n')
    env = {"CARGO_HOME": str(tmp_path)}
    assert tomllib.loads(subject.cargo_text(env)) == {
        "source": {"crates-io": {"replace-with": "own"}, "own": {"registry": "sparse+https://c.example/"}},
        "registries": {"corp": {"index": "https://i.example", "token": "t0k"}},
    }
    assert "t0k" not in subject.cargo_text(env, credentials=False)
    assert subject.cargo_text({"CARGO_HOME": str(tmp_path / "none")}) == ""


def test_it_takes_mavens_mirrors_with_the_credentials_for_them(tmp_path: Path) -> None:
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(SETTINGS)
    text = subject.maven_text({"HOME": str(tmp_path)})
    assert "<url>https://maven.example/all</url>" in text and "s3cret" in text
    assert not [word for word in ("localhost", "blocker", "other", "xmlns") if word in text]
    assert "s3cret" not in subject.maven_text({"HOME": str(tmp_path)}, credentials=False)


def test_it_writes_nothing_where_nothing_is_set(tmp_path: Path) -> None:
    assert "<mirror>" not in subject.maven_text({"HOME": str(tmp_path)})


def test_it_lends_apt_to_images_of_ours_alone(tmp_path: Path) -> None:
    suites, host = ("trixie", "bookworm"), _host_suite()
    assert write_apt_secrets(tmp_path, "FROM ruby:3.3 AS build\n", suites, host, Share()) == {}
    assert (
        write_apt_secrets(tmp_path, "FROM slipway/base-ruby:trixie\n", suites, host, Share(package_index=False)) == {}
    )
    text = "FROM slipway/base-java:17-bookworm AS build\nFROM x\n"
    given = write_apt_secrets(tmp_path / "a", text, suites, host, Share())
    lines = given["apt_sources"].read_text().splitlines()
    assert lines and all(" bookworm" in line for line in lines)
    newest = write_apt_secrets(tmp_path / "b", "FROM slipway/base-bun:1.2.3 AS app\n", suites, host, Share())
    assert all(" trixie" in line for line in newest["apt_sources"].read_text().splitlines())


def _host_suite() -> str:
    script = '. /etc/os-release; echo "$VERSION_CODENAME"'
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.strip()
