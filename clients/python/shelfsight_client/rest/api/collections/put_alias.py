from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.alias_request import AliasRequest
from ...models.alias_set import AliasSet
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    alias: str,
    *,
    body: AliasRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/aliases/{alias}".format(
            alias=quote(str(alias), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AliasSet | Problem:
    if response.status_code == 200:
        response_200 = AliasSet.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AliasSet | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    alias: str,
    *,
    client: AuthenticatedClient | Client,
    body: AliasRequest,
) -> Response[AliasSet | Problem]:
    """Let an alias stand for a collection from now on

     Every request is answered by the one collection or by the other, whole. `before` is what it stood
    for.

    Args:
        alias (str):
        body (AliasRequest): What an alias stands for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AliasSet | Problem]
    """

    kwargs = _get_kwargs(
        alias=alias,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    alias: str,
    *,
    client: AuthenticatedClient | Client,
    body: AliasRequest,
) -> AliasSet | Problem | None:
    """Let an alias stand for a collection from now on

     Every request is answered by the one collection or by the other, whole. `before` is what it stood
    for.

    Args:
        alias (str):
        body (AliasRequest): What an alias stands for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AliasSet | Problem
    """

    return sync_detailed(
        alias=alias,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    alias: str,
    *,
    client: AuthenticatedClient | Client,
    body: AliasRequest,
) -> Response[AliasSet | Problem]:
    """Let an alias stand for a collection from now on

     Every request is answered by the one collection or by the other, whole. `before` is what it stood
    for.

    Args:
        alias (str):
        body (AliasRequest): What an alias stands for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AliasSet | Problem]
    """

    kwargs = _get_kwargs(
        alias=alias,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    alias: str,
    *,
    client: AuthenticatedClient | Client,
    body: AliasRequest,
) -> AliasSet | Problem | None:
    """Let an alias stand for a collection from now on

     Every request is answered by the one collection or by the other, whole. `before` is what it stood
    for.

    Args:
        alias (str):
        body (AliasRequest): What an alias stands for.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AliasSet | Problem
    """

    return (
        await asyncio_detailed(
            alias=alias,
            client=client,
            body=body,
        )
    ).parsed
