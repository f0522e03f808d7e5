"""The images that anybody can pull in the places of those that this machine made, as stages of a Dockerfile. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from workers.build.base_families import Family, family_of, official_image
from workers.build.base_images import fits, wanted_versions
from workers.build.bases import build_base, run_base
from workers.build.plan import Plan
from workers.build.recipes import blocks
from workers.errors import UserError


@dataclass(frozen=True)
class PublicBase:
    """`argument` of the Dockerfile is `image` as a rule; `reference` stands after FROM, `stage` makes it where needed."""

    argument: str
    image: str
    version: str
    reference: str
    stage: tuple[str, ...] = ()


def public_bases(plan: Plan) -> list[PublicBase]:
    """What a plan is built on, run on (the same where it has no other), and by what its static files are served."""
    built = _base("BASE_IMAGE", *build_base(plan))
    kind, asked = run_base(plan, built.version)
    run_on = _base("RUN_IMAGE", kind, asked) if kind else built
    needs_server = plan.static_dir and plan.language not in ("python", "static")
    return [built, run_on, _base("SERVER_IMAGE", "static", "") if needs_server else built]


def _base(argument: str, kind: str, asked: str) -> PublicBase:
    family, reference = family_of(kind), f"${{{argument}}}"
    if not family.official:
        return _from_packages(argument, family, asked)
    versions = wanted_versions(family, "" if kind == "static" else asked)
    if not versions and asked:
        raise _unknown(family, asked)
    version = versions[0] if versions else ""
    return PublicBase(argument, official_image(family, version).rstrip("-:"), version, reference)


def _from_packages(argument: str, family: Family, asked: str) -> PublicBase:
    """Of one that no registry has: what a suite of Debian brings."""
    suite = next((suite for suite, (first, *_) in family.in_suites.items() if fits(family, asked, first)), "")
    if not suite:
        raise _unknown(family, asked)
    hook = [blocks.run(f'set -- ""; {family.hook}')] if family.hook else []
    stage = (f"FROM ${{{argument}}} AS {family.name}", blocks.packages(family.packages), *hook, "")
    return PublicBase(argument, f"debian:{suite}-slim", family.in_suites[suite][0], family.name, stage)


def _unknown(family: Family, asked: str) -> UserError:
    return UserError(
        "eject:user:no-public-image",
        f"The repository asks for {family.title} {asked}, and no public image is known to have it.",
        hint="Ask for a version that there is, deploy, and eject then; or write a Dockerfile.",
        status=409,
    )
