"""Java: built by Maven or Gradle on a JDK, run on a JRE. Artifacts are kept in the service's cache.

Java trusts a store of its own: the machine's CA bundle is turned into one in memory for each command, and no layer
keeps it.
"""

from __future__ import annotations

from pathlib import Path

from workers.build.plan import Plan
from workers.build.recipes import blocks

PROGRAM = Path(__file__).with_name("TrustStore.java")
STORE = "/run/trust/cacerts"
TRUST = f"if [ -s {blocks.CA} ]; then java /run/secrets/TrustStore.java {blocks.CA} {STORE}; fi"
TRUSTED = f"-Djavax.net.ssl.trustStore={STORE} -Djavax.net.ssl.trustStoreType=JKS"
CACHED = f"{blocks.CACHE}/java"
ENVIRONMENT = {
    "MAVEN_OPTS": f"{TRUSTED} -Dmaven.repo.local={CACHED}/maven",
    "MAVEN_USER_HOME": f"{CACHED}/wrapper",
    "GRADLE_USER_HOME": f"{CACHED}/gradle",
    "GRADLE_OPTS": f"{TRUSTED} -Dorg.gradle.daemon=false",
    "JAVA_HOME": "${JAVA_HOME:-/usr/lib/jvm/slipway}",
}
MOUNTS = (
    blocks.CA_SECRET,
    "--mount=type=secret,id=trust_store,target=/run/secrets/TrustStore.java,mode=0444,required=true",
    f"--mount=type=secret,id=maven_settings,target={blocks.HOME}/.m2/settings.xml,{blocks.OWNED}",
    "--mount=type=tmpfs,target=/run/trust",
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
