"""PHP: the app in /app, served by PHP-FPM behind nginx, both started by one script. Composer stays unused at run time."""

from __future__ import annotations

import hashlib
from pathlib import Path

from workers.build.plan import Plan
from workers.build.recipes import blocks
from workers.build.recipes.ruby import uses_node

SCRIPT = Path(__file__).with_name("serve-php")
IN_IMAGE = "/opt/slipway/serve-php"
DIGEST = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:12]  # A secret is no part of a layer's key.
ENVIRONMENT = {
    "COMPOSER_HOME": f"{blocks.CACHE}/composer",
    "COMPOSER_CACHE_DIR": f"{blocks.CACHE}/composer/cache",
    "COMPOSER_NO_INTERACTION": "1",
    "npm_config_cache": f"{blocks.CACHE}/npm",
}
SYMFONY = "APP_ENV=prod"  # A .env that says `dev` asks for packages that are not installed.
SERVER = "--mount=type=secret,id=php_server,target=/run/secrets/php_server,mode=0444,required=true"


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    fixed = SYMFONY if plan.framework == "Symfony" else ""
    if blocks.builds_nothing(plan):
        return _served(blocks.source_stage(run_base, fixed))
    mounts = (blocks.cache("composer", cache_scope), blocks.CA_SECRET)
    npm = (blocks.cache("npm", cache_scope), *blocks.NPM_SECRETS[1:]) if uses_node(plan) else ()
    stage = blocks.build_stage(base, ENVIRONMENT | ({"APP_ENV": "prod"} if fixed else {}))
    return [
        stage[0],
        *([blocks.packages(["nodejs", "npm"])] if uses_node(plan) else []),
        *stage[1:],
        *blocks.source_with_dependencies(plan, mounts),
        *([blocks.build_run(plan.build, (*mounts, *npm, blocks.VARIABLES_SECRET))] if plan.build else []),
        "",
        *_served(blocks.run_stage(run_base, {"/app/": "/app/"}, fixed)[1:]),
    ]


def _served(stage: list[str]) -> list[str]:
    """A stage that runs, with the server put in as its first layers are."""
    copied = f"mkdir -p /opt/slipway; cp /run/secrets/php_server {IN_IMAGE}; chmod 0755 {IN_IMAGE}; : {DIGEST}"
    return [*stage[:2], blocks.run(copied, [SERVER]), *stage[2:]]
