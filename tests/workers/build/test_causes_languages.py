from __future__ import annotations

import pytest

from workers.build.causes import cause
from workers.build.plan import Plan

# As the tools print it: Django 5.2, Go 1.24, cargo 1.85, Bundler 2.6, Composer 2.8, Maven 3.9, npm 11, pnpm 9, Yarn 1 and 4.
OUTPUTS = [
    (
        '  File "/app/shop/settings.py", line 5, in <module>\n    SECRET_KEY = os.environ["SECRET_KEY"]\n'
        "  File \"<frozen os>\", line 717, in __getitem__\nKeyError: 'SECRET_KEY'",
        "missing-variable",
        "The code asks for the variable SECRET_KEY, which the service does not have.",
    ),
    (
        "django.core.exceptions.ImproperlyConfigured: Set the DATABASE_URL environment variable",
        "missing-variable",
        "The code asks for the variable DATABASE_URL, which the service does not have.",
    ),
    (
        "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
        "django-settings",
        "Django's settings do not load during the build: The SECRET_KEY setting must not be empty.",
    ),
    (
        "whitenoise.storage.MissingFileError: The file 'none.png' could not be found with "
        "<whitenoise.storage.CompressedManifestStaticFilesStorage object at 0x7f0d>.",
        "static-file-missing",
        "A style sheet or script names the static file none.png, which is not there.",
    ),
    (
        "go: downloading go1.99.1 (linux/amd64)\n"
        "go: download go1.99.1: golang.org/toolchain@v0.0.1-go1.99.1.linux-amd64: reading "
        "https://proxy.example.com/golang.org/toolchain/@v/v0.0.1-go1.99.1.linux-amd64.zip: 404 Not Found",
        "go-version",
        "Go 1.99.1 cannot be had: neither this machine nor the module proxy has it.",
    ),
    (
        "error: rustc 1.85.1 is not supported by the following package:\n  a@0.1.0 requires rustc 1.99\n",
        "rust-version",
        "A package needs Rust 1.99, which is newer than the Rust of this build.",
    ),
    (
        "Your Ruby version is 3.3.13, but your Gemfile specified 3.3.0",
        "ruby-version",
        "The Gemfile asks for Ruby 3.3.0, and this build has another one.",
    ),
    (
        "    - Root composer.json requires php ^9 but your php version (8.4.28) does not satisfy that requirement.",
        "php-version",
        "A package needs PHP ^9, and this build has another one.",
    ),
    (
        "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.13.0:compile (default-compile) "
        "on project hello: Fatal error compiling: error: release version 25 not supported -> [Help 1]",
        "java-version",
        "The project is compiled for Java 25, which the JDK of this build does not know.",
    ),
    (
        "error: no matching package named `no-such-crate` found\nlocation searched: the index\n",
        "no-matching-version",
        "The dependency no-such-crate does not exist in the version that is asked for.",
    ),
    (
        "Could not find gem 'nope-nope' in locally installed gems.",
        "no-matching-version",
        "The dependency nope-nope does not exist in the version that is asked for.",
    ),
    (
        "    - Root composer.json requires a/b, it could not be found in any version, there may be a typo in the name.",
        "no-matching-version",
        "The dependency a/b does not exist in the version that is asked for.",
    ),
    (
        "main.go:3:8: no required module provides package github.com/nope/nope; to add it:\n\tgo get github.com/nope/nope",
        "module-missing",
        "The module github.com/nope/nope is missing.",
    ),
    (
        "error[E0425]: cannot find function `y` in this scope\n --> src/main.rs:1:30",
        "compile-error",
        "The code does not compile: error[E0425]: cannot find function `y` in this scope.",
    ),
    (
        "[ERROR] /app/src/main/java/com/example/Server.java:[9,20] cannot find symbol",
        "compile-error",
        "The code does not compile: /app/src/main/java/com/example/Server.java:[9,20] cannot find symbol.",
    ),
    (
        "# example.com/shop\n./main.go:4:2: undefined: nope",
        "compile-error",
        "The code does not compile: ./main.go:4:2: undefined: nope.",
    ),
    (
        "npm error code E401\nnpm error 401 Unauthorized - GET https://npm.example/@acme%2fsecret",
        "private-dependency",
        "A dependency is private, and this build may not read it: https://npm.example/@acme%2fsecret.",
    ),
    (
        " ERR_PNPM_FETCH_401  GET https://npm.example/@acme%2Fsecret: Unauthorized - 401\n\nThis error happened while "
        "installing a direct dependency of /app\n\nNo authorization header was set for the request.",
        "private-dependency",
        "A dependency is private, and this build may not read it: https://npm.example/@acme%2Fsecret.",
    ),
    (
        "➤ YN0041: │ @acme/secret@npm:1.0.0: Invalid authentication (as an anonymous user)\n➤ YN0000: └ Completed",
        "private-dependency",
        "A dependency is private, and this build may not read it: @acme/secret.",
    ),
    (
        '[1/4] Resolving packages...\nerror Couldn\'t find any versions for "left-pad" that matches "99.0.0"',
        "no-matching-version",
        "The dependency left-pad does not exist in the version that is asked for.",
    ),
    (
        "➤ YN0082: │ left-pad@npm:99.0.0: No candidates found\n➤ YN0000: └ Completed",
        "no-matching-version",
        "The dependency left-pad@npm:99.0.0 does not exist in the version that is asked for.",
    ),
]


@pytest.mark.parametrize(("output", "code", "sentence"), OUTPUTS)
def test_it_says_why_in_one_sentence(output: str, code: str, sentence: str) -> None:
    found = cause(output.splitlines(), Plan(language="go"))
    assert found is not None
    assert (found.code, found.sentence) == (code, sentence)
    assert found.fix
