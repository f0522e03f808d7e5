"""Route files: their whole content, the grammar of hosts, and the way they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from workers.desired import Process, Release, Route, Service
from workers.errors import PlatformError, UserError
from workers.traefik import Routes, encoded, rule, service_file

SERVICE = "00000000-0000-4000-8000-000000000001"
RELEASE = "00000000-0000-4000-8000-000000000002"
DEPLOYMENT = "00000000-0000-4000-8000-000000000003"


def service(*routes: Route) -> Service:
    release = Release(id=RELEASE, image="sha256:0", processes={"web": Process(port=8000)})
    return Service(
        id=SERVICE,
        project=SERVICE,
        deployment=DEPLOYMENT,
        fence=1,
        rolling_out=True,
        release=release,
        routes=list(routes),
    )


def test_it_describes_a_service_whole() -> None:
    wanted = service(Route(host="a.example.com"), Route(host="b.example.com", path="/api"))
    assert service_file(wanted, ["10.0.0.2:8000", "10.0.0.3:8000"]) == {
        "http": {
            "routers": {
                f"{SERVICE}-0": {"rule": "Host(`a.example.com`)", "service": SERVICE, "middlewares": [SERVICE]},
                f"{SERVICE}-1": {
                    "rule": "Host(`b.example.com`) && PathPrefix(`/api`)",
                    "service": SERVICE,
                    "middlewares": [SERVICE],
                },
            },
            "services": {
                SERVICE: {
                    "loadBalancer": {
                        "servers": [{"url": "http://10.0.0.2:8000"}, {"url": "http://10.0.0.3:8000"}],
                        "passHostHeader": True,
                        "serversTransport": SERVICE,
                    }
                }
            },
            "middlewares": {
                SERVICE: {
                    "headers": {
                        "customResponseHeaders": {"X-Slipway-Release": RELEASE, "X-Slipway-Deployment": DEPLOYMENT}
                    }
                }
            },
            "serversTransports": {
                SERVICE: {
                    "forwardingTimeouts": {"dialTimeout": "5s", "responseHeaderTimeout": "0s", "idleConnTimeout": "1s"},
                    "maxIdleConnsPerHost": 200,
                }
            },
        }
    }


@pytest.mark.parametrize(
    "host", ["a`) || Host(`b", "*.example.com", "A.example.com", "-a.com", "a..b", "a.com:80", "", "a.com\n"]
)
def test_it_refuses_a_host_outside_the_grammar(host: str) -> None:
    with pytest.raises(UserError, match="is not a host name"):
        rule(Route(host=host))


@pytest.mark.parametrize("path", ["api", "/a`)", "/a b", "/{x}", "/a\n"])
def test_it_refuses_a_path_outside_the_grammar(path: str) -> None:
    with pytest.raises(UserError, match="is not a path"):
        rule(Route(host="a.com", path=path))


def test_it_writes_reads_restores_and_removes(tmp_path: Path) -> None:
    routes = Routes(tmp_path / "routes")
    content = service_file(service(Route(host="a.com")), ["10.0.0.2:8000"])
    assert routes.read(SERVICE) is None
    routes.write(SERVICE, content)
    assert yaml.safe_load(routes.read(SERVICE) or b"") == content
    assert [path.name for path in routes.folder.iterdir()] == [f"{SERVICE}.yml"]
    assert routes.services() == {SERVICE}
    routes.restore(SERVICE, b"old: 1\n")
    assert routes.read(SERVICE) == b"old: 1\n"
    routes.restore(SERVICE, None)
    assert routes.services() == set()
    routes.remove(SERVICE)


def test_it_gives_the_same_bytes_for_the_same_content() -> None:
    content = service_file(service(Route(host="a.com")), ["10.0.0.2:8000"])
    assert encoded(content) == encoded(dict(reversed(content.items())))


def test_it_names_files_by_ids_only(tmp_path: Path) -> None:
    with pytest.raises(PlatformError):
        Routes(tmp_path).remove("../../etc/passwd")
