"""The likely cause of a failed build, from its last lines. Pure: not in charge of raising."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workers.build.causes_languages import CAUSES as OF_LANGUAGES
from workers.build.causes_packages import PACKAGES
from workers.build.mends import NOTHING, change_for
from workers.build.plan import Plan


class Cause(NamedTuple):
    """`code` is the last part of an error code; `sentence` says why; `fix` says what to do; `change` does it, if it can
    be done by a setting: `workers.build.mends`."""

    code: str
    sentence: str
    fix: str
    change: Mapping[str, str] = NOTHING


# Looked for in this order: what caused another comes before it. {1} is the first group that matched.
CAUSES: tuple[tuple[str, str, str, str], ...] = (
    (
        "disk-full",
        r"[Nn]o space left on device|ENOSPC(?!: System limit)|Disk quota exceeded",
        "The disk of this machine is full.",
        "Remove what is not needed, then deploy again.",
    ),
    (
        "out-of-memory",
        r"JavaScript heap out of memory|\bMemoryError\b|Cannot allocate memory|std::bad_alloc|signal: 9|^Killed$"
        r"|exit code: 137|Killed signal terminated program",
        "The build ran out of memory.",
        "Raise the build memory, or make the build need less.",
    ),
    (
        "base-image-unreachable",
        r"failed to do request: Head \"?https?://([^/\"]+)|pull access denied for ([^,\s]+)"
        r"|failed to resolve source metadata for ([^:\s]+)|manifest for (\S+) not found|manifest unknown",
        "The base image of the Dockerfile cannot be read from {1}.",
        "Check its name and tag, and that this machine reaches the registry.",
    ),
    (
        "private-dependency",
        r"could not read Username for '([^'\n]+)'|[\w.-]+@([\w.-]+): Permission denied \(publickey"
        r"|An index URL \(([^)\n]+)\) could not be queried due to a lack of valid authentication"
        r"|(?:npm|pnpm) (?:error|ERR!) code (E401|E403)|401 Client Error: \S+ for url: (\S+)|Host key verification failed",
        "A dependency is private, and this build may not read it: {1}.",
        "Give the build a token by a variable (such as NPM_TOKEN with an .npmrc, or a git address with https and a token), "
        "or publish the dependency where it can be read.",
    ),
    (
        "python-version",
        r"requires a different Python: ([^\n]+)|Requires-Python ([^\n;]+)"
        r"|current Python version \(([\d.]+)\) does not satisfy"
        r"|requires-python[^\n]*?(`[^`\n]+`)[^\n]*(?:incompatible|not satisfied)|No interpreter found for ([^\n]+?) in ",
        "A package or the project does not work with the Python version of this build ({1}).",
        "Ask for another version in .python-version, or change the package's version.",
    ),
    (
        "dns",
        r"EAI_AGAIN|ENOTFOUND ([\w.-]+)|Temporary failure in name resolution|Name or service not known"
        r"|Could not resolve host:? '?([\w.-]+)|dns error|failed to lookup address",
        "A host name could not be resolved during the build.",
        "Check the DNS server of this machine, and that the host exists.",
    ),
    (
        "network",
        r"ETIMEDOUT|ECONNREFUSED|ECONNRESET|Network is unreachable|Connection refused|Connection timed out|Read timed out"
        r"|CERTIFICATE_VERIFY_FAILED|self.signed certificate|UNABLE_TO_GET_ISSUER_CERT|invalid peer certificate",
        "A server could not be reached, or was not trusted, during the build.",
        "Check this machine's network, proxy and CA bundle, then deploy again.",
    ),
    (
        "peer-conflict",
        r"ERESOLVE|ERR_PNPM_PEER_DEP_ISSUES",
        "npm found packages that want different versions of the same package.",
        "Make the versions agree in package.json, or set the install command to `npm ci --legacy-peer-deps`.",
    ),
    (
        "lock-outdated",
        r"npm ci.{0,40}can only install packages when|EUSAGE|ERR_PNPM_OUTDATED_LOCKFILE"
        r"|lockfile (?:at \S+ )?needs to be updated"
        r"|The lockfile would have been modified|(?:poetry\.lock|pyproject\.toml) changed significantly"
        r"|lock ?file .{0,60}(?:out of date|not up.to.date)",
        "The lock file does not fit the list of dependencies.",
        "Run the package manager's install or lock command, and commit the lock file.",
    ),
    (
        "no-matching-version",
        r"No matching distribution found for ([^\s(]+)|No matching version found for (\S+?)\.?$|ETARGET"
        r"|Because (\S+) was not found in the package registry|there (?:is|are) no versions? of ([^\s,]+)"
        r"|404 Not Found - GET \S*/([@\w./%-]+)",
        "The dependency {1} does not exist in the version that is asked for.",
        "Check its name and version in the list of dependencies.",
    ),
    (
        "needs-system-package",
        r"(pg_config) executable not found|(mysql_config):? (?:command )?not found|(Python\.h|ffi\.h): No such file"
        r"|error: command '(?:\S*-)?(gcc|cc|g\+\+)'|(?:\S*-)?(gcc|cc|g\+\+|make|pkg-config): (?:command )?not found"
        r"|(?:unable to execute|command) '?(?:\S*-)?(gcc|cc|g\+\+)'?[^\n]*No such file|not found: (make)"
        r"|fatal error: (\S+\.h): No such file",
        "A dependency is compiled here and needs {1}, which the image does not have.",
        "Use a version of it that comes compiled, or name {package} in an Aptfile.",
    ),
    (
        "system-library",
        r"(?:Error: |library '[^'\n]+': )(lib[\w.+-]+): cannot open shared object"
        r"|error while loading shared libraries: (lib[\w.+-]+\.so[\d.]*)",
        "The library {1} of the system is missing.",
        "Name the distribution's package that has it among the service's packages, in slipway.toml or in an Aptfile.",
    ),
    (
        "copy-missing",
        r"failed to compute cache key: (?:failed to calculate checksum[^\n]*: )?\"?([^\"\n]+?)\"?:? not found"
        r"|COPY failed: [^\n]*?stat ([^\s:]+)",
        "The Dockerfile copies {1}, which is not in the build's folder.",
        "Check the path, the root directory of the service and .dockerignore.",
    ),
    (
        "dockerfile-syntax",
        r"dockerfile parse error[^\n:]*: ?([^\n]+)|Dockerfile parse error ([^\n]+)|unknown instruction: (\w+)",
        "The Dockerfile has a mistake: {1}.",
        "Correct the line and push again.",
    ),
    (
        "node-version",
        r"npm (?:error|ERR!)[^\n]*EBADENGINE|ERR_PNPM_UNSUPPORTED_ENGINE"  # npm and pnpm warn of it, too, and go on.
        r"|engine \"node\" is incompatible[^\n]*Expected version \"?([^\"\n]+)"
        r"|requires Node(?:\.js)?(?: version)? ?([^\n]+)|upgrade Node\.js to a supported version: \"([^\"\n]+)"
        r"|Node\.js version \"([^\"\n]+)\" is required|requires a minimum Node\.js version of ([^\s]+)",
        "A package does not work with the Node version of this build ({1}).",
        "Ask for another version in .nvmrc or in engines of package.json.",
    ),
    (
        "syntax-error",
        r"(?:^|\s)((?:SyntaxError|IndentationError|TabError): [^\n]+)",
        "The code does not parse: {1}.",
        "Correct the place named above and push again.",
    ),
    (
        "module-missing",
        r"ModuleNotFoundError: No module named '([^']+)'|Cannot find module '([^']+)'",
        "The module {1} is missing.",
        "Add it to the list of dependencies and commit that.",
    ),
    (
        "script-missing",
        r"Missing script: \"?([\w:.-]+)",
        "package.json has no script named {1}.",
        "Add the script, or set the service's command.",
    ),
    (
        "command-not-found",
        r"(?:sh|bash): (?:line )?(?:\d+: )?([\w./-]+): (?:command )?not found|exec: \"([^\"]+)\": executable file not found",
        "The command {1} does not exist in the build.",
        "Add the package that has it, or correct the command in the service's settings.",
    ),
)
LONGEST_LINE = 500  # What is looked for takes the square of it.
COMPILED = tuple(
    (code, re.compile(text, re.MULTILINE), said, fix)
    for code, text, said, fix in (*CAUSES[:3], *OF_LANGUAGES, *CAUSES[3:])
)


def cause(lines: Sequence[str], plan: Plan) -> Cause | None:
    """What most likely made it fail; None when nothing known is in the lines."""
    text = "\n".join(line[:LONGEST_LINE] for line in lines)
    for code, pattern, sentence, fix in COMPILED:
        # The last place counts: tools print what they try before they print what they fail of.
        for match in reversed(list(pattern.finditer(text))):
            what = next((group for group in match.groups() if group), "")
            fix = fix.replace("{package}", PACKAGES.get(what, "it"))
            return Cause(code, _filled(sentence, what, plan), fix, change_for(code, what, plan))
    return None


def _filled(sentence: str, what: str, plan: Plan) -> str:
    if what:
        return sentence.replace("{1}", what.strip().rstrip(".")[:200])
    if "({1})" in sentence:
        return sentence.replace(" ({1})", f" ({plan.version})" if plan.version else "")
    return sentence.replace("{1}", "that is named above")
