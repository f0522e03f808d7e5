import json
from dataclasses import replace
from typing import Any

import pytest

from workers.build.dockerfile import dockerfile_for
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings
from workers.build.languages.node import detect
from workers.build.plan import Plan
from workers.errors import UserError

STATIC = "python3 -I /opt/slipway/static_server.py /site"
ANGULAR = '{"projects": {"shop": {"architect": {"build": {"builder": "@angular/build:application", "options": {}}}}}}'


def found(package: dict[str, Any], texts: dict[str, str] | None = None) -> Plan:
    plan = detect(MemoryFiles({"package.json": json.dumps(package), **(texts or {})}), BuildSettings())
    assert plan is not None
    return plan


def test_it_plans_a_server_whole() -> None:
    package = {"scripts": {"start": "node server.js"}, "dependencies": {"express": "5"}, "engines": {"node": ">=20"}}
    assert found(package, {"package-lock.json": "{}", ".npmrc": ""}) == Plan(
        language="node",
        framework="Express",
        version=">=20",
        package_manager="npm",
        install="npm ci --no-audit --no-fund --omit=dev",
        dependency_files=("package.json", "package-lock.json", ".npmrc"),
        start="node server.js",
        reasons=(
            "language: Node, because package.json is there",
            "version: Node >=20, because package.json asks for it",
            "framework: Express, because express is a dependency",
            "package manager: npm, because package-lock.json is there",
            "install: without development dependencies, because nothing is built with them",
            "start command: the start script of package.json",
        ),
    )


def test_it_leaves_other_folders_alone() -> None:
    assert detect(MemoryFiles({"server.js": ""}), BuildSettings()) is None


