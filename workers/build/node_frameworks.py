"""Node frameworks: which ones make a folder of static files and where, and which scripts only serve development."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.node_package import Package


@dataclass(frozen=True)
class Framework:
    """`package` tells it, `folder` is where its build puts static files ("" when it makes a server)."""

    name: str
    package: str
    folder: str = ""
    build: str = ""
    start: str = ""
    is_single_page: bool = False


# The first that is among the dependencies counts: what is built upon Vite stands before Vite.
FRAMEWORKS = (
    Framework("Next.js", "next", build="next build", start="next start"),
    Framework("Nuxt", "nuxt", build="nuxt build", start="node .output/server/index.mjs"),
    Framework("Astro with Node", "@astrojs/node", build="astro build", start="node ./dist/server/entry.mjs"),
    Framework("Astro", "astro", "dist", "astro build"),
    Framework("SvelteKit with Node", "@sveltejs/adapter-node", build="vite build", start="node build"),
    Framework("SvelteKit", "@sveltejs/adapter-static", "build", "vite build"),
    Framework("Gatsby", "gatsby", "public", "gatsby build"),
    Framework("Docusaurus", "@docusaurus/core", "build", "docusaurus build"),
    Framework("Eleventy", "@11ty/eleventy", "_site", "eleventy"),
    Framework("VitePress", "vitepress", ".vitepress/dist", "vitepress build"),
    Framework("Angular", "@angular/core", "dist", "ng build", is_single_page=True),
    Framework("Create React App", "react-scripts", "build", "react-scripts build", is_single_page=True),
    Framework("Vue CLI", "@vue/cli-service", "dist", "vue-cli-service build", is_single_page=True),
    Framework("Vite", "vite", "dist", "vite build", is_single_page=True),
    Framework("Parcel", "parcel", "dist", "parcel build", is_single_page=True),
    Framework("Express", "express"),
    Framework("Fastify", "fastify"),
    Framework("Koa", "koa"),
    Framework("NestJS", "@nestjs/core"),
)
SERVERS = frozenset({"express", "fastify", "koa", "@hapi/hapi", "@nestjs/core", "hono", "@hono/node-server"})
DEVELOPMENT = re.compile(
    r"(?:npx )?(?:vite(?: dev| serve| preview)?(?: --?\S.*)?$|react-scripts start|astro (?:dev|preview)"
    r"|gatsby (?:develop|serve)|docusaurus (?:start|serve)|ng serve|vue-cli-service serve|eleventy --serve"
    r"|webpack(?:-dev-server| serve)|parcel(?! build)|vitepress (?:dev|preview)|next dev|nuxt dev|nodemon)"
)
OUT_DIR = re.compile(r"\boutDir\s*:\s*[\"'](?:\./)?([\w./-]+)[\"']")


def find_framework(package: Package) -> Framework | None:
    return next((framework for framework in FRAMEWORKS if framework.package in package.names), None)


def is_development_server(script: str) -> bool:
    """Whether a start script is for a developer's own machine: it is not to serve the public."""
    return DEVELOPMENT.match(script.strip()) is not None


def output_folder(files: Files, framework: Framework, build: str) -> str:
    """Where the build puts its files, as far as the build script or the framework's settings say; else its default."""
    told = re.search(r"--(?:outDir|out-dir|dist-dir|output-path|output)[= ](?:\./)?([\w./-]+)", build)
    if told:
        return told[1].rstrip("/")
    if framework.name == "Angular":
        return _angular_folder(files)
    if framework.name == "VitePress":
        root = re.search(r"vitepress build (\w[\w/-]*)", build)
        return f"{root[1]}/.vitepress/dist" if root else framework.folder
    for name in files.glob("vite.config.*", "astro.config.*"):
        if found := OUT_DIR.search(files.text(name)):
            return found[1].rstrip("/")
    return framework.folder


def _angular_folder(files: Files) -> str:
    """`outputPath` of the first project; the application builder adds `browser`."""
    try:
        projects = json.loads(files.text("angular.json") or "{}")["projects"]
        name, project = next(iter(projects.items()))
        build = project["architect"]["build"]
        out = build["options"].get("outputPath", f"dist/{name}")
        base = out if isinstance(out, str) else str(out["base"])
        return f"{base}/browser" if build["builder"].endswith(":application") else base
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return "dist"  # Not as Angular writes it: its general default.
