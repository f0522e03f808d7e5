"""PHP-FPM behind nginx, as every PHP app is served."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers.build.builds import builder
from tests.workers.build.test_dockerfile_samples import ask, running, sample

pytestmark = [pytest.mark.builds, pytest.mark.docker]
SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.timeout(900)
def test_it_serves_pages_and_files_and_hides_the_rest(tmp_path: Path) -> None:
    with builder(tmp_path) as here:
        plan = sample(here, SAMPLES / "php-plain")
        here.write(__env="SECRET=x", composer__lock="{}", Procfile="worker: php -v")
        image = here.build(plan)
        with running(here, image.digest) as name:
            assert ask(name) == (200, "Hello from PHP at /")
            assert ask(name, "/no/such/file") == (200, "Hello from PHP at /no/such/file")
            assert ask(name, "/index.php/more")[0] == 200
            assert ask(name, "/style.css") == (200, "body { color: green; }\n")
            hidden = ("/.env", "/composer.lock", "/Procfile", "/none.php")
            assert [ask(name, path)[0] for path in hidden] == [404, 404, 404, 404]