@pytest.mark.parametrize(
    ("package", "texts", "manager", "install"),
    [
        ({}, {}, ("npm", ""), "npm install --no-audit --no-fund"),
        ({}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, ("pnpm", "10"), "pnpm install --frozen-lockfile"),
        ({}, {"pnpm-lock.yaml": "lockfileVersion: 5.4"}, ("pnpm", "7"), "pnpm install --frozen-lockfile"),
        ({}, {"yarn.lock": "# yarn lockfile v1"}, ("yarn", "1"),
         "yarn install --non-interactive --frozen-lockfile --production=false"),
        ({}, {"yarn.lock": "__metadata:\n  version: 8"}, ("yarn", "4"), "yarn install --immutable"),
        ({}, {"yarn.lock": "# by yarn\n\n__metadata:\n  version: 6\n"}, ("yarn", "3"), "yarn install --immutable"),
        ({}, {"yarn.lock": "__metadata:\n  version: 8", ".yarnrc.yml": "nodeLinker: node-modules\n"}, ("yarn", "4"),
         "YARN_ENABLE_GLOBAL_CACHE=true yarn install --immutable"),
        ({"engines": {"pnpm": ">=9"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, ("pnpm", "10"),
         "pnpm install --frozen-lockfile"),
        ({"engines": {"pnpm": "^9.1"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"}, ("pnpm", "9"),
         "pnpm install --frozen-lockfile"),
        ({"volta": {"yarn": "1.22.19"}}, {}, ("yarn", "1.22.19"), "yarn install --non-interactive --production=false"),
        ({"devEngines": {"packageManager": {"name": "npm", "version": "11.2.0"}}}, {"package-lock.json": ""},
         ("npm", "11.2.0"), "npm ci --no-audit --no-fund"),
        ({"packageManager": "pnpm@9.1.0+sha512.abc"}, {"package-lock.json": ""}, ("pnpm", "9.1.0"), "pnpm install"),
        ({"packageManager": "evil; rm -rf /"}, {}, ("npm", ""), "npm install --no-audit --no-fund"),
    ],
)  # fmt: skip
def test_it_finds_the_package_manager(
    package: dict[str, str], texts: dict[str, str], manager: tuple[str, str], install: str
) -> None:
    plan = found({"scripts": {"start": "x", "build": "y"}, **package}, texts)
    assert (plan.package_manager, plan.package_manager_version) == manager
    assert plan.install == install
    assert plan.build == f"{manager[0]} run build"


@pytest.mark.parametrize(
    ("package", "texts", "install", "later"),
    [
        ({"scripts": {"postinstall": "nuxt prepare", "build": "x"}}, {},
         "npm pkg delete scripts.postinstall && npm install --no-audit --no-fund", "npm run postinstall"),
        ({"scripts": {"prepare": "husky", "start": "node a.js"}}, {"package-lock.json": ""},
         "npm pkg delete scripts.prepare && npm ci --no-audit --no-fund --omit=dev", ""),
        ({"scripts": {"prepare": "x", "postinstall": "y", "build": "z"}}, {"pnpm-lock.yaml": "lockfileVersion: '9.0'"},
         "npm pkg delete scripts.postinstall scripts.prepare && pnpm install --frozen-lockfile",
         "pnpm run postinstall && pnpm run prepare"),
        ({"scripts": {"preinstall": "x", "postinstall": "y", "build": "z"}}, {}, "npm install --no-audit --no-fund", ""),
        ({"scripts": {"postinstall": "prisma generate", "start": "node a.js"}, "devDependencies": {"prisma": "6"}}, {},
         "npm pkg delete scripts.postinstall && npm install --no-audit --no-fund", "npm run postinstall"),
        ({"scripts": {"postinstall": "prisma generate", "start": "node a.js"}, "dependencies": {"prisma": "6"},
          "devDependencies": {"tsx": "4"}}, {},
         "npm pkg delete scripts.postinstall && npm install --no-audit --no-fund --omit=dev", "npm run postinstall"),
        ({"scripts": {"prepare": "husky", "start": "node a.js"}, "devDependencies": {"husky": "9"}}, {},
         "npm pkg delete scripts.prepare && npm install --no-audit --no-fund --omit=dev", ""),
        ({"scripts": {"preinstall": "x", "prepare": "husky", "start": "node a.js"}, "devDependencies": {"husky": "9"}}, {},
         "npm install --no-audit --no-fund", ""),
    ],
)  # fmt: skip
def test_it_runs_scripts_of_the_folder_once_its_source_is_there(
    package: dict[str, Any], texts: dict[str, str], install: str, later: str
) -> None:
    plan = found(package, texts)
    assert (plan.install, plan.install_project) == (install, later)
    assert bool(plan.dependency_files) is ("preinstall" not in package["scripts"])
    text = dockerfile_for(plan, "node:1", "s1")
    assert not later or text.index("COPY --chown=10001:10001 . .") < text.index(later)


@pytest.mark.parametrize(
    ("start", "is_needed"),
    [
        ("node --import tsx src/index.ts", True),
        ("node --import=tsx src/index.ts", True),
        ("NODE_ENV=production node -r dotenv/config index.js", True),
        ("node -r @swc-node/register index.ts", True),
        ("node ./node_modules/.bin/tsx index.ts", True),
        ("node migrate.js && tsx index.ts", True),
        ("node -r newrelic index.js", False),
        ("node --import ./tsx.mjs index.js", False),
        ("node migrate.js && node index.js 2>&1", False),
    ],
)
def test_it_installs_what_is_for_developers_where_the_app_starts_by_it(start: str, is_needed: bool) -> None:
    dev = {"tsx": "4", "dotenv": "16", "@swc-node/register": "1"}
    package = {"scripts": {"start": start}, "dependencies": {"newrelic": "12"}, "devDependencies": dev}
    assert ("--omit=dev" not in found(package).install) is is_needed


@pytest.mark.parametrize(
    "package", [{"scripts": {"preinstall": "x"}}, {"workspaces": ["a"]}, {"dependencies": {"a": "file:./a"}}]
)
def test_it_copies_the_source_first_when_the_install_needs_it(package: dict[str, Any]) -> None:
    assert found({"main": "x.js", **package}, {"x.js": ""}).dependency_files == ()


@pytest.mark.parametrize(
    ("dependency", "scripts", "folder", "is_single_page"),
    [
        ("vite", {"build": "vite build"}, "dist", True),
        ("vite", {"build": "vite build", "start": "vite --port 3000"}, "dist", True),
        ("vite", {"build": "vite build --outDir public/out"}, "public/out", True),
        ("react-scripts", {"build": "react-scripts build", "start": "react-scripts start"}, "build", True),
        ("@vue/cli-service", {"build": "vue-cli-service build"}, "dist", True),
        ("parcel", {"build": "parcel build i.html", "start": "parcel i.html"}, "dist", True),
        ("astro", {"build": "astro build", "start": "astro dev"}, "dist", False),
        ("@11ty/eleventy", {}, "_site", False),
    ],
)
def test_it_serves_what_a_framework_builds(
    dependency: str, scripts: dict[str, str], folder: str, is_single_page: bool
) -> None:
    plan = found({"scripts": scripts, "devDependencies": {dependency: "1"}})
    assert plan.static_dir == folder
    assert plan.start.endswith(" --single-page") is is_single_page
    assert plan.build
    assert "--omit=dev" not in plan.install


@pytest.mark.parametrize(
    ("dependency", "start", "folder"),
    [
        ("vite", "npm run dev", "dist"),
        ("vite", "npm run dev -- --port 3000", "dist"),
        ("vite", "yarn dev", "dist"),
        ("vite", "yarn vite", "dist"),
        ("vite", "pnpm run develop", "dist"),
        ("vite", "cross-env vite", "dist"),
        ("vite", "BROWSER=none vite --host", "dist"),
        ("react-scripts", "craco start", "build"),
        ("react-scripts", "react-app-rewired start", "build"),
        ("react-scripts", "PORT=3001 react-scripts start", "build"),
        ("react-scripts", "cross-env PORT=3001 NODE_OPTIONS='--a --b' react-scripts start", "build"),
        ("react-scripts", "set PORT=3001&& react-scripts start", "build"),
        ("@11ty/eleventy", "npx @11ty/eleventy --serve --quiet", "_site"),
    ],
)
def test_it_serves_what_is_built_where_the_start_script_is_for_development(
    dependency: str, start: str, folder: str
) -> None:
    scripts = {"start": start, "dev": "vite", "develop": "npm run dev", "build": "x"}
    assert found({"scripts": scripts, "devDependencies": {dependency: "1"}}).static_dir == folder


@pytest.mark.parametrize(
    ("package", "start"),
    [
        ({"scripts": {"start": "npm run dev", "dev": "nodemon a.ts"}, "dependencies": {"express": "5"}}, "npm run dev"),
        ({"scripts": {"start": "npm run dev", "dev": "nodemon a.ts", "build": "vite build"},
          "devDependencies": {"vite": "6"}}, "npm run dev"),
        ({"scripts": {"start": "npm run dev", "dev": "vite & node a.js", "build": "vite build"},
          "devDependencies": {"vite": "6"}}, "npm run dev"),
        ({"scripts": {"start": "npm run a", "a": "yarn b", "b": "yarn a"}, "devDependencies": {"vite": "6"}}, "npm run a"),
        ({"scripts": {"start": "npm run dev", "dev": "next dev"}, "dependencies": {"next": "15"}}, "npm run dev"),
        ({"scripts": {"start": "npm run dev", "dev": "next dev", "build": "x"}, "dependencies": {"next": "15"}},
         "next start"),
        ({"scripts": {"start": "HOST=0.0.0.0 nuxt start", "build": "x"}, "dependencies": {"nuxt": "2"}},
         "HOST=0.0.0.0 nuxt start"),
    ],
)  # fmt: skip
def test_it_keeps_a_start_script_that_nothing_built_stands_in_for(package: dict[str, Any], start: str) -> None:
    assert found(package).start == start


def test_it_installs_what_an_adapter_would_install_in_every_build() -> None:
    package = {"devDependencies": {"@sveltejs/adapter-auto": "7"}}
    more = "(npm install --no-save --no-audit --no-fund @sveltejs/adapter-node@5 || :)"
    assert found(package).install == f"npm install --no-audit --no-fund && {more}"
    assert "adapter-node" not in found(package, {"pnpm-lock.yaml": ""}).install


@pytest.mark.parametrize(
    ("package", "texts", "build", "start", "folder"),
    [
        ({"dependencies": {"next": "16"}, "scripts": {"start": "next start", "build": "next build"}},
         {"next.config.ts": "// output: 'export'\nexport default {output: 'standalone'}"},
         "npm run build && cp -r .next/static .next/standalone/.next/static"
         " && if [ -d public ]; then rm -rf .next/standalone/public; cp -r public .next/standalone/public; fi",
         "HOSTNAME=0.0.0.0 node .next/standalone/server.js", ""),
        ({"dependencies": {"next": "16"}, "scripts": {"start": "next start", "build": "next build"}},
         {"next.config.js": 'module.exports = {output: "export"}'}, "npm run build", STATIC, "out"),
        ({"dependencies": {"nuxt": "4"}, "scripts": {"start": "nuxt start"}}, {}, "nuxt build",
         "node .output/server/index.mjs", ""),
        ({"dependencies": {"nuxt": "4"}, "scripts": {"build": "nuxt generate"}}, {}, "npm run build", STATIC,
         ".output/public"),
        ({"dependencies": {"astro": "7", "@astrojs/node": "11"}, "scripts": {"start": "node ./dist/server/entry.mjs"}},
         {}, "astro build", "HOST=0.0.0.0 node ./dist/server/entry.mjs", ""),
        ({"devDependencies": {"@sveltejs/adapter-auto": "7"}}, {}, "export GCP_BUILDPACKS=1; vite build", "node build", ""),
        ({"devDependencies": {"@sveltejs/adapter-static": "3"}},
         {"svelte.config.js": "adapter({pages: 'out', fallback: '200.html'})"}, "vite build",
         f"{STATIC} --single-page=200.html", "out"),
        ({"devDependencies": {"@react-router/dev": "8"}}, {}, "react-router build",
         "react-router-serve ./build/server/index.js", ""),
        ({"devDependencies": {"@react-router/dev": "8"}}, {"react-router.config.ts": "export default {ssr: false}"},
         "react-router build", f"{STATIC} --single-page", "build/client"),
        ({"devDependencies": {"@remix-run/dev": "2"}}, {}, "remix vite:build",
         "remix-serve ./build/server/index.js", ""),
        ({"dependencies": {"@tanstack/react-start": "1"}}, {}, "vite build", "node .output/server/index.mjs", ""),
        ({"dependencies": {"@angular/core": "21"}, "scripts": {"start": "ng serve"}}, {"angular.json": ANGULAR},
         "ng build", f"{STATIC} --single-page", "dist/shop/browser"),
        ({"dependencies": {"@angular/core": "21"}},
         {"angular.json": ANGULAR.replace("{}", '{"outputMode": "server", "outputPath": "out"}')},
         "ng build", "node out/server/server.mjs", ""),
        ({"dependencies": {"@angular/core": "21"}},
         {"angular.json": ANGULAR.replace("{}", '{"outputPath": {"base": "dist/shop", "browser": ""}}')},
         "ng build", f"{STATIC} --single-page", "dist/shop"),
    ],
)  # fmt: skip
def test_it_starts_what_a_framework_builds(
    package: dict[str, Any], texts: dict[str, str], build: str, start: str, folder: str
) -> None:
    plan = found(package, texts)
    assert (plan.build, plan.start, plan.static_dir) == (build, start, folder)


@pytest.mark.parametrize(
    ("changes", "stages"),
    [
        ({}, 2),
        ({"processes": {"web": "x"}}, 2),
        ({"release": "node migrate.js"}, 1),
        ({"processes": {"worker": "node worker.js"}}, 1),
        ({"start": "node prepare.js && node .output/server/index.mjs"}, 1),
    ],
)
def test_it_leaves_packages_behind_where_the_server_has_all_it_needs(changes: dict[str, Any], stages: int) -> None:
    plan = replace(found({"dependencies": {"nuxt": "4"}}), **changes)
    text = dockerfile_for(plan, "node:1", "s1")
    assert text.count("FROM node:1 AS ") == stages
    assert ('COPY --from=build --chown=10001:10001 ["/app/.output/", "/app/.output/"]' in text) is (stages == 2)


def test_it_starts_everything_through_yarn_where_there_is_no_node_modules() -> None:
    pnp = {"yarn.lock": "__metadata:\n  version: 8"}
    astro = found({"dependencies": {"astro": "7", "@astrojs/node": "11"}}, pnp)
    assert (astro.build, astro.start) == ("yarn astro build", "HOST=0.0.0.0 yarn node ./dist/server/entry.mjs")
    linked = {**pnp, ".yarnrc.yml": "nodeLinker: node-modules\n"}
    assert found({"scripts": {"start": "node a.js"}}, linked).start == "node a.js"


@pytest.mark.parametrize(
    ("build", "settings", "page", "folder"),
    [
        ("vite build", "{build: {outDir: './web'}}", "index.html", "web"),
        ("vite build", "{root: 'src', build: {outDir: '../dist'}}", "src/index.html", "dist"),
        ("vite build", "{root: './client'}", "client/index.html", "client/dist"),
        ("vite build --outDir ../out", "{root: 'client'}", "client/index.html", "out"),
        ("vite build", "{root: path.join(__dirname, 'client'), build: {outDir: path.resolve(__dirname, 'dist', 'web')}}",
         "client/index.html", "dist/web"),
        ("vite build", "{test: {root: './tests'}}", "index.html", "dist"),
        ("vite build", "{root: '.'}", "index.html", "dist"),
        ("vite build client", "{}", "client/index.html", "client/dist"),
    ],
)  # fmt: skip
def test_it_reads_the_output_folder_from_vites_settings(build: str, settings: str, page: str, folder: str) -> None:
    package = {"scripts": {"build": build}, "devDependencies": {"vite": "6"}}
    assert found(package, {"vite.config.ts": f"export default {settings}", page: ""}).static_dir == folder


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        (".eleventy.js", "module.exports = c => ({dir: {input: 'src', output: './public'}})"),
        ("eleventy.config.mjs", "export const config = {dir: {output: 'public/'}}"),
        ("eleventy.config.js", "export default c => { c.setOutputDirectory('public') }"),
    ],
)
def test_it_reads_the_output_folder_from_eleventys_settings(name: str, settings: str) -> None:
    assert found({"devDependencies": {"@11ty/eleventy": "3"}}, {name: settings}).static_dir == "public"


@pytest.mark.parametrize(
    ("paths", "start", "folder"),
    [
        (["src/index.js"], f"{STATIC} --single-page", "build"),
        (["src/index.js", "server/index.js"], "node server/index.js", ""),
    ],
)
def test_it_takes_no_source_of_a_page_for_a_server(paths: list[str], start: str, folder: str) -> None:
    scripts = {"start": "react-scripts start", "build": "react-scripts build"}
    package = {"main": "src/index.js", "dependencies": {"react-scripts": "5", "express": "4"}, "scripts": scripts}
    plan = found(package, dict.fromkeys(paths, ""))
    assert (plan.start, plan.static_dir) == (start, folder)


def test_it_prefers_a_server_to_static_output() -> None:
    package = {"scripts": {"build": "vite build"}, "dependencies": {"express": "5"}, "devDependencies": {"vite": "6"}}
    assert (found(package, {"server.js": ""}).start, found(package, {"server.js": ""}).static_dir) == (
        "node server.js",
        "",
    )


@pytest.mark.parametrize(
    ("package", "texts", "start"),
    [
        ({"main": "./lib/web.js"}, {"lib/web.js": "", "server.js": ""}, "node lib/web.js"),
        ({"main": "gone.js"}, {"server.js": ""}, "node server.js"),
        ({"dependencies": {"next": "15"}}, {}, "next start"),
        ({"scripts": {"start": "next start -p $PORT"}}, {}, "next start -p $PORT"),
        ({"scripts": {"start": "node a.js", "prestart": "x"}}, {}, "npm start"),
        ({"scripts": {"start": "node a.js"}, "packageManager": "yarn@4.5.0"}, {}, "yarn start"),
        ({"scripts": {"start": "nodemon a.js"}}, {"index.js": ""}, "node index.js"),
        ({}, {}, ""),
    ],
)
def test_it_finds_the_start_command(package: dict[str, Any], texts: dict[str, str], start: str) -> None:
    assert found(package, texts).start == start


def test_it_knows_in_which_order_files_ask_for_a_version() -> None:
    texts = {
        ".nvmrc": "v22.1\n",
        ".node-version": "21",
        ".tool-versions": "node 20.1.0",
        "mise.toml": "[tools]\nnode = '18'",
    }
    versions = []
    while texts:
        versions.append(found({"engines": {"node": "16.x"}}, texts).version)
        texts.pop(next(iter(texts)))
    assert versions == ["22.1", "21", "20.1.0", "18"]
    assert found({"engines": {"node": "16.x"}}).version == "16.x"
    assert found({"engines": {"node": "16.x"}, "volta": {"node": "20.1.0"}}).version == "20.1.0"
    assert found({"devEngines": {"runtime": {"name": "node", "version": "^22"}}}).version == "^22"


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000])
def test_it_says_that_package_json_is_broken(text: str) -> None:
    with pytest.raises(UserError) as caught:
        detect(MemoryFiles({"package.json": text}), BuildSettings())
    assert caught.value.code == "build:user:invalid-file"
