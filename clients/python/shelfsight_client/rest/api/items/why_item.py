from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.search_request import SearchRequest
from ...models.why import Why
from ...types import Response


def _get_kwargs(
    id: str,
    *,
    body: SearchRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/items/{id}/why".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Why:
    if response.status_code == 200:
        response_200 = Why.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Why]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: SearchRequest,
) -> Response[Problem | Why]:
    """Why an item stands where it does in a search, or is not found

     The body is that of the search. However far down the item stands, its place is told, where it stood
    behind
    each stage, what stands above it, and what would change that.

    Args:
        id (str):
        body (SearchRequest): A search. At least one of ``query``, ``image`` and ``like`` is
            given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Why]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: SearchRequest,
) -> Problem | Why | None:
    """Why an item stands where it does in a search, or is not found

     The body is that of the search. However far down the item stands, its place is told, where it stood
    behind
    each stage, what stands above it, and what would change that.

    Args:
        id (str):
        body (SearchRequest): A search. At least one of ``query``, ``image`` and ``like`` is
            given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Why
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: SearchRequest,
) -> Response[Problem | Why]:
    """Why an item stands where it does in a search, or is not found

     The body is that of the search. However far down the item stands, its place is told, where it stood
    behind
    each stage, what stands above it, and what would change that.

    Args:
        id (str):
        body (SearchRequest): A search. At least one of ``query``, ``image`` and ``like`` is
            given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Why]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: SearchRequest,
) -> Problem | Why | None:
    """Why an item stands where it does in a search, or is not found

     The body is that of the search. However far down the item stands, its place is told, where it stood
    behind
    each stage, what stands above it, and what would change that.

    Args:
        id (str):
        body (SearchRequest): A search. At least one of ``query``, ``image`` and ``like`` is
            given.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Why
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
