"""Java: built by Maven or Gradle on a JDK, run on a JRE. Artifacts are kept in the service's cache.

Java trusts a store of its own: the machine's CA bundle comes as one, and no layer keeps it.
"""

from __future__ import annotations

from workers.build.plan import Plan
from workers.build.recipes import blocks

STORE = "/run/secrets/trust.p12"
TRUSTED = f"-Djavax.net.ssl.trustStore={STORE} -Djavax.net.ssl.trustStoreType=PKCS12"
# Without that store the JDK's own holds.
TRUST = f'if [ -s {STORE} ]; then export MAVEN_OPTS="$MAVEN_OPTS {TRUSTED}" GRADLE_OPTS="$GRADLE_OPTS {TRUSTED}"; fi'
CACHED = f"{blocks.CACHE}/java"
ENVIRONMENT = {
    "MAVEN_OPTS": f"-Dmaven.repo.local={CACHED}/maven",
    "MAVEN_USER_HOME": f"{CACHED}/wrapper",
    "GRADLE_USER_HOME": f"{CACHED}/gradle",
    "GRADLE_OPTS": "-Dorg.gradle.daemon=false",
    "JAVA_HOME": "${JAVA_HOME:-/usr/lib/jvm/slipway}",
}
MOUNTS = (
    blocks.CA_SECRET,
    f"--mount=type=secret,id=trust_store,target={STORE},{blocks.OWNED}",
    f"--mount=type=secret,id=maven_settings,target={blocks.HOME}/.m2/settings.xml,{blocks.OWNED}",
)


def recipe(plan: Plan, base: str, run_base: str, cache_scope: str) -> list[str]:
    mounts = (blocks.cache("java", cache_scope), *MOUNTS)
    return [
        *blocks.build_stage(base, ENVIRONMENT),
        f"COPY --chown={blocks.USER} . .",
        *([blocks.build_run(f"{TRUST}; {plan.install}", mounts)] if plan.install else []),
        *([blocks.build_run(f"{TRUST}; {plan.build}", (*mounts, blocks.VARIABLES_SECRET))] if plan.build else []),
        *blocks.run_stage(run_base, {"/app/": "/app/"}),
    ]
