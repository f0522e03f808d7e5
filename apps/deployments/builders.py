"""Who makes the image of a plan, with what this installation says of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings

from workers.build.buildpacks import build_by_buildpacks
from workers.build.image import build_image
from workers.build.job import BuiltImage
from workers.build.outside import required
from workers.build.plan import Plan
from workers.build.pull import check_registry
from workers.build.railpack import build_by_railpack

Maker = Callable[..., BuiltImage]


def maker_of(plan: Plan) -> Maker:
    """Called as `workers.build.image.build_image` is. UserError when its command is not on this host: another is never
    taken instead."""
    return BUILDERS.get(plan.language, _own)(plan)


def _own(plan: Plan) -> Maker:
    return build_image


def _railpack(plan: Plan) -> Maker:
    return partial(build_by_railpack, program=required("railpack", settings.SLIPWAY.railpack))


def _buildpacks(plan: Plan) -> Maker:
    told = settings.SLIPWAY
    image = plan.builder_image or told.buildpacks_builder
    # A repository may name it, and the engine stands where no step of a build does.
    look = partial(check_registry, allow_private=told.allow_private_sources) if plan.builder_image else None
    program = required("buildpacks", told.pack)
    return partial(build_by_buildpacks, program=program, builder=image, lifecycle=told.buildpacks_lifecycle, look=look)


BUILDERS: dict[str, Callable[[Plan], Maker]] = {"railpack": _railpack, "buildpacks": _buildpacks}
