"""Layouts that people's repositories have and the samples have not: each goes live as it is."""

from __future__ import annotations

import json

import pytest

from tests.builds.test_every_sample import SECONDS, answers, live
from tests.stories.git_server import GitServer
from tests.stories.slipway import Slipway

pytestmark = [pytest.mark.builds, pytest.mark.docker]
SERVER = """import http from "node:http";
http.createServer((_, answer) => answer.end("Hello from WHO")).listen(process.env.PORT);
"""
LAYOUTS = {
    "poetry-app": {
        "pyproject.toml": '[project]\nname = "my-api"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["fastapi>=0.115"]\n'
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
        "app/main.py": "from fastapi import FastAPI\nfrom fastapi.responses import PlainTextResponse\n"
        "from .words import WORDS\napp = FastAPI()\n@app.get('/', response_class=PlainTextResponse)\n"
        "def index():\n    return WORDS\n",
        "app/words.py": "WORDS = 'Hello from poetry-app'\n",
    },
    "requirements-folder": {
        "requirements/base.txt": "flask>=3\n",
        "requirements/production.txt": "-r base.txt\nwaitress>=3\n",
        "backend/app.py": "from flask import Flask\nfrom words import WORDS\napp = Flask(__name__)\n"
        "app.get('/')(lambda: WORDS)\n",
        "backend/words.py": "WORDS = 'Hello from requirements-folder'\n",
    },
    "node-tsx": {
        "package.json": json.dumps({
            "type": "module", "scripts": {"start": "node --import tsx src/index.ts"}, "devDependencies": {"tsx": "^4"},
        }),
        "src/index.ts": "const words: string = 'ts';\n" + SERVER.replace("WHO", "node-tsx"),
    },
    "node-postinstall": {
        "package.json": json.dumps({
            "type": "module", "dependencies": {"is-number": "^7"}, "devDependencies": {"rimraf": "^6"},
            "scripts": {"start": "node index.js", "postinstall": "rimraf left-over"},
        }),
        "index.js": SERVER.replace("WHO", "node-postinstall"),
    },
    "vite-root": {
        "package.json": json.dumps({
            "scripts": {"start": "npm run dev", "dev": "vite", "build": "vite build"}, "devDependencies": {"vite": "^6"},
        }),
        "vite.config.js": "export default { root: 'client', build: { outDir: '../public_html', emptyOutDir: true } };\n",
        "client/index.html": "<title>Hello from vite-root</title>\n",
    },
    "rust-members": {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\nmembers = ["server"]\n',
        "src/lib.rs": "pub const WORDS: &str = \"Hello from rust-members\";\n",
        "server/Cargo.toml": '[package]\nname = "server"\nversion = "0.1.0"\nedition = "2021"\n'
        '[dependencies]\nshop = { path = ".." }\ntiny_http = "0.12"\n',
        "server/src/main.rs": 'fn main() {\n    let port = std::env::var("PORT").expect("PORT is set");\n'
        '    let server = tiny_http::Server::http(format!("0.0.0.0:{port}")).expect("the port is free");\n'
        "    for request in server.incoming_requests() {\n"
        "        let _ = request.respond(tiny_http::Response::from_string(shop::WORDS));\n    }\n}\n",
        "Procfile": "web: ./target/release/server\n",
    },
    "heroku-php": {
        "public/index.php": "<?php echo 'Hello from heroku-php';\n",
        "composer.json": "{}",
        "Procfile": "web: vendor/bin/heroku-php-apache2 public/\n",
    },
}  # fmt: skip


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_it_goes_live_as_it_is(slipway: Slipway, git: GitServer, name: str) -> None:
    repository = git.repository(name)
    repository.commit(LAYOUTS[name])
    made = slipway.api("POST", "/apps", project=name, name=name, source_url=repository.url)
    try:
        first = live(slipway, made["deployment"]["id"])
        host = slipway.api("GET", f"/services/{first['service_id']}")["urls"][0].split("//")[1].split(":")[0]
        answers(slipway, host, "/", f"Hello from {name}")
    finally:
        slipway.api("DELETE", f"/services/{made['service']['id']}?confirm={name}")
