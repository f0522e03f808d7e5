"""Who may do what: one matrix of roles and permissions, used by every page, endpoint, socket and admin action.

`manage.py policy` prints it. A bearer token can do what its owner's role and its own scope both allow.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Permission(StrEnum):
    VIEW = "view"  # projects, services, deployments, logs, activity, names of variables
    DEPLOY = "deploy"  # deploy, cancel, roll back, resume auto-deploy; approve, keep, remove previews
    WRITE_SERVICE = "write_service"  # create and change projects, environments, services, volumes
    WRITE_VARIABLES = "write_variables"  # write variables and read those that are not secret
    WRITE_DOMAINS = "write_domains"
    DELETE = "delete"  # delete services, projects and volumes
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TEAM = "manage_team"  # rename, delete, make owners


class SignIn(StrEnum):
    """Who may come in with an account of elsewhere (GitHub) and has none here yet."""

    INVITED = "invited"  # Who was invited, and nobody else.
    ALLOWED = "allowed"  # Members of the organisations and the people on a list too; looked at again while they are in.
    OPEN = "open"  # Everybody.


class Newcomers(StrEnum):
    """What somebody gets who came in without an invitation."""

    OWN = "own"  # A team of their own.
    TEAM = "team"  # A place in one team.
    NOTHING = "nothing"  # A page that says what to do next.


class TeamMakers(StrEnum):
    EVERYONE = "everyone"
    OPERATORS = "operators"


class Scope(StrEnum):
    READ = "read"
    DEPLOY = "deploy"
    ADMIN = "admin"


_VIEWER = frozenset({Permission.VIEW})
_DEVELOPER = _VIEWER | {
    Permission.DEPLOY,
    Permission.WRITE_SERVICE,
    Permission.WRITE_VARIABLES,
    Permission.WRITE_DOMAINS,
}
_ADMIN = _DEVELOPER | {Permission.DELETE, Permission.MANAGE_MEMBERS}

MATRIX: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _VIEWER,
    Role.DEVELOPER: _DEVELOPER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: frozenset(Permission),
}

SCOPES: dict[Scope, frozenset[Permission]] = {
    Scope.READ: _VIEWER,
    Scope.DEPLOY: _VIEWER | {Permission.DEPLOY},
    Scope.ADMIN: frozenset(Permission),
}

RANK: dict[Role, int] = {Role.VIEWER: 0, Role.DEVELOPER: 1, Role.ADMIN: 2, Role.OWNER: 3}


def allows(role: Role | str | None, permission: Permission, scope: Scope | str | None = None) -> bool:
    """Deny by default: no role, no permission. `scope` None means a person's own session."""
    if role is None or permission not in MATRIX[Role(role)]:
        return False
    return scope is None or permission in SCOPES[Scope(scope)]


def table() -> str:
    """The matrix as text, one row a permission."""
    lines = [f"{'permission':<18}" + "".join(f"{role:<11}" for role in Role) + "token scopes"]
    for permission in Permission:
        marks = "".join(f"{'yes' if permission in MATRIX[role] else '-':<11}" for role in Role)
        scopes = ", ".join(scope for scope in Scope if permission in SCOPES[scope])
        lines.append(f"{permission:<18}{marks}{scopes}")
    return "\n".join(lines)
