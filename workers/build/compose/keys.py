"""Which keys of a service Slipway follows, which it leaves out, and which it refuses, with a sentence for each. Data only.

What is refused would reach beyond the service's own container, or make it another thing than the file says. A key that is
in none of the tables is left out: every container is made by `workers.agent.spec` alone, so it has no effect.
"""

from __future__ import annotations

from collections.abc import Callable

from workers.build.compose.tree import Tree

FOLLOWED = frozenset({
    "build", "image", "command", "entrypoint", "user", "environment", "env_file", "ports", "expose", "volumes", "depends_on",
    "healthcheck", "restart", "deploy", "scale", "mem_limit", "cpus", "pids_limit", "profiles",
})  # fmt: skip

_ALWAYS: Callable[[Tree], bool] = lambda tree: True  # noqa: E731
_HOST_PORTS = "It would reach everything on the host. Take the key out; siblings reach it by its name."
_KERNEL = "It would reach the host's kernel or devices. Take the key out: it runs with no more rights than it needs."
_OTHERS = "It would see processes of the host or of another container. Take the key out."
# Key -> when it is refused, and why.
REFUSED: dict[str, tuple[Callable[[Tree], bool], str]] = {
    "privileged": (lambda tree: tree.value not in ("false", "no", None), _KERNEL),
    "cap_add": (_ALWAYS, _KERNEL),
    "devices": (_ALWAYS, _KERNEL),
    "device_cgroup_rules": (_ALWAYS, _KERNEL),
    "gpus": (_ALWAYS, _KERNEL),
    "runtime": (_ALWAYS, _KERNEL),
    "sysctls": (_ALWAYS, _KERNEL),
    "isolation": (_ALWAYS, _KERNEL),
    "cgroup": (lambda tree: tree.text != "private", _OTHERS),
    "cgroup_parent": (_ALWAYS, "It would leave the limits that Slipway sets. Take the key out, and set limits."),
    "oom_kill_disable": (lambda tree: tree.is_true, "It would leave the limits that Slipway sets. Take the key out."),
    "oom_score_adj": (_ALWAYS, "The host would end others in its place when memory runs short. Take the key out."),
    "security_opt": (
        lambda tree: any(not one.text.startswith("no-new-privileges") for one in tree.items) or bool(tree.map),
        "It would take away what fences the container in. Take the key out; no-new-privileges is set anyway.",
    ),
    "network_mode": (lambda tree: tree.text not in ("bridge", "default"), _HOST_PORTS),
    "pid": (_ALWAYS, _OTHERS),
    "ipc": (lambda tree: tree.text not in ("private", "none"), _OTHERS),
    "uts": (_ALWAYS, _OTHERS),
    "userns_mode": (_ALWAYS, _OTHERS),
    "volumes_from": (_ALWAYS, "A volume belongs to one service. Name the volume under the one that uses it."),
    "use_api_socket": (_ALWAYS, "It would rule the engine, and with it the host. Take the key out."),
    "credential_spec": (_ALWAYS, "It hands out the host's own identity. Take the key out."),
    "provider": (_ALWAYS, "It is run by a program of the host. Take the service out, or give it an image."),
}  # fmt: skip

_OWN_NETWORK = "All services of an environment share one network, and reach each other by their names."
_OUTSIDE = "Logs, labels and names of containers are Slipway's own."
_FILE = "No file is put into the container: give the value as a variable or a secret, or put the file into the image."
_IN_IMAGE = "Set it in the Dockerfile."
LEFT_OUT: dict[str, str] = {
    "networks": _OWN_NETWORK, "links": _OWN_NETWORK, "external_links": _OWN_NETWORK, "dns": _OWN_NETWORK,
    "dns_search": _OWN_NETWORK, "dns_opt": _OWN_NETWORK, "extra_hosts": _OWN_NETWORK, "mac_address": _OWN_NETWORK,
    "network_mode": _OWN_NETWORK, "hostname": _OWN_NETWORK, "domainname": _OWN_NETWORK,
    "container_name": "Containers are named by Slipway; siblings reach the service by its name here.",
    "labels": _OUTSIDE, "label_file": _OUTSIDE, "annotations": _OUTSIDE, "logging": _OUTSIDE, "attach": _OUTSIDE,
    "secrets": _FILE, "configs": _FILE,
    "working_dir": _IN_IMAGE, "platform": "It is built and run on the host's own platform.",
    "develop": "It is for working on the code; a push deploys here.",
    "init": "Every container has an init.",
    "cap_drop": "All capabilities are dropped anyway.",
    "security_opt": "It is set anyway.",
    "privileged": "No container is.",
    "read_only": "The container's own layer stays writable; what is written there goes with the release.",
    "tmpfs": "Such a folder is part of the container's own layer here, and goes with the release.",
    "shm_size": "It has the engine's own size.", "ulimits": "Slipway sets them.",
    "stop_grace_period": "It has 30 s to stop.", "stop_signal": "It is stopped by what its image says.",
    "tty": "Nobody is at its terminal.", "stdin_open": "Nobody is at its terminal.",
    "pull_policy": "The image is asked for at each deployment, and pinned by digest.",
    "mem_reservation": "Only the limit is followed.", "memswap_limit": "It may not swap.",
    "group_add": _IN_IMAGE, "post_start": "Use the start command.", "pre_stop": "It is stopped by a signal.",
}  # fmt: skip
UNKNOWN = "Slipway does not follow this key."
