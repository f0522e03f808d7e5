from __future__ import annotations

import stat
import subprocess
from pathlib import Path

from workers.build import secrets as subject
from workers.build.job import BuildSettings
from workers.build.package_indexes import npm_options, npm_text, pip_options, pip_text, uv_options, uv_text
from workers.build.secrets import Share, write_secrets


def test_it_writes_variables_that_a_shell_reads_back(tmp_path: Path) -> None:
    values = {"A": 'it\'s $(id) `id` "x"\nline two', "B": "", "not a name": "x"}
    text = subject.variables_text(values)
    assert "not a name" not in text
    (tmp_path / "v").write_text(text)
    argv = ["sh", "-c", '. "$1"; printf %s "$A"', "sh", str(tmp_path / "v")]
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout == values["A"]


def test_it_takes_pips_indexes_and_leaves_out_what_is_local(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://u:p@pypi.example/simple\ncert = /etc/ca.crt\nfind-links = /wheels\n"
    )
    env = {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": str(config),
        "PIP_EXTRA_INDEX_URL": "http://localhost/a https://b/c",
    }
    found = pip_options(env)
    assert found["index-url"] == "https://u:p@pypi.example/simple"
    assert found["extra-index-url"] == "https://b/c"
    assert not {"cert", "find-links"} & set(found)


def test_it_writes_pip_and_uv_files() -> None:
    options = {"index-url": "https://a/s", "extra-index-url": "https://b/s https://c/s"}
    assert pip_text(options) == ("[global]\nextra-index-url = https://b/s\n    https://c/s\nindex-url = https://a/s\n")
    assert uv_text(options) == 'index-url = "https://a/s"\nextra-index-url = ["https://b/s", "https://c/s"]\n'
    assert pip_text({}) == uv_text({}) == ""


def test_it_reads_uvs_own_settings(tmp_path: Path) -> None:
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('[[index]]\nurl = "https://i/s"\ndefault = true\n')
    env = {"XDG_CONFIG_HOME": str(tmp_path), "UV_INDEX": "inner=https://x/s http://127.0.0.1/s"}
    assert uv_options(env) == {"index-url": "https://i/s", "extra-index-url": "https://x/s"}


def test_it_takes_npms_registries_with_their_tokens(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(
        "registry=https://npm.example/\n//npm.example/:_authToken=${TOKEN}\ncafile=/etc/ca\nprefix=/x\n"
    )
    text = npm_text(npm_options({"HOME": str(tmp_path), "TOKEN": "t0k"}))
    assert "registry=https://npm.example/\n//npm.example/:_authToken=t0k\n" in text
    assert "cafile" not in text
    assert "prefix" not in text


def test_it_writes_files_that_only_their_owner_reads(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PIP_INDEX_URL": "https://pypi.example/simple"}
    given = write_secrets(tmp_path / "s", BuildSettings(variables={"A": "b"}), Share(), env)
    assert {"variables", "pip_conf", "uv_toml"} <= set(given)
    for name in ("variables", "pip_conf", "uv_toml"):
        assert stat.S_IMODE(given[name].stat().st_mode) == 0o600


def test_it_shares_nothing_of_the_machine_when_told_so(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PIP_INDEX_URL": "https://pypi.example/simple"}
    given = write_secrets(tmp_path / "s", BuildSettings(variables={"A": "b"}), Share(False, False), env)
    assert set(given) == {"variables"}


def test_it_keeps_the_indexes_credentials_to_itself_when_told_so(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(
        "registry=https://npm.example/\n//npm.example/:_authToken=n-secret\n//npm.example/:username=n-secret\n"
        "@own:registry=https://u:n-secret@own.example/\n//old.example/:_password=n-secret\nstrict-ssl=true\n"
    )
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('[[index]]\nurl = "https://u:n-secret@i/s"\n')
    env = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PIP_INDEX_URL": "https://n-secret@pypi.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://b/s https://u:n-secret@c/s",
    }
    given = write_secrets(tmp_path / "s", BuildSettings(), Share(ca=False, credentials=False), env)
    texts = {name: path.read_text() for name, path in given.items()}
    assert texts == {
        "pip_conf": "[global]\nextra-index-url = https://b/s\n",
        "uv_toml": 'extra-index-url = ["https://b/s"]\n',
        "npmrc": "registry=https://npm.example/\nstrict-ssl=true\n",
    }
    with_them = write_secrets(tmp_path / "t", BuildSettings(), Share(ca=False), env)
    assert all("n-secret" in path.read_text() for path in with_them.values())


def test_it_uses_the_hosts_network_only_for_a_name_server_on_loopback(tmp_path: Path) -> None:
    own, resolved = tmp_path / "resolv.conf", tmp_path / "resolved.conf"
    own.write_text("nameserver 10.0.0.2\n")
    assert subject.network(own, resolved) == ("", "")
    own.write_text("nameserver 127.0.0.53\n")
    resolved.write_text("nameserver 10.0.0.2\n")
    assert subject.network(own, resolved) == ("", "")
    own.write_text("nameserver 127.0.0.1\n")
    mode, why = subject.network(own, resolved)
    assert mode == "host"
    assert "127.0.0.1" in why
