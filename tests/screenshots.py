"""`make screenshots`: a picture of every screen, wide and narrow, light and dark, into `.slipway/screenshots/`.

`ARGS="disk compose"` takes those alone whose names begin so; `ARGS=--readme` writes the few of README.md to
`docs/pictures/` instead. Served by the real ASGI application on a
database of its own, see `tests.scratch`; what it shows is made up in `tests.scene`.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.scratch import scratch_django
from tests.small_png import small

if TYPE_CHECKING:
    from tests.scene import Scene
    from tests.scene_images import Typed
    from tests.scene_shelf import Shelf

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
FOLDER, README = ROOT / ".slipway" / "screenshots", ROOT / "docs" / "pictures"
SIZES = {1440: 900, 390: 844}
FRAGMENTS = {"base-check", "domains-check", "palette"}  # Shown within other pages only.
BROKEN = {"broken": ("500.html", 500), "away": ("503.html", 503)}  # What the server says when it cannot say much.
# A picture of the whole page is taken in a tall window, in which a log would grow and lose its place.
STILL = """() => {
  const log = document.getElementById("log");
  if (log) log.style.height = `${log.offsetHeight}px`;
  for (const block of log?.querySelectorAll(".block") ?? []) block.style.contentVisibility = "visible";
}"""
UNFOLD = "(id) => document.getElementById(id)?.setAttribute('open', '')"
MOST_BYTES = 120_000  # Of a picture in README.md.


@dataclass(frozen=True)
class Shot:
    """One picture of README.md."""

    name: str
    path: str
    size: tuple[int, int] = (1280, 800)
    scheme: str = "light"


def readme_shots(scene: Scene) -> list[Shot]:
    service = f"/services/{scene.shop.service.pk}"
    return [
        Shot("service", service),
        Shot("deployment", f"/deployments/{scene.building.pk}"),
        Shot("projects-dark", "/", scheme="dark"),
        Shot("logs-phone", f"/services/{scene.quiet.pk}/logs", (390, 760)),
    ]


def screens(scene: Scene, repositories: Shelf) -> dict[str, str]:
    """Name -> address: every page that the resolver knows, and those that look different in another state."""
    from tests.apps.test_pages_walk import PAGES, address, ids_of
    from tests.scene_builds import build_screens
    from tests.scene_compose import compose_screens
    from tests.scene_images import image_screens

    ids = ids_of(scene.shop, scene.ada)
    found = {str(pattern.name): address(pattern, ids) for pattern in PAGES if pattern.name not in FRAGMENTS}
    more = {"deployment-building": scene.building, "deployment-failed": scene.failed}
    found |= {name: f"/deployments/{row.pk}" for name, row in more.items()}
    found |= {name.replace("deployment", "service"): f"/services/{row.service_id}" for name, row in more.items()}
    return {
        **found,
        **build_screens(scene),
        **image_screens(scene),
        **compose_screens(scene, repositories),
        "not-found": "/nothing-here",
        "admin": "/admin/",
        "admin-deployments": "/admin/deployments/deployment/",
    }


def strangers(scene: Scene) -> dict[str, str]:
    """Pages of those who are not signed in, the ones that tell of our own faults among them."""
    from apps.accounts.invitations import invite
    from apps.accounts.links import make_link

    _, invitation = invite(actor=scene.ada.actor, team=scene.shop.team, email="nina@example.com", role="developer")
    links = {"setup": make_link(user=None), "link": make_link(user=scene.ada.user), "invitation": invitation}
    return {
        "sign-in": "/sign-in",
        **{name: urlsplit(url).path for name, url in links.items()},
        **{n: f"/{n}" for n in BROKEN},
    }


def refused(scene: Scene) -> dict[str, str]:
    """What a viewer asks for in vain."""
    return {"forbidden": f"/services/{scene.shop.service.pk}/delete"}


@contextmanager
def served() -> Iterator[str]:
    """Our ASGI application on a free port of loopback."""
    from paas.asgi import application

    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def is_page(context: BrowserContext, url: str) -> bool:
    answer = context.request.get(url)
    return answer.status in (200, 403, 404) and "html" in answer.headers["content-type"]


def break_down(context: BrowserContext) -> None:
    """No page of ours breaks when it is asked to: what the server would then answer is handed to the browser."""
    from django.template.loader import render_to_string

    for name, (template, status) in BROKEN.items():
        body = render_to_string(template, {"request_id": "4f1c9a0b7d2e6835"})
        answer = {"status": status, "content_type": "text/html", "body": body}
        context.route(f"**/{name}", lambda route, _, answer=answer: route.fulfill(**answer))


def take(page: Page, url: str, file: Path, *, whole: bool, typed: Typed | None = None) -> None:
    from tests.scene import keep_fresh

    keep_fresh()
    address, _, folded = url.partition("#")  # Gone to, a place in a page would scroll it.
    page.goto(address)
    if typed is not None:
        send(page, typed)
    page.evaluate(UNFOLD, folded)
    page.wait_for_timeout(250)  # The socket is open and what it brings is there.
    if whole:
        page.evaluate(STILL)
        page.wait_for_timeout(50)
    page.screenshot(path=file, full_page=whole, animations="disabled")


def send(page: Page, typed: Typed) -> None:
    """By hand, in a section that may be folded."""
    form = page.locator(typed.form)
    if not form.is_visible():
        page.locator("details", has=form).last.locator("summary").first.click()
    for name, text in typed.fields.items():
        form.locator(f"[name={name}]").fill(text)
    with page.expect_event("load"):
        form.locator("button").last.click()


def take_all(browser: Any, site: str, scene: Scene, repositories: Shelf, names: tuple[str, ...]) -> int:
    from apps.accounts.models import Membership
    from tests.apps.cast import Person
    from tests.scene_compose import compose_typed
    from tests.scene_images import typed_screens
    from tests.stories.test_browser_pages import signed_in

    FOLDER.mkdir(parents=True, exist_ok=True)
    viewer = Person(Membership.objects.get(team=scene.shop.team, role="viewer").user, "")
    every = (screens(scene, repositories), refused(scene), strangers(scene))
    pages, vain, before = (_named(shown, names) for shown in every)
    typed = _named({**typed_screens(scene), **compose_typed(scene, repositories)}, names)
    taken = 0
    for width, height in SIZES.items():
        for scheme in ("light", "dark"):
            look: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
            stranger = browser.new_context(**look)
            break_down(stranger)
            for context, shown in (
                (signed_in(browser, site, scene.ada, **look), pages),
                (signed_in(browser, site, viewer, **look), vain),
                (stranger, before),
            ):
                taken += take_each(context, site, shown, f"{width}-{scheme}")
                if shown is pages:
                    taken += take_typed(context, site, typed, f"{width}-{scheme}")
                context.close()
    return taken


def _named(shown: dict[str, T], names: tuple[str, ...]) -> dict[str, T]:
    return {name: one for name, one in shown.items() if name.startswith(names or "")}


def take_each(context: BrowserContext, site: str, shown: dict[str, str], look: str) -> int:
    taken = 0
    for name, path in shown.items():
        if name in BROKEN or is_page(context, site + path):
            page = context.new_page()
            take(page, site + path, FOLDER / f"{name}-{look}.png", whole=True)
            page.close()
            taken += 1
    return taken


def take_typed(context: BrowserContext, site: str, shown: dict[str, Typed], look: str) -> int:
    for name, typed in shown.items():
        page = context.new_page()
        take(page, site + typed.path, FOLDER / f"{name}-{look}.png", whole=True, typed=typed)
        page.close()
    return len(shown)


def take_for_readme(browser: Any, site: str, scene: Scene) -> None:
    """Small enough to be kept in the repository; a larger one is an error."""
    from django.utils import timezone

    from apps.accounts.models import Installation
    from tests.stories.test_browser_pages import signed_in

    Installation.objects.update_or_create(only=True, defaults={"checklist_dismissed_at": timezone.now()})
    README.mkdir(parents=True, exist_ok=True)
    for shot in readme_shots(scene):
        size = {"width": shot.size[0], "height": shot.size[1]}
        context = signed_in(browser, site, scene.ada, viewport=size, color_scheme=shot.scheme)
        file = README / f"{shot.name}.png"
        take(context.new_page(), site + shot.path, file, whole=False)
        context.close()
        file.write_bytes(small(file.read_bytes()))
        if file.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{file.name} has {file.stat().st_size} bytes, more than {MOST_BYTES}")


def main(arguments: list[str]) -> int:
    with scratch_django():
        from tests.scene import make_scene
        from tests.scene_shelf import shelf

        scene = make_scene()
        with served() as site, shelf() as repositories, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            try:
                if "--readme" in arguments:
                    take_for_readme(browser, site, scene)
                else:
                    taken = take_all(browser, site, scene, repositories, tuple(arguments))
                    print(f"{taken} pictures in {FOLDER}", file=sys.stderr)
            finally:
                browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
