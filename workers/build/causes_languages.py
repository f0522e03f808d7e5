"""Causes that only one language's tools speak of: versions that cannot be had, dependencies, code that does not compile.

Data in the form of `workers.build.causes`, which asks these first: what a tool says of itself is the most exact.
"""

from __future__ import annotations

CAUSES: tuple[tuple[str, str, str, str], ...] = (
    (
        "missing-variable",
        r"^KeyError: '([A-Z][A-Z0-9_]*)'|UndefinedValueError: (\w+) not found"
        r"|ImproperlyConfigured: Set the (\w+) environment variable",
        "The code asks for the variable {1}, which the service does not have.",
        "Set it for the service: builds get it too.",
    ),
    (
        "django-settings",
        r"ImproperlyConfigured: ([^\n]+)",
        "Django's settings do not load during the build: {1}.",
        "Correct them, set the variables that they need, or set DISABLE_COLLECTSTATIC=1 to collect no static files.",
    ),
    (
        "static-file-missing",
        r"MissingFileError: The file '([^']+)' could not be found|ValueError: The file '([^']+)' could not be found with <",
        "A style sheet or script names the static file {1}, which is not there.",
        "Add the file, or remove the line that names it.",
    ),
    (
        "go-version",
        r"golang\.org/toolchain@v0\.0\.1-go(\d+(?:\.\d+)*)\.\w+-\w+|download go(\d+(?:\.\d+)*) [^\n]*toolchain not available"
        r"|invalid GOTOOLCHAIN|requires go >= (\d+(?:\.\d+)*)",
        "Go {1} cannot be had: neither this machine nor the module proxy has it.",
        "Ask for a version that exists in go.mod or .go-version.",
    ),
    (
        "rust-version",
        r"requires rustc (\d+(?:\.\d+)*)|package requires `rustc (\d+(?:\.\d+)*)",
        "A package needs Rust {1}, which is newer than the Rust of this build.",
        "Use an older version of the package, or bring a Dockerfile with a newer Rust.",
    ),
    (
        "ruby-version",
        r"Your Ruby version is [\d.]+, but your Gemfile specified ([^\n]+)",
        "The Gemfile asks for Ruby {1}, and this build has another one.",
        'Name a range in the Gemfile, such as: ruby "~> 3.3"',
    ),
    (
        "php-version",
        r"requires php ([^\n]*?) but your php version",
        "A package needs PHP {1}, and this build has another one.",
        "Change what composer.json requires, or the version of the package.",
    ),
    (
        "java-version",
        r"(?:invalid target release|invalid source release|release version)[: ]+(\d+(?:\.\d+)?)",
        "The project is compiled for Java {1}, which the JDK of this build does not know.",
        "Ask for a JDK that knows it in .java-version, or change the release in the build file.",
    ),
    (
        "private-dependency",
        r"npm (?:error|ERR!) 40[13] [A-Z]\w+ - GET ([^\s\"]+)|ERR_PNPM_FETCH_40[13]\s+GET ([^\s:]+:[^\s]+?):? "
        r"|YN0041: [^@\n]*?(@?[\w./-]+)@npm:[^\n]*Invalid authentication",
        "A dependency is private, and this build may not read it: {1}.",
        "Give the build a token by a variable, such as NPM_TOKEN with an .npmrc or .yarnrc.yml that reads it.",
    ),
    (
        "no-matching-version",
        r"no matching package named `([^`]+)` found|Could not find gem '([^']+)'"
        r"|Root composer\.json requires (\S+?),? it could not be found|Could not find artifact (\S+)"
        r"|Couldn't find (?:package|any versions for) \"([^\"]+)\"|YN0082: [^@\n]*?(@?[\w./-]+@npm:[^\s:]+): No candidates",
        "The dependency {1} does not exist in the version that is asked for.",
        "Check its name and version in the list of dependencies.",
    ),
    (
        "module-missing",
        r"no required module provides package ([^\s;]+)|missing go\.sum entry for (?:module providing package )?(\S+)",
        "The module {1} is missing.",
        "Run `go mod tidy`, and commit go.mod and go.sum.",
    ),
    (
        "compile-error",
        r"^(error\[E\d+\]: [^\n]+)|\[ERROR\] (\S+\.(?:java|kt):\[\d+,\d+\] [^\n]+)|^(\S+\.go:\d+:\d+: [^\n]+)",
        "The code does not compile: {1}.",
        "Correct the place named above and push again.",
    ),
)
