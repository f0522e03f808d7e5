"""Tokens of one's own: shown once, listed without themselves, revoked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from apps.accounts import actions
from apps.accounts.bearer import actor_of, one, token_of
from apps.accounts.models import ApiToken
from apps.accounts.schemas import NewTokenOut, TokenIn, TokenOut
from apps.lib.api import Page, PageQuery, created, paged

router = Router(tags=["tokens"])


@router.get("/tokens", response=Page[TokenOut], operation_id="list_tokens", summary="List tokens")
def list_tokens(request: HttpRequest, query: Query[PageQuery]) -> Any:
    """Your own tokens, revoked ones too. Never the tokens themselves."""
    return paged(ApiToken.objects.filter(user=actor_of(request).user), query)


@router.post("/tokens", response={201: NewTokenOut}, operation_id="create_token", summary="Create a token")
def create_token(request: HttpRequest, response: HttpResponse, told: TokenIn) -> Any:
    """A new token, shown this once. Neither wider than the token that it is made with nor there for longer: it ends when
    that one ends or is revoked."""
    row, text = actions.make_api_token(
        actor=actor_of(request),
        name=told.name,
        scope=told.scope,
        expires_at=told.expires_at,
        made_with=token_of(request),
    )
    created(response, "get_token", row.pk)
    return {**TokenOut.from_orm(row).model_dump(), "token": text}


@router.get("/tokens/{uuid:token_id}", response=TokenOut, operation_id="get_token", summary="Get a token")
def get_token(request: HttpRequest, token_id: UUID) -> Any:
    """One of your tokens, without itself."""
    return one(ApiToken.objects.filter(user=actor_of(request).user), "token", token_id)


@router.delete("/tokens/{uuid:token_id}", response={204: None}, operation_id="revoke_token", summary="Revoke a token")
def revoke_token(request: HttpRequest, token_id: UUID) -> None:
    """It is refused from now on, and so is every token that was made with it. Once more changes nothing."""
    actions.revoke_api_token(actor=actor_of(request), token_id=token_id)
