"""What a new service would be made of: a source that was looked at, JSON-ready, so that its page can carry it sealed.

From a repository of GitHub by its files, or from any git address by a clone. Nothing is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.accounts.access import Actor
from apps.deployments.composing import shown
from apps.github.choices import Choice, identity_of
from apps.github.client import installation_token, user_client
from apps.github.connections import source_of
from apps.github.contents import TooMuch
from apps.github.detection import Detected, detect_at_github
from apps.github.fetching import PERMISSIONS
from apps.github.models import Installation
from apps.projects.detection import detect, release_connection
from workers.build.compose.plan import ComposePlan
from workers.build.compose.read import read_compose
from workers.build.files import MemoryFiles
from workers.build.job import BuildSettings, Source
from workers.build.look import Look
from workers.build.plan import Plan
from workers.deploy_key import DeployKey
from workers.errors import UserError

Found = dict[str, Any]

MOST_BRANCHES = 200
LONGEST = {"branch": 250, "root_directory": 250, "dockerfile": 250, "start_command": 1000}


def look_at_address(
    actor: Actor,
    told: Mapping[str, str],
    key: DeployKey | None = None,
    *,
    variables: Mapping[str, str] | None = None,
) -> Found:
    """`told` is a valid `SourceForm`; `key` opens it by ssh. `variables`: what it would have."""
    where: Found = {name: told[name] for name in ("source_url", "branch", "root_directory", "source_token")}
    source = Source(
        told["source_url"],
        told["branch"],
        "",
        told["root_directory"],
        told["source_token"],
        key,
    )
    found = detect(source, _build(told, variables), who=actor.user)
    where |= {"branch": found.branch, "dockerfile": told["dockerfile"], "start_command": told["start_command"]}
    where |= {"source_key": key.private, "source_host_key": found.host_key} if key else {}
    return {"where": where, "commit": found.commit, "message": found.message, **found_by(found.look)}


def found_by(look: Look | None) -> Found:
    """`problem` stands where there is no plan, `compose_problem` where a compose file cannot be read."""
    if look is None:
        return {"plan": None, "problem": None, "compose": None, "compose_problem": None, "compose_texts": {}}
    problems = {"problem": look.problem, "compose_problem": look.compose_problem}
    return {
        "plan": look.plan.as_dict() if look.plan else None,
        **{name: error.as_dict() if error else None for name, error in problems.items()},
        "compose": shown(look.compose) if look.compose else None,
        "compose_texts": look.compose.texts if look.compose else {},
    }


def composed(found: Found, variables: Mapping[str, str]) -> ComposePlan:
    """The compose file of what was found, with a person's values. Raises what is wrong with it, or that there is none."""
    if problem := found.get("compose_problem") or (None if found["commit"] else found.get("problem")):
        raise UserError(problem["code"], problem["message"], hint=problem["hint"], status=422)
    folder = (found.get("compose") or {}).get("folder", "")
    plan = read_compose(MemoryFiles(found.get("compose_texts", {})), variables, folder=folder)
    if plan is None:
        raise UserError(
            "compose:user:no-file", "There is no compose file in that folder.",
            hint="Name the folder that has compose.yml as the root directory, or deploy without one.", status=422,
        )  # fmt: skip
    _check_still_made(found, plan)
    return plan


def _check_still_made(found: Found, plan: ComposePlan) -> None:
    """No service that was shown is left out silently: a value may be what is refused."""
    lost = {one["name"] for one in found["compose"]["services"] if one["is_made"]} - {one.name for one in plan.made}
    for one in plan.findings:
        if one.kind == "refused" and one.service in lost:
            what = f"{one.file}, line {one.line}: with these values {one.key} is refused. {one.why}"
            raise UserError(
                "compose:user:refused-value", what, hint="Give other values, or change the file.", status=422,
            )  # fmt: skip


def found_image(image: str) -> Found:
    """What is known of an image before it is pulled: its registry may want a login, and is asked by the builder alone."""
    where = dict.fromkeys(("source_url", "root_directory", "source_token", "dockerfile", "start_command"), "")
    plan = Plan("image", reasons=("pulled when it is deployed, and pinned to the digest that its tag names then",))
    told = {**plan.as_dict(), "port": None}
    return {"where": {**where, "branch": "main", "image": image}, "commit": "", "message": "", "plan": told}


def look_at_repository(
    actor: Actor, choice: Choice, asked: Mapping[str, str], *, variables: Mapping[str, str] | None = None
) -> Found:
    """`asked` is what the page's address carries. What is wrong stands in `problem`, and then there is no plan."""
    told = {name: asked.get(name, "").replace("\0", "").strip()[:most] for name, most in LONGEST.items()}
    detected = _detected(actor, choice, told, _build(told, variables))
    head = detected.head
    looked = found_by(detected.look)
    return {
        **looked,
        "where": {**told, "source_url": source_of(choice), "source_token": "", "branch": detected.branch},
        "commit": head.commit if head else "",
        "message": head.message if head else "",
        "problem": detected.problem.as_dict() if detected.problem else None,
        "picked": {
            "id": choice.github_id,
            "name": choice.full_name,
            "private": choice.private,
            "may_push": choice.may_push,
            "branches": detected.branches[:MOST_BRANCHES],
            "roots": detected.roots,
        },
    }


def _detected(actor: Actor, choice: Choice, told: Mapping[str, str], build: BuildSettings) -> Detected:
    identity = identity_of(actor)
    assert identity is not None  # The choice was made by it.
    client = user_client(identity)
    release_connection()
    found = detect_at_github(client, choice, build, branch=told["branch"], root_directory=told["root_directory"])
    return _by_a_clone(actor, choice, build, found) if isinstance(found.problem, TooMuch) else found


def _by_a_clone(actor: Actor, choice: Choice, build: BuildSettings, found: Detected) -> Detected:
    """For one of which too many files would have to be asked for one by one."""
    installation = Installation(github_id=choice.account.id, account_login=choice.account.login)
    token = installation_token(installation, repository_ids=[choice.github_id], permissions=PERMISSIONS)
    source = Source(source_of(choice), found.branch, "", build.root_directory, token)
    try:
        look = detect(source, build, who=actor.user).look
    except UserError as error:
        return Detected(found.branch, found.head, None, error, found.roots, found.branches)
    return Detected(found.branch, found.head, look, look.why_nothing or look.problem, found.roots, found.branches)


def _build(told: Mapping[str, str], variables: Mapping[str, str] | None) -> BuildSettings:
    return BuildSettings(
        root_directory=told["root_directory"],
        dockerfile=told["dockerfile"],
        start_command=told["start_command"],
        variables=dict(variables or {}),
    )
