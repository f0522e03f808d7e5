"""Python source, read without running it: where an app object is made, and what a Django project says of itself."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from workers.build.files import Files
from workers.build.python_imports import import_folder, imported

# The class that makes an app -> the framework's name and whether it speaks ASGI.
MAKERS = {
    "fastapi.FastAPI": ("FastAPI", True),
    "starlette.applications.Starlette": ("Starlette", True),
    "litestar.Litestar": ("Litestar", True),
    "quart.Quart": ("Quart", True),
    "flask.Flask": ("Flask", False),
    "bottle.Bottle": ("Bottle", False),
    "falcon.App": ("Falcon", False),
}
FRAMEWORKS = frozenset(name.partition(".")[0] for name in MAKERS)
LIKELY = ("app", "main", "wsgi", "asgi", "server", "application", "api", "run", "__init__")
FACTORIES = ("create_app", "make_app", "get_app", "create_application")
MAX_PARSED = 200
# The parser takes memory by the square of a dotted name's length: 300 MB at 16,000 parts.
DOTTED = re.compile(r"(?:\.[\s\\]*+\w++[\s\\]*+){64}")


@dataclass(frozen=True)
class App:
    """An app object in a module: `target` is what a server is told, `folder` what must be on the import path first."""

    framework: str
    is_asgi: bool
    path: str
    folder: str
    target: str
    is_factory: bool = False


def find_app(files: Files, *, only_at_top: bool = False) -> App | None:
    """The most likely app object of a folder: well-known file names first, shallow ones before deep ones."""
    candidates = [name for name in files.names() if name.endswith(".py") and not _is_test(name)]
    candidates = [name for name in candidates if is_at_top(name)] if only_at_top else candidates
    chosen = factory = None
    for name in sorted(candidates, key=_likelihood)[:MAX_PARSED]:
        app = _app_in(files, name)
        if app is not None and app.is_factory:
            factory = factory or app
        else:
            chosen = chosen or app
        if chosen is not None and (chosen.framework or factory):
            break  # Each file that is read may be a request to a git server.
    chosen = chosen or factory
    if chosen is None or chosen.framework:
        return chosen
    framework, is_asgi = (factory.framework, factory.is_asgi) if factory else MAKERS["flask.Flask"]
    return replace(chosen, framework=framework, is_asgi=is_asgi)


def is_at_top(name: str) -> bool:
    return name.rpartition("/")[0] in {"", "src"}


def assigned_string(text: str, name: str) -> str:
    """The string that a module assigns to `name`, or gives to `setdefault(name, ...)`; "" when there is none."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                return node.value.value
        elif isinstance(node, ast.Call) and len(node.args) == 2 and _dotted(node.func).endswith("setdefault"):
            key, value = node.args
            if isinstance(key, ast.Constant) and key.value == name and isinstance(value, ast.Constant):
                return str(value.value)
    return ""


def assigns(text: str, name: str) -> bool:
    """Whether a module assigns to `name` at any depth, to something else than None or ""."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return not (isinstance(node.value, ast.Constant) and not node.value.value)
    return False


def _app_in(files: Files, path: str) -> App | None:
    tree = parsed(files.head(path, 512 * 1024))
    names = imported(tree)
    for node in tree.body:
        made = _made_by(node, names)
        if made is not None:
            variable, (framework, is_asgi) = made
            return _app(files, path, tree, framework, is_asgi, variable, is_factory=False)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in FACTORIES and not _required_arguments(node):
            made = next((m for inner in ast.walk(node) if (m := _made_by(inner, names))), None)
            if made is not None:
                return _app(files, path, tree, *made[1], node.name, is_factory=True)
    return None


def _made_by(node: ast.AST, names: dict[str, str]) -> tuple[str, tuple[str, bool]] | None:
    """The variable and the framework of `app = FastAPI(...)`, however it was imported and annotated."""
    if isinstance(node, ast.Assign):
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target, value = node.target, node.value
    else:
        return None
    if not (isinstance(target, ast.Name) and isinstance(value, ast.Call)):
        return None
    head, _, rest = _dotted(value.func).partition(".")
    full = names.get(head, head) + (f".{rest}" if rest else "")
    return (target.id, MAKERS[full]) if full in MAKERS else _made_by_factory(target.id, full)


def _made_by_factory(variable: str, full: str) -> tuple[str, tuple[str, bool]] | None:
    """`app = create_app()` with a factory of their own: the framework ("") is the factory's."""
    if variable in {"app", "application"} and full.rpartition(".")[2] in FACTORIES:
        return variable, ("", False)
    return None


def _app(
    files: Files, path: str, tree: ast.Module, framework: str, is_asgi: bool, variable: str, *, is_factory: bool
) -> App:
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    folder = import_folder(files, path, tree, FRAMEWORKS)
    module = ".".join(parts[folder.count("/") + 1 :] if folder else parts)
    return App(framework, is_asgi, path, folder, f"{module}:{variable}", is_factory)


def _required_arguments(node: ast.FunctionDef) -> int:
    return len(node.args.args) + len(node.args.posonlyargs) - len(node.args.defaults)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def parsed(text: str) -> ast.Module:
    """The module, or an empty one for what is no Python (a template, another version): it cannot hold an app."""
    try:
        return ast.parse("" if DOTTED.search(text) else text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def _is_test(name: str) -> bool:
    parts = name.split("/")
    return any(p in {"tests", "test", "docs", "examples"} for p in parts[:-1]) or parts[-1].startswith("test_")


def _likelihood(name: str) -> tuple[bool, int, int, str]:
    stem = name.rpartition("/")[2].removesuffix(".py")
    rank = LIKELY.index(stem) if stem in LIKELY else len(LIKELY)
    return rank == len(LIKELY), name.count("/"), rank, name
