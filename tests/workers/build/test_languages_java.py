from __future__ import annotations

import pytest

from tests.workers.build.plans import found, found_in, refusal
from workers.build.bases import build_base
from workers.build.languages.java import detect
from workers.build.plan import Plan

JAVA = "java -XX:MaxRAMPercentage=75 $JAVA_OPTS"
MAIN = "package com.example;\npublic class App { public static void main(String[] args) {} }\n"
APP = {"src/main/java/com/example/App.java": MAIN}


def pom(inside: str = "") -> str:
    return f'<project xmlns="http://maven.apache.org/POM/4.0.0"><artifactId>a</artifactId>{inside}</project>'


def test_it_plans_spring_boot_whole() -> None:
    assert found_in(detect, "java-spring") == Plan(
        language="java",
        framework="Spring Boot",
        version=">=17",
        package_manager="maven",
        build=(
            "mvn -B -ntp -DskipTests package && ln -sf \"$(find target -maxdepth 1 -name '*.jar' ! -name '*-sources.jar' "
            "! -name '*-javadoc.jar' ! -name '*-tests.jar' ! -name '*-plain.jar' ! -name 'original-*' "
            '| head -n 1)" app.jar'
        ),
        start=f"{JAVA} -Dserver.port=$PORT -jar app.jar",
        reasons=(
            "language: Java, because pom.xml is there",
            "version: Java >=17, because pom.xml asks for it",
            "framework: Spring Boot, because pom.xml names it",
            "install: as part of the build; what is downloaded is kept for the next one",
            "package manager: Maven, because pom.xml is there",
            "start command: the jar of target, because it starts alone",
        ),
    )


def test_it_starts_the_class_with_a_main() -> None:
    plan = found_in(detect, "java-maven")
    assert plan.build == "mvn -B -ntp -DskipTests package dependency:copy-dependencies -DincludeScope=runtime"
    assert plan.start == f"{JAVA} -cp 'target/classes:target/dependency/*' com.example.Server"


def test_it_builds_the_module_that_starts() -> None:
    plan = found(
        detect,
        {
            "pom.xml": pom("<modules><module>lib</module><module>web</module></modules>"),
            "lib/pom.xml": pom(),
            "web/pom.xml": pom("<artifactId>spring-boot-maven-plugin</artifactId>"),
        },
    )
    assert plan.build.startswith("mvn -B -ntp -DskipTests -pl web -am package && ln -sf ")
    assert "find web/target " in plan.build


@pytest.mark.parametrize(
    ("inside", "texts", "version"),
    [
        ("", {}, ""),
        ("<properties><java.version>21</java.version></properties>", {}, ">=21"),
        ("<properties><maven.compiler.source>1.8</maven.compiler.source></properties>", {}, ">=8"),
        ("<properties><maven.compiler.release>${v}</maven.compiler.release></properties>", {}, ""),
        ("", {".java-version": "temurin-17.0.9\n"}, "17"),
        ("", {".sdkmanrc": "# x\njava=25.0.1-tem\n"}, "25"),
        ("", {"system.properties": "java.runtime.version=21\n"}, "21"),
        ("", {".tool-versions": "java openjdk-21\n"}, "21"),
        ("", {".tool-versions": "java temurin-21.0.3+9.0.LTS\n"}, "21"),
        ("<properties><java.version>17</java.version></properties>", {".java-version": "25"}, "25"),
    ],
)
def test_it_asks_for_a_version(inside: str, texts: dict[str, str], version: str) -> None:
    assert found(detect, {"pom.xml": pom(inside), **texts, **APP}).version == version


def test_it_uses_a_wrapper() -> None:
    texts = {"pom.xml": pom(), "mvnw": "", ".mvn/wrapper/maven-wrapper.properties": "", **APP}
    assert found(detect, texts).build.startswith("sh ./mvnw -B ")


def test_it_makes_an_archive_of_a_war() -> None:
    plan = found(detect, {"pom.xml": pom("<packaging>war</packaging>")})
    assert plan.start == f"{JAVA} -jar app.war"


def test_it_plans_gradle() -> None:
    plan = found_in(detect, "java-gradle")
    assert (plan.package_manager, plan.version) == ("gradle", ">=17")
    assert plan.build == "gradle --no-daemon installDist -x test"
    assert plan.start == f'{JAVA} -cp "$(echo build/install/*/lib/* | tr " " ":")" com.example.Server'
    assert build_base(plan) == ("gradle", ">=17")


