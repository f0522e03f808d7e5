"""What the settings of a Node framework say of its output: their files are read as text, never run."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workers.build.files import Files
from workers.build.node_frameworks import FRAMEWORKS, INDEX, Framework
from workers.build.node_package import Package

# The server that Next puts together is not told of these two.
SERVER = ".next/standalone"
STANDALONE = (
    " && cp -r .next/static {0}/.next/static && if [ -d public ]; then rm -rf {0}/public; cp -r public {0}/public; fi"
)
OUT_DIR = re.compile(r"\boutDir\s*:\s*[\"'](?:\./)?([\w./-]+)[\"']")
# A folder of Vite's: as it stands there, or told from where its settings are.
VITE_FOLDER = (
    r"\b{0}\s*+:\s*+(?:[\"']([\w./-]+)[\"']|(?:path\.)?(?:resolve|join)\(\s*+"
    r"(?:__dirname|import\.meta\.dirname|process\.cwd\(\))((?:\s*+,\s*+[\"'][\w./-]+[\"'])++)\s*+\))"
)
VITE_ROOT, VITE_OUT = (re.compile(VITE_FOLDER.format(name)) for name in ("root", "outDir"))
VITE_AT = re.compile(r"\bvite build (\w[\w./-]*)")
ELEVENTY = (".eleventy.*", "eleventy.config.*")
ELEVENTY_OUT = re.compile(
    r"(?:\bdir\s*+:\s*+\{[^{}]*?\boutput\s*+:|\bsetOutputDirectory\()\s*+[\"'](?:\./)?([\w./-]+)[\"']"
)
TOLD_FOLDER = re.compile(r"--(?:outDir|out-dir|dist-dir|output-path|output)[= ](?:\./)?([\w./-]+)")
LINE_COMMENT = re.compile(r"(?<![:\"'])//[^\n]*")
COMMENT = re.compile(rf"{LINE_COMMENT.pattern}|/\*.*?\*/", re.DOTALL)


def find_framework(files: Files, package: Package) -> Framework | None:
    """The framework of a folder, as its settings and its build script have it."""
    found = next((framework for framework in FRAMEWORKS if framework.package in package.names), None)
    if found is None:
        return None
    read = SETTINGS.get(found.name)
    found = read(files, package, found) if read else found
    told = None if read is _vite else TOLD_FOLDER.search(package.scripts.get("build", ""))
    return replace(found, folder=told[1].rstrip("/")) if told and found.folder else found


def _next(files: Files, package: Package, framework: Framework) -> Framework:
    told = re.search(r"\boutput\s*:\s*[\"'](export|standalone)[\"']", _text(files, "next.config.*"))
    if told is None:
        return framework
    why = f"its settings say output: {told[1]}"
    if told[1] == "export":
        return replace(framework, folder="out", start="", not_start="next start", why=why)
    folder = "/".join([SERVER, *filter(None, [files.repository[1] if package.is_member else ""])])
    start = f"HOSTNAME=0.0.0.0 node {folder}/server.js"
    return replace(
        framework, start=start, after=STANDALONE.format(folder), not_start="next start", keeps=SERVER, why=why
    )


def _nuxt(files: Files, package: Package, framework: Framework) -> Framework:
    if re.search(r"\bgenerate\b", package.scripts.get("build", "")):
        return replace(framework, folder=".output/public", start="", why="its build script generates pages")
    return framework


def _react_router(files: Files, package: Package, framework: Framework) -> Framework:
    """Without a server it makes a page that the browser fills."""
    text = _text(files, "react-router.config.*", "vite.config.*")
    if not re.search(r"\bssr\s*:\s*false\b", text):
        return framework
    return replace(framework, folder="build/client", start="", page=INDEX, why="its settings say ssr: false")


def _svelte_static(files: Files, package: Package, framework: Framework) -> Framework:
    """Its `fallback` is the page for all paths that were not made beforehand."""
    text = _text(files, "svelte.config.*", "vite.config.*")
    page = re.search(r"\bfallback\s*:\s*[\"']([\w.-]+)[\"']", text)
    pages = re.search(r"\bpages\s*:\s*[\"'](?:\./)?([\w./-]+)[\"']", text)
    return replace(framework, page=page[1] if page else "", folder=pages[1].rstrip("/") if pages else framework.folder)


def _angular(files: Files, package: Package, framework: Framework) -> Framework:
    """`outputPath` of the first project; the application builder adds `browser`, and `server` where it makes one."""
    try:
        projects = json.loads(files.text("angular.json") or "{}")["projects"]
        name, project = next(iter(projects.items()))
        build = project["architect"]["build"]
        return angular_output(framework, name, build["builder"], build["options"])
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return framework  # Not as Angular writes it: its general default.


def angular_output(framework: Framework, name: str, builder: str, options: dict[str, Any]) -> Framework:
    told = options.get("outputPath", f"dist/{name}")
    out = {"base": told} if isinstance(told, str) else told
    base = str(out["base"])
    if not builder.endswith(":application"):
        return replace(framework, folder=base)
    if options.get("outputMode") == "server" or (options.get("ssr") and "outputMode" not in options):
        return replace(
            framework,
            folder="",
            page="",
            start=f"node {_inside(base, out, 'server')}/server.mjs",
            why="angular.json has ssr",
        )
    return replace(framework, folder=_inside(base, out, "browser"))


def _inside(base: str, out: dict[str, Any], part: str) -> str:
    """A part of what is made, which has a folder of its own unless its name is told as none."""
    return posixpath.join(base, str(out.get(part, part))).rstrip("/")


def _vitepress(files: Files, package: Package, framework: Framework) -> Framework:
    root = re.search(r"vitepress build (\w[\w/-]*)", package.scripts.get("build", ""))
    return replace(framework, folder=f"{root[1]}/.vitepress/dist") if root else framework


def _out_dir(files: Files, package: Package, framework: Framework) -> Framework:
    found = OUT_DIR.search(_text(files, "vite.config.*", "astro.config.*"))
    return replace(framework, folder=found[1].rstrip("/")) if found else framework


def _vite(files: Files, package: Package, framework: Framework) -> Framework:
    """Its root is where its page is, and its output is told from there. What the build script says comes first."""
    build = package.scripts.get("build", "")
    at = told[1].rstrip("/") if (told := VITE_AT.search(build)) else ""
    text = _text(files, posixpath.join(at, "vite.config.*"))
    root = at or _vite_root(files, text)
    line, out = TOLD_FOLDER.search(build), VITE_OUT.search(text)
    folder = posixpath.join(root, line[1]) if line else _vite_folder(out, root, at)
    return replace(framework, folder=posixpath.normpath(folder or posixpath.join(root, framework.folder)))


def _vite_root(files: Files, text: str) -> str:
    """Where settings of something else in the same file have a root too, the page tells which one it is."""
    root = posixpath.normpath(_vite_folder(VITE_ROOT.search(text), "", ""))
    is_elsewhere = files.glob("index.html") and not files.glob(posixpath.join(root, "index.html"))
    return "" if root == "." or is_elsewhere else root


def _vite_folder(told: re.Match[str] | None, root: str, at: str) -> str:
    if told is None:
        return ""
    return posixpath.join(root, told[1]) if told[1] else posixpath.join(at, *re.findall(r"[\w./-]+", told[2]))


def _eleventy(files: Files, package: Package, framework: Framework) -> Framework:
    found = ELEVENTY_OUT.search(_text(files, *ELEVENTY))
    return replace(framework, folder=found[1].rstrip("/")) if found else framework


def _text(files: Files, *patterns: str) -> str:
    text, end, rest = "\n".join(files.text(name) for name in files.glob(*patterns)).rpartition("*/")
    return COMMENT.sub("", text + end) + LINE_COMMENT.sub("", rest)  # No `/*` is left that ends nowhere.


SETTINGS: dict[str, Callable[[Files, Package, Framework], Framework]] = {
    "Next.js": _next,
    "Nuxt": _nuxt,
    "React Router": _react_router,
    "Remix": _react_router,
    "SvelteKit": _svelte_static,
    "Angular": _angular,
    "VitePress": _vitepress,
    "Vite": _vite,
    "Eleventy": _eleventy,
    "Astro": _out_dir,
}
