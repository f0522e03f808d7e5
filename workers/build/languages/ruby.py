"""Ruby: Rails, Sinatra, any Rack app, or a script that serves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.job import BuildSettings
from workers.build.node_managers import Manager, find_manager, install_line
from workers.build.node_package import Package, read_package
from workers.build.plan import Plan
from workers.build.versions import Asked, asked_version, version_reason

GEM = re.compile(r"^[ \t]*gem[\s(]*[\"']([\w-]+)[\"']", re.MULTILINE)
SOURCE = re.compile(r"^[ \t]*source\b", re.MULTILINE)
RUBY = re.compile(r"^[ \t]*ruby[\s(]*((?:[\"'][^\"'\n]+[\"']\s*,?\s*)+)", re.MULTILINE)
LOCAL = re.compile(r"^[ \t]*gemspec\b|\bpath:|:path\s*=>", re.MULTILINE)
FRAMEWORKS = {"rails": "Rails", "sinatra": "Sinatra", "hanami": "Hanami", "roda": "Roda", "grape": "Grape"}
SCRIPTS = ("app.rb", "main.rb", "server.rb")
SERVES = re.compile(r"\bPORT\b|WEBrick|TCPServer|[Ss]inatra|Rack::Handler|Rackup")
PUMA = "puma -b tcp://0.0.0.0:$PORT"
# What Bundler reads.
NAMED = ("Gemfile", "Gemfile.lock", ".ruby-version", ".tool-versions", ".bundle/config")
# Gems that the distribution brings: Bundler may look at nothing else, and must look where those are.
LOCAL_INSTALL = "bundle config set --local path.system true && bundle install --local"
SCRIPT_LOCKS = {
    "bun.lockb": "bun",
    "bun.lock": "bun",
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "package-lock.json": "npm",
}
USUAL = {"yarn": "1", "pnpm": "10"}
# Beside the npm of the distribution, in the home of the stage that builds.
BROUGHT = 'export PATH="$HOME/.local/bin:$PATH"; npm install -g --prefix "$HOME/.local" --no-audit --no-fund {0}'


@dataclass(frozen=True)
class Start:
    line: str = ""
    reason: str = ""


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a Gemfile, a config.ru or a script that serves; else None."""
    manifest = files.first("Gemfile", "config.ru")
    text = files.text("Gemfile")
    gems = frozenset(GEM.findall(text))
    start = _start(files, gems)
    if not manifest and not start.line:
        return None
    framework = next((gem for gem in FRAMEWORKS if gem in gems), "")
    asked = _version(files, text)
    install, needed, why = _install(files, text)
    build, build_reason = _build(files, gems)
    return Plan(
        language="ruby",
        framework=FRAMEWORKS.get(framework, ""),
        version=asked[0],
        package_manager="bundler" if install else "",
        install=install,
        dependency_files=needed,
        build=build,
        start=start.line,
        reasons=tuple(
            filter(
                None,
                (
                    f"language: Ruby, because {manifest or files.first(*SCRIPTS)} is there",
                    version_reason("Ruby", asked),
                    f"framework: {FRAMEWORKS[framework]}, because the Gemfile names {framework}" if framework else "",
                    why,
                    build_reason,
                    start.reason,
                ),
            )
        ),
    )


def _version(files: Files, gemfile: str) -> Asked:
    """The Gemfile first: Bundler refuses any other Ruby than the one it names, to its patch level."""
    told = RUBY.search(gemfile)
    if told:
        wanted = re.findall(r"[\"']([^\"']+)[\"']", told[1])
        parts = [part.strip().replace("~>", "~=") for word in wanted for part in word.split(",")]
        exact = [f"==={part}" if re.fullmatch(r"\d+\.\d+\.\d+", part) else part for part in parts]
        return ", ".join(exact), "Gemfile"
    asked = asked_version(files, ("ruby",), (".ruby-version",))
    return asked[0].removeprefix("ruby-"), asked[1]


def _install(files: Files, gemfile: str) -> tuple[str, tuple[str, ...], str]:
    if not files.exists("Gemfile"):
        return "", (), ""
    named = tuple(name for name in NAMED if files.exists(name))
    if not SOURCE.search(gemfile):
        # The source would bring back a setting of Bundler that the install has changed.
        after = LOCAL.search(gemfile) or ".bundle/config" in named
        why = "install: the gems of the distribution, because the Gemfile names no source"
        return LOCAL_INSTALL, () if after else named, why
    lock = files.first("Gemfile.lock")
    line = "bundle install --jobs 4" if not lock else "BUNDLE_DEPLOYMENT=1 bundle install --jobs 4"
    why = f"package manager: Bundler, as {lock} says" if lock else "package manager: Bundler, because Gemfile is there"
    if LOCAL.search(gemfile):
        return line, (), f"{why}; after all of the source is copied, because a gem is a folder of it"
    return line, named, why


def _build(files: Files, gems: frozenset[str]) -> tuple[str, str]:
    if "rails" not in gems or not {"sprockets-rails", "propshaft", "sassc-rails", "vite_rails"} & gems:
        return "", ""
    installed = _packages(files) if files.exists("package.json") else ""
    tidy = " && rm -rf node_modules" if installed else ""
    line = f"{installed}SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile{tidy}"
    return line, "build command: compiles the assets, because the Gemfile names an asset pipeline"


def _packages(files: Files) -> str:
    """How Node's packages are installed. The task that compiles goes by the same locks, in this order, and starts the
    manager itself, which is therefore brought first. Source: jsbundling-rails, lib/tasks/jsbundling/build.rake
    """
    lock = files.first(*SCRIPT_LOCKS)
    name = SCRIPT_LOCKS.get(lock, "npm")
    if name == "npm":
        return "npm ci && " if lock else "npm install && "
    if name == "bun":
        return f"{BROUGHT.format('bun@1')} && bun install --frozen-lockfile && "
    manager = find_manager(files, read_package(files) or Package())
    if manager.name != name:
        manager = Manager(name, USUAL[name], lock, "")
    return f"{BROUGHT.format(manager.as_package)} && {install_line(manager, with_dev=True)} && "


def _start(files: Files, gems: frozenset[str]) -> Start:
    run = "bundle exec " if files.exists("Gemfile") else ""
    puma_config = " -C config/puma.rb" if files.exists("config/puma.rb") else ""
    if "rails" in gems:
        if "puma" in gems:
            return Start(f"{run}{PUMA}{puma_config}", "start command: by puma, because the Gemfile names it")
        return Start(f"{run}rails server -b 0.0.0.0 -p $PORT", "start command: as Rails is started")
    if files.exists("config.ru"):
        if "puma" in gems:
            return Start(f"{run}{PUMA}{puma_config}", "start command: config.ru by puma, because the Gemfile names it")
        return Start(f"{run}rackup -o 0.0.0.0 -p $PORT", "start command: rackup, because config.ru is there")
    script = next((name for name in SCRIPTS if SERVES.search(files.head(name, 128 * 1024))), "")
    if script and "sinatra" in gems:
        return Start(
            f"{run}ruby {script} -o 0.0.0.0 -p $PORT", f"start command: {script}, because it makes the Sinatra app"
        )
    if script:
        return Start(f"{run}ruby {script}", f"start command: {script}, because it serves by itself")
    return Start()
