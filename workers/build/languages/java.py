"""Java and Kotlin: Maven or Gradle, by wrapper or without; Spring Boot, Quarkus, or a class with a `main`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workers.build.files import Files
from workers.build.gradle_project import gradle_application, gradle_texts
from workers.build.java_project import Pom, all_poms, gradle_release, main_class, major, release_of
from workers.build.job import BuildSettings
from workers.build.plan import Plan
from workers.build.versions import Asked, asked_version, version_reason

FRAMEWORKS = {
    "Spring Boot": re.compile(r"spring-boot|springframework\.boot"),
    "Quarkus": re.compile(r"io\.quarkus"),
    "Micronaut": re.compile(r"io\.micronaut"),
    "Javalin": re.compile(r"io\.javalin"),
    "Ktor": re.compile(r"io\.ktor"),
}
# What makes a jar that starts alone.
FAT = re.compile(
    r"spring-boot-maven-plugin|maven-shade-plugin|maven-assembly-plugin|jib-maven|<mainClass>[^<]*</mainClass>\s*</manifest>"
)
NAMED_MAIN = re.compile(r"<(?:mainClass|start-class|exec\.mainClass|main\.class)>\s*([\w.$]+)\s*</")
GRADLE_MAIN = re.compile(r"mainClass(?:Name)?(?:\.set\(|\s*=)\s*[\"']([\w.$]+)")
JAVA = "java -XX:MaxRAMPercentage=75 $JAVA_OPTS"
GRADLE_FILES = ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")


@dataclass(frozen=True)
class Steps:
    manager: str
    build: str
    start: str
    reasons: tuple[str, ...]


def detect(files: Files, settings: BuildSettings) -> Plan | None:
    """A plan for a folder with a pom.xml or a build.gradle; else None."""
    gradle = files.first(*GRADLE_FILES)
    if files.exists("pom.xml"):
        poms, manifest = all_poms(files), "pom.xml"
        texts, release = {pom.folder: pom.text for pom in poms}, (release_of(poms), False)
    elif gradle:
        poms, manifest, texts = [], gradle, gradle_texts(files)
        release = gradle_release("\n".join(texts.values()))
    else:
        return None
    text = "\n".join(texts.values())
    framework = next((name for name, pattern in FRAMEWORKS.items() if pattern.search(text)), "")
    steps = _maven(files, poms, framework) if poms else _gradle(files, texts, framework)
    asked = _version(files, manifest, *release)
    return Plan(
        language="java",
        framework=framework,
        version=asked[0],
        package_manager=steps.manager,
        build=steps.build,
        start=steps.start,
        reasons=(
            f"language: Java, because {manifest} is there",
            version_reason("Java", asked),
            *([f"framework: {framework}, because {manifest} names it"] if framework else []),
            "install: as part of the build; what is downloaded is kept for the next one",
            *steps.reasons,
        ),
    )


def _version(files: Files, manifest: str, release: str, is_exact: bool) -> Asked:
    """A file that pins a JDK, else what the project compiles for, which any newer JDK can do."""
    pinned = asked_version(files, ("java",), (".java-version",))
    if major(pinned[0]):
        return major(pinned[0]), pinned[1]
    for name, pattern in (
        (".sdkmanrc", r"^java\s*=\s*(\S+)"),
        ("system.properties", r"^java\.runtime\.version\s*=\s*(\S+)"),
    ):
        found = re.search(pattern, files.head(name), re.MULTILINE)
        if found and major(found[1]):
            return major(found[1]), name
    if not release:
        return "", ""
    return (release if is_exact else f">={release}"), manifest


def _maven(files: Files, poms: list[Pom], framework: str) -> Steps:
    has_wrapper = bool(files.exists("mvnw") and files.exists(".mvn/wrapper/maven-wrapper.properties"))
    mvn = "sh ./mvnw -B -ntp" if has_wrapper else "mvn -B -ntp"
    by = f"package manager: Maven, {'by its wrapper, because mvnw is there' if has_wrapper else 'because pom.xml is there'}"
    app, named = _application(files, poms)
    target = f"{app.folder}/target" if app.folder else "target"
    only = f" -pl {app.folder} -am" if app.folder else ""
    if framework == "Quarkus":
        start = _start(
            f"-Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT -jar {target}/quarkus-app/quarkus-run.jar"
        )
        return Steps(
            "maven",
            f"{mvn} -DskipTests{only} package",
            start,
            (by, f"start command: {target}/quarkus-app, as Quarkus is built"),
        )
    if app.is_war or FAT.search(app.text):
        kind = "war" if app.is_war else "jar"
        build = f"{mvn} -DskipTests{only} package && {collect(target, kind)}"
        start = _start(f"{_port(framework)}-jar app.{kind}")
        return Steps("maven", build, start, (by, f"start command: the {kind} of {target}, because it starts alone"))
    build = f"{mvn} -DskipTests{only} package dependency:copy-dependencies -DincludeScope=runtime"
    if not named:
        return Steps("maven", build, "", (by,))
    start = _start(f"{_port(framework)}-cp '{target}/classes:{target}/dependency/*' {named}")
    return Steps("maven", build, start, (by, f"start command: {named}, because it has the main method"))


def _application(files: Files, poms: list[Pom]) -> tuple[Pom, str]:
    """The module that starts, and its main class."""
    leaves = [pom for pom in poms if not pom.modules] or poms
    for pom in leaves:
        if FAT.search(pom.text) or NAMED_MAIN.search(pom.text):
            told = NAMED_MAIN.search(pom.text)
            return pom, told[1] if told else main_class(files, pom.folder)
    for pom in leaves:
        if found := main_class(files, pom.folder):
            return pom, found
    return leaves[0], ""


def _gradle(files: Files, texts: dict[str, str], framework: str) -> Steps:
    has_wrapper = files.exists("gradlew") and files.exists("gradle/wrapper/gradle-wrapper.properties")
    gradle = "sh ./gradlew --no-daemon" if has_wrapper else "gradle --no-daemon"
    manager = "gradlew" if has_wrapper else "gradle"
    told = (
        "by its wrapper, because gradlew is there" if has_wrapper else f"because {files.first(*GRADLE_FILES)} is there"
    )
    by = f"package manager: Gradle, {told}"
    folder, text = gradle_application(files, texts), "\n".join(texts.values())
    target, project = (f"{folder}/build", f":{folder.replace('/', ':')}:") if folder else ("build", "")
    if framework == "Spring Boot":
        build = f"{gradle} {project}bootJar -x test && {collect(f'{target}/libs', 'jar')}"
        return Steps(
            manager,
            build,
            _start(f"{_port(framework)}-jar app.jar"),
            (by, "start command: the jar of bootJar, because it starts alone"),
        )
    if framework == "Quarkus":
        start = _start(
            f"-Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT -jar {target}/quarkus-app/quarkus-run.jar"
        )
        return Steps(
            manager,
            f"{gradle} {project}quarkusBuild -x test",
            start,
            (by, f"start command: {target}/quarkus-app, as Quarkus is built"),
        )
    named = GRADLE_MAIN.search(text)
    found = named[1] if named else main_class(files, folder)
    if not found:
        return Steps(manager, f"{gradle} {project}assemble", "", (by,))
    if re.search(r"[\"'\s(]application[\"'\s)]", text):
        name = f"{target}/install/*/lib/*"
        build, start = f"{gradle} {project}installDist -x test", f'-cp "$(echo {name} | tr " " ":")" {found}'
    else:
        build, start = f"{gradle} {project}assemble", f"-cp '{target}/libs/*' {found}"
    start = _start(f"{_port(framework)}{start}")
    return Steps(manager, build, start, (by, f"start command: {found}, because it has the main method"))


def collect(folder: str, kind: str) -> str:
    """The one archive that starts, whatever its version, as `app.jar` or `app.war`: linked, since it may be large."""
    other = " ".join(f"! -name '*-{part}.{kind}'" for part in ("sources", "javadoc", "tests", "plain"))
    archive = f"find {folder} -maxdepth 1 -name '*.{kind}' {other} ! -name 'original-*' | head -n 1"
    return f'ln -sf "$({archive})" app.{kind}'


def _port(framework: str) -> str:
    return {"Spring Boot": "-Dserver.port=$PORT ", "Micronaut": "-Dmicronaut.server.port=$PORT "}.get(framework, "")


def _start(rest: str) -> str:
    return f"{JAVA} {rest}"
