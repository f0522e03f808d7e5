"""What the lines of a package's scripts start: a server for development, or what is for developers to install.

Read as text. Not in charge of which script is started.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from workers.build.node_frameworks import Framework
from workers.build.node_package import Package

DEVELOPMENT = re.compile(
    r"(?:npx )?(?:vite(?: dev| serve| preview)?(?: --?\S.*)?$|react-scripts start|astro (?:dev|preview)"
    r"|gatsby (?:develop|serve)|docusaurus (?:start|serve)|ng serve|vue-cli-service serve|eleventy --serve"
    r"|nx (?:run \S+:)?serve|webpack(?:-dev-server| serve)|parcel(?! build)|vitepress (?:dev|preview)|next dev"
    r"|nuxt (?:dev|preview|start)|(?:nuxi|remix vite:|react-router |vinxi )(?: ?dev|preview)|nodemon)"
)
# Only where something is built that can be served in its place.
BESIDE_A_BUILD = re.compile(r"(?:craco|react-app-rewired|rescripts) start\b|(?:@11ty/)?eleventy(?= ).* --serve\b")
# Servers of their own, which what is built is not instead of: Nuxt 2's is the last.
OWN = ("nodemon", "nuxt start")
BEFORE = re.compile(
    r"(?:(?:cross-env(?:-shell)?|env|env-cmd(?: -f \S++)?|npx(?: -y| --yes)?|bunx(?: --bun)?"
    r"|(?:npm|pnpm|yarn) exec(?: --)?)\s++"
    r"|(?:(?:set|export)\s++)?[A-Za-z_]\w*+=(?:\"[^\"]*+\"|'[^']*+'|[^\s&\"']*+)(?:\s*+&&\s*+|\s++))*+"
)
CALLED = re.compile(r"(?:npm run(?:-script)?|(?:yarn|pnpm|bun(?: --bun)?)(?: run)?) +([@\w][\w:.@/-]*+)([^&|;]*+)")
BETWEEN = re.compile(r"&&|\|\||[;|\n]|(?<!>)&(?!>)")
WORDS = re.compile(r"[^\s=\"'()]+")
NODE = re.compile(r"(?:[A-Z_]+=\S+ )*node ")
MODULES = re.compile(r"^(?:.*/)?node_modules/(?:\.bin/)?")


def is_development_server(script: str, package: Package, framework: Framework | None) -> bool:
    """Whether a start script is for a developer's own machine: it is not to serve the public.

    One that is so behind variables, or by another script, counts where the framework's build can be served instead.
    """
    if DEVELOPMENT.match(script.strip()):
        return True
    if not framework or not (framework.folder or (framework.start and "build" in package.scripts)):
        return False
    line = started(script, package)
    is_its = DEVELOPMENT.match(line) or BESIDE_A_BUILD.match(line)
    return bool(is_its) and not (line.startswith(OWN) or BETWEEN.search(line))


def started(script: str, package: Package) -> str:
    """The line behind what sets variables, and behind the names of scripts that it only calls."""
    seen: set[str] = set()
    while True:
        line = script.strip()
        line = line[len(found[0]) :] if (found := BEFORE.match(line)) else line
        called = CALLED.fullmatch(line)
        if called is None or called[1] in seen:
            return line
        if called[1] not in package.scripts:
            return called[1] + called[2]
        seen.add(called[1])
        script = package.scripts[called[1]]


def needs_development(line: str, packages: Collection[Package]) -> bool:
    """Whether a start line is more than Node with a file, or names what is for developers alone to install."""
    if not all(NODE.match(part.strip()) for part in BETWEEN.split(line)):
        return True
    left_out = _development(packages)
    return any(_package_of(word) in left_out for word in WORDS.findall(line))


def installs_by_development(packages: Collection[Package], names: tuple[str, ...]) -> bool:
    """Whether a script that an install runs may need what is for developers alone: anything but an app's own packages."""
    scripts = [package.scripts[name] for package in packages for name in names if name in package.scripts]
    runtime = _runtime(packages)
    is_other = any(_program(part) not in runtime for script in scripts for part in BETWEEN.split(script))
    return is_other and bool(_development(packages))


def _runtime(packages: Collection[Package]) -> frozenset[str]:
    return frozenset(name for package in packages for name in package.runtime)


def _development(packages: Collection[Package]) -> frozenset[str]:
    """What an install for running alone leaves out."""
    return frozenset(name for package in packages for name in package.names) - _runtime(packages)


def _program(line: str) -> str:
    return next(iter(WORDS.findall(line)), "")


def _package_of(word: str) -> str:
    """The package that a word is a module or a program of, by its name."""
    parts = MODULES.sub("", word).split("/")
    return "/".join(parts[: 2 if word.startswith("@") else 1])
