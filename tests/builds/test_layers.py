"""What this machine lends to a build stays out of the image: certificates, mirrors and their credentials."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workers.build.builds import MACHINE_CACHE, builder
from workers.build.analyze import analyze
from workers.build.files import FolderFiles
from workers.build.job import BuildSettings
from workers.build.secrets import ca_bundle
from workers.docker_cli import working_client

pytestmark = [pytest.mark.builds, pytest.mark.docker]
SAMPLES = Path(__file__).parents[1] / "samples"
CANARY = "canary-5f21c9"
SETTINGS = f"""<settings><servers><server><id>m</id><password>{CANARY}</password></server></servers>
<mirrors><mirror><id>m</id><mirrorOf>nobody</mirrorOf><url>https://{CANARY}.example/</url></mirror></mirrors></settings>"""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("sample", ["java-maven", "go-cmd"])
def test_it_leaves_nothing_of_the_machine_in_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: str
) -> None:
    bundle = ca_bundle({})
    assert bundle is not None
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(SETTINGS)
    (tmp_path / "ca.crt").write_text(f"# {CANARY}\n{bundle.read_text()}")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("GOPRIVATE", f"{CANARY}.example/*")
    monkeypatch.setenv("HOME", str(tmp_path))
    with builder(tmp_path) as here:
        shutil.copytree(SAMPLES / sample, here.app)
        image = here.build(analyze(FolderFiles(here.app), BuildSettings()))
        client = working_client(MACHINE_CACHE)
        saved = subprocess.run([client, "save", image.digest], capture_output=True, check=True).stdout
    assert len(saved) > 50_000_000
    assert CANARY.encode() not in saved
    assert b"/run/trust/cacerts" not in saved
