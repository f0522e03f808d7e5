from __future__ import annotations

import pytest

from workers.build.procfile import MOST_PROCESSES, parse_procfile
from workers.errors import UserError


def test_it_reads_process_types_in_their_order() -> None:
    assert parse_procfile("web: python app.py\n\n# jobs\nworker: python -m work\n") == {
        "web": "python app.py",
        "worker": "python -m work",
    }


def test_it_refuses_more_process_types_than_a_service_may_have() -> None:
    lines = [f"p{number}: true" for number in range(MOST_PROCESSES)]
    assert len(parse_procfile("\n".join(lines))) == MOST_PROCESSES
    with pytest.raises(UserError) as refused:
        parse_procfile("\n".join([*lines, "more: true"]))
    assert refused.value.code == "build:user:too-many-processes"
    assert "11 process types" in refused.value.message


def test_it_refuses_a_nul() -> None:
    with pytest.raises(UserError) as refused:
        parse_procfile("web: python app.py\nworker: a\0b\n")
    assert refused.value.code == "build:user:invalid-procfile"
    assert "Line 2" in refused.value.message
