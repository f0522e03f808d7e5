"""`{% url %}`: as Django's, whatever it names."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.template import engines
from django.urls import NoReverseMatch, reverse, set_script_prefix

ROW = UUID("6f1c2a52-5a9f-4e0c-9d0e-3b1f6c1d2e47")  # Every process of a run names the same tests.


def drawn(source: str, **context: object) -> str:
    return engines["django"].from_string(source).render(context)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("{% url 'home' %}", "/"),
        ("{% url name row %}", f"/services/{ROW}"),
        ("{% url name row.hex %}", None),
        ("{% url 'service' service_id=row %}", f"/services/{ROW}"),
        ("{% url 'service' row as there %}-{{ there }}", f"-/services/{ROW}"),
        ("{% url 'service' nothing %}", None),
        ("{% url 'no-such-page' row %}", None),
    ],
)
def test_it_is_the_address_that_django_finds(source: str, address: str | None) -> None:
    for _ in range(2):  # From nothing, and from what is known.
        if address is None:
            with pytest.raises(NoReverseMatch):
                drawn(source, row=ROW, name="service")
        else:
            assert drawn(source, row=ROW, name="service") == address


def test_it_is_another_one_below_another_path() -> None:
    assert drawn("{% url 'service' row %}", row=ROW) == reverse("service", args=[ROW])
    set_script_prefix("/below/")
    try:
        assert drawn("{% url 'service' row %}", row=ROW) == f"/below/services/{ROW}"
    finally:
        set_script_prefix("/")
