from __future__ import annotations

import pytest

from tests.workers.build.plans import found, found_in
from workers.build.base_families import FAMILIES
from workers.build.base_images import fits, wanted_versions
from workers.build.dockerfile import dockerfile_for
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.ruby import detect
from workers.build.plan import Plan

RAILS = 'source "https://gems.example"\ngem "rails", "~> 8.0"\ngem "puma"\n'


def test_it_plans_rails_whole() -> None:
    texts = {
        "Gemfile": f'{RAILS}gem "propshaft"\n',
        "Gemfile.lock": "",
        ".ruby-version": "ruby-3.3.6\n",
        "config/puma.rb": "",
        "package.json": "{}",
        "package-lock.json": "{}",
    }
    assert found(detect, texts) == Plan(
        language="ruby",
        framework="Rails",
        version="3.3.6",
        package_manager="bundler",
        install="BUNDLE_DEPLOYMENT=1 bundle install --jobs 4",
        dependency_files=("Gemfile", "Gemfile.lock", ".ruby-version"),
        build="npm ci && SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile && rm -rf node_modules",
        start="bundle exec puma -b tcp://0.0.0.0:$PORT -C config/puma.rb",
        reasons=(
            "language: Ruby, because Gemfile is there",
            "version: Ruby 3.3.6, because .ruby-version asks for it",
            "framework: Rails, because the Gemfile names rails",
            "package manager: Bundler, as Gemfile.lock says",
            "build command: compiles the assets, because the Gemfile names an asset pipeline",
            "start command: by puma, because the Gemfile names it",
        ),
    )


@pytest.mark.parametrize(
    ("texts", "brought", "install"),
    [
        ({"yarn.lock": "# yarn lockfile v1\n"}, "yarn@1",
         "yarn install --non-interactive --frozen-lockfile --production=false"),
        ({"yarn.lock": "__metadata:\n  version: 8\n", "package.json": '{"packageManager": "yarn@4.5.0"}'},
         "@yarnpkg/cli-dist@4.5.0", "yarn install --immutable"),
        ({"yarn.lock": "# yarn lockfile v1\n", "package-lock.json": "{}", "package.json": '{"packageManager": "npm@11"}'},
         "yarn@1", "yarn install --non-interactive --frozen-lockfile --production=false"),
        ({"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, "pnpm@10", "pnpm install --frozen-lockfile"),
        ({"bun.lock": "{}", "yarn.lock": ""}, "bun@1", "bun install --frozen-lockfile"),
    ],
)  # fmt: skip
def test_it_brings_the_manager_that_the_task_for_assets_goes_by(
    texts: dict[str, str], brought: str, install: str
) -> None:
    plan = found(detect, {"Gemfile": f'{RAILS}gem "propshaft"\n', "package.json": "{}", **texts})
    assert plan.build == (
        'export PATH="$HOME/.local/bin:$PATH"; npm install -g --prefix "$HOME/.local" --no-audit --no-fund '
        f"{brought} && {install} && SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile && rm -rf node_modules"
    )
    text = dockerfile_for(plan, "ruby:1", "s1", run_base="ruby:2")
    assert ("YARN_CACHE_FOLDER" in text) is ("yarn" in brought)


def test_it_takes_gems_of_the_distribution_where_the_gemfile_names_no_source() -> None:
    plan = found_in(detect, "ruby-sinatra")
    assert plan.install == "bundle config set --local path.system true && bundle install --local"
    assert (plan.framework, plan.dependency_files) == ("Sinatra", ("Gemfile",))


@pytest.mark.parametrize("more", [{".bundle/config": ""}, {"Gemfile": 'gem "lib", path: "lib"'}])
def test_it_installs_after_the_copy_what_the_source_has_a_say_in(more: dict[str, str]) -> None:
    plan = detect(MemoryFiles({"Gemfile": 'gem "puma"', "config.ru": "", **more}), BuildSettings())
    assert plan is not None and plan.dependency_files == ()


@pytest.mark.parametrize(
    ("texts", "start"),
    [
        ({"config.ru": ""}, "rackup -o 0.0.0.0 -p $PORT"),
        ({"config.ru": "", "Gemfile": 'gem "rack"'}, "bundle exec rackup -o 0.0.0.0 -p $PORT"),
        ({"config.ru": "", "Gemfile": 'gem "puma"'}, "bundle exec puma -b tcp://0.0.0.0:$PORT"),
        ({"app.rb": "require 'sinatra'", "Gemfile": "gem 'sinatra'"}, "bundle exec ruby app.rb -o 0.0.0.0 -p $PORT"),
        ({"server.rb": "ENV['PORT']"}, "ruby server.rb"),
        ({"Gemfile": 'gem "rails"'}, "bundle exec rails server -b 0.0.0.0 -p $PORT"),
        ({"Gemfile": 'gem "jekyll"'}, ""),
    ],
)
def test_it_finds_what_starts(texts: dict[str, str], start: str) -> None:
    assert found(detect, texts).start == start


@pytest.mark.parametrize(
    ("gemfile", "version", "fits_ours"),
    [
        ('ruby "3.3.0"', "===3.3.0", False),
        ('ruby "3.3.8"', "===3.3.8", True),
        ('ruby "~> 3.2"', "~= 3.2", True),
        ('ruby "~> 3.2.0"', "~= 3.2.0", False),
        ('ruby ">= 3.1", "< 4"', ">= 3.1, < 4", True),
        ('ruby(">= 3.1")', ">= 3.1", True),
        ('ruby file: ".ruby-version"', "", True),
    ],
)
def test_it_asks_for_the_ruby_that_bundler_would_accept(gemfile: str, version: str, fits_ours: bool) -> None:
    plan = found(detect, {"Gemfile": gemfile, "config.ru": ""})
    assert (plan.version, fits(FAMILIES["ruby"], version, "3.3.8")) == (version, fits_ours)


def test_it_pulls_the_patch_release_that_a_gemfile_names() -> None:
    assert wanted_versions(FAMILIES["ruby"], "===3.3.0") == ["3.3.0"]


def test_it_installs_after_the_copy_what_is_a_folder_of_it() -> None:
    plan = found(detect, {"Gemfile": f'{RAILS}gem "engine", path: "engine"\n', "Gemfile.lock": ""})
    assert plan.dependency_files == ()


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"tool.rb": "", "main.rb": "puts 1"}), BuildSettings()) is None