def test_it_plans_a_subproject_of_gradle_by_its_wrapper() -> None:
    plan = found(
        detect,
        {
            "settings.gradle.kts": 'include("web")',
            "gradlew": "",
            "gradle/wrapper/gradle-wrapper.properties": "",
            "web/build.gradle.kts": (
                'plugins { id("org.springframework.boot") version "3.5.0" }\n'
                "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n"
            ),
        },
    )
    assert (plan.framework, plan.version, plan.package_manager) == ("Spring Boot", "21", "gradlew")
    assert plan.build.startswith("sh ./gradlew --no-daemon :web:bootJar -x test && ln -sf ")
    assert "find web/build/libs " in plan.build
    assert build_base(plan) == ("java", "21")


def subprojects(root: str, **texts: str) -> dict[str, str]:
    others = {f"{name}/build.gradle.kts": text for name, text in texts.items()}
    sources = {f"{name}/src/main/java/A.java": "" for name in texts}
    return {"settings.gradle.kts": 'include("x")', "build.gradle.kts": root, **others, **sources}


BOOT = 'plugins { id("org.springframework.boot") }\n'
WEB = 'dependencies { implementation("org.springframework.boot:spring-boot-starter-web") }\n'
CATALOGUE = """
[libraries]
spring-web = { group = "org.springframework.boot", name = "spring-boot-starter-web" }
ktor_server = "io.ktor:ktor-server-core:3.0.0"
[plugins]
spring-boot = { id = "org.springframework.boot", version = "3.3.0" }
"""


@pytest.mark.parametrize(
    ("texts", "folder"),
    [
        (subprojects('plugins {\n id("org.springframework.boot") version "3.3.0" apply false\n}', api=BOOT, core=""), "api"),
        (subprojects("plugins { id 'org.springframework.boot' version '3.3.0' apply(false) }", core=WEB, web=BOOT), "web"),
        (subprojects('subprojects { apply(plugin = "org.springframework.boot") }', api=WEB), "api"),
        (subprojects("plugins {\n alias(libs.plugins.spring.boot) apply false\n}",
                     api="plugins { alias(libs.plugins.spring.boot) }", core="dependencies { api(libs.spring.web) }")
         | {"gradle/libs.versions.toml": CATALOGUE}, "api"),
        ({"build.gradle": "apply plugin: libs.plugins.spring.boot.get().pluginId",
          "gradle/libs.versions.toml": CATALOGUE}, ""),
        ({"build.gradle": BOOT, "src/main/java/A.java": "", "core/build.gradle": WEB, "core/src/main/java/B.java": ""}, ""),
    ],
)  # fmt: skip
def test_it_makes_the_jar_of_the_subproject_that_starts(texts: dict[str, str], folder: str) -> None:
    plan = found(detect, texts)
    assert plan.framework == "Spring Boot"
    assert plan.build.startswith(f"gradle --no-daemon {f':{folder}:' if folder else ''}bootJar -x test && ln -sf ")
    assert f"find {f'{folder}/' if folder else ''}build/libs " in plan.build


@pytest.mark.parametrize(
    ("build", "framework"),
    [
        ("dependencies { implementation(libs.ktor.server) }", "Ktor"),
        ("dependencies { implementation(libs.other) }", ""),
    ],
)
def test_it_knows_a_framework_by_its_name_in_a_catalogue(build: str, framework: str) -> None:
    assert found(detect, {"build.gradle.kts": build, "gradle/libs.versions.toml": CATALOGUE}).framework == framework


@pytest.mark.parametrize(
    "texts",
    [
        {"pom.xml": pom("<groupId>io.micronaut</groupId>"), **APP},
        {"build.gradle": 'plugins { id("io.micronaut.application") }\napplication { }', **APP},
        {"build.gradle": 'plugins { id("io.micronaut.library") }', **APP},
    ],
)
def test_it_tells_micronaut_the_port_however_it_starts(texts: dict[str, str]) -> None:
    plan = found(detect, texts)
    assert plan.start.startswith(f"{JAVA} -Dmicronaut.server.port=$PORT -cp ")
    assert plan.start.endswith(" com.example.App")


def test_it_plans_quarkus() -> None:
    plan = found(detect, {"pom.xml": pom("<groupId>io.quarkus</groupId>")})
    assert plan.start.endswith("-Dquarkus.http.port=$PORT -jar target/quarkus-app/quarkus-run.jar")


@pytest.mark.parametrize("text", ["<project>", "<!DOCTYPE x [<!ENTITY a 'b'>]><project>&c;</project>"])
def test_it_says_that_a_pom_is_broken(text: str) -> None:
    assert refusal(detect, {"pom.xml": text}).code == "build:user:invalid-file"


def test_it_reads_no_module_outside() -> None:
    plan = found(detect, {"pom.xml": pom("<modules><module>../x</module></modules>"), **APP})
    assert "com.example.App" in plan.start
