"""`{% url %}` as Django's, with the addresses that a page names dozens of times put together once in a process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.template import Context, Library, defaulttags
from django.template.base import Parser, Token
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = Library()

SOME = UUID(int=2**128 - 1)  # Stands where the row that is meant will.


def address(name: str, row: UUID | None = None) -> SafeString:
    """Of a page that is about one row, or about none."""
    begin, end = _around(name, row is not None, get_script_prefix(), get_urlconf())
    return mark_safe(f"{begin}{row}{end}" if row else begin)  # noqa: S308 - escaped, and an id


@lru_cache(maxsize=1024)
def _around(name: str, of_row: bool, _prefix: str, _urlconf: str | None) -> tuple[str, str]:
    """What stands before the row and behind it."""
    begin, _, end = escape(reverse(name, args=[SOME] if of_row else [])).partition(str(SOME))
    return begin, end


class Address(defaulttags.URLNode):
    def render(self, context: Context) -> str:
        if self.asvar or self.kwargs or len(self.args) > 1:
            return super().render(context)
        args: list[Any] = [arg.resolve(context) for arg in self.args]
        if not all(type(each) is UUID for each in args):
            return super().render(context)
        return address(self.view_name.resolve(context), *args)


@register.tag
def url(parser: Parser, token: Token) -> Address:
    node = defaulttags.url(parser, token)
    return Address(node.view_name, node.args, node.kwargs, node.asvar)
