from __future__ import annotations

import json

import pytest

from tests.workers.build.plans import found, found_in, refusal
from workers.build.base_families import FAMILIES
from workers.build.base_images import fits
from workers.build.dockerfile import dockerfile_for
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.php import detect, process_line
from workers.build.plan import Plan


def composer(**more: object) -> str:
    return json.dumps({"require": {"php": "^8.2", "laravel/framework": "^12.0"}, **more})


def test_it_plans_laravel_whole() -> None:
    texts = {
        "composer.json": composer(),
        "composer.lock": "{}",
        "artisan": "",
        "public/index.php": "",
        "package.json": '{"scripts": {"build": "vite build"}}',
    }
    assert found(detect, texts) == Plan(
        language="php",
        framework="Laravel",
        version="^8.2",
        package_manager="composer",
        install="composer install --no-dev --no-progress --prefer-dist --no-scripts --no-autoloader",
        install_project="composer dump-autoload --no-dev --optimize",
        dependency_files=("composer.json", "composer.lock"),
        build="npm install --no-audit --no-fund && npm run build && rm -rf node_modules",
        start="/opt/slipway/serve-php public",
        reasons=(
            "language: PHP, because composer.json is there",
            "version: PHP ^8.2, because composer.json asks for it",
            "framework: Laravel, because composer.json requires laravel/framework",
            "package manager: Composer, because composer.lock is there",
            "build command: the build script of package.json",
            "start command: public by PHP-FPM behind nginx, because index.php is there",
        ),
    )


def test_it_serves_plain_files() -> None:
    plan = found_in(detect, "php-plain")
    assert (plan.start, plan.install, plan.package_manager) == ("/opt/slipway/serve-php .", "", "")


def test_it_installs_after_the_copy_what_is_a_folder_of_it() -> None:
    plan = found_in(detect, "php-composer")
    assert (plan.dependency_files, plan.version) == ((), "^8.2")


@pytest.mark.parametrize(
    ("texts", "version", "fits_ours"),
    [
        ({"composer.json": "{}"}, "", True),
        ({"composer.json": composer(config={"platform": {"php": "8.3.1"}})}, "8.3.1", False),
        ({"composer.json": composer(require={"php": "~8.2"})}, "^8.2", True),
        ({"composer.json": composer(require={"php": "~8.2.0"})}, "~8.2.0", False),
        ({"composer.json": composer(require={"php": "^7.4|^8.0"})}, "^7.4 || ^8.0", True),
        ({"composer.json": composer(require={"php": ">=8.1,<8.4"})}, ">=8.1 <8.4", False),
        ({"composer.json": composer(), ".php-version": "8.4\n"}, "8.4", True),
    ],
)
def test_it_asks_for_a_version(texts: dict[str, str], version: str, fits_ours: bool) -> None:
    plan = found(detect, {**texts, "index.php": ""})
    assert (plan.version, fits(FAMILIES["php"], version, "8.4.11")) == (version, fits_ours)


SERVER = "/opt/slipway/serve-php"
INSTEAD = "with PHP-FPM behind nginx in the place of heroku-php-"


@pytest.mark.parametrize(
    ("line", "here", "change"),
    [
        ("vendor/bin/heroku-php-apache2 public/", f"{SERVER} public", f"{INSTEAD}apache2"),
        ("heroku-php-nginx", f"{SERVER} .", f"{INSTEAD}nginx"),
        ("vendor/bin/heroku-php-nginx -C nginx.conf -v web/", f"{SERVER} web",
         f"{INSTEAD}nginx and without -C nginx.conf -v"),
        ("$(composer config bin-dir)/heroku-php-nginx -p $PORT /public", f"{SERVER} public",
         f"{INSTEAD}nginx and without -p $PORT"),
        ("php artisan migrate --force && exec ./vendor/bin/heroku-php-apache2 public/ ; true",
         f"php artisan migrate --force && exec {SERVER} public ; true", f"{INSTEAD}apache2"),
        ("vendor/bin/heroku-php-apache2 public 2>&1", f"{SERVER} public >&1", f"{INSTEAD}apache2"),
        ("php artisan queue:work", "php artisan queue:work", ""),
        ("bin/heroku-php-nginx-like public", "bin/heroku-php-nginx-like public", ""),
    ],
)  # fmt: skip
def test_it_serves_by_its_own_server_what_herokus_would(line: str, here: str, change: str) -> None:
    assert process_line(line) == (here, change)


def test_it_runs_symfony_for_production() -> None:
    required = {"php": "^8.2", "symfony/framework-bundle": "7.1.*", "symfony/runtime": "7.1.*"}
    plan = found(detect, {"composer.json": composer(require=required), "public/index.php": "", "bin/console": ""})
    ours, variables = 'export APP_ENV=\\"prod\\"', ". /run/secrets/variables"
    built, run = dockerfile_for(plan, "b:1", "scope", run_base="r:1").split(" AS app\n")
    assert 0 < built.find(ours) < built.find(variables)  # What a service sets comes later.
    assert "\nENV HOME=/home/app APP_ENV=prod\n" in run
    assert any(reason.startswith("environment: APP_ENV=prod, because ") for reason in plan.reasons)


def test_it_starts_nothing_without_a_page() -> None:
    assert found(detect, {"composer.json": "{}"}).start == ""


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"index.html": "", "form.php": ""}), BuildSettings()) is None


def test_it_says_that_composer_json_is_broken() -> None:
    assert refusal(detect, {"composer.json": "{"}).code == "build:user:invalid-file"
