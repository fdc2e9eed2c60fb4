from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.put_request import PutRequest
from ...models.stored_item import StoredItem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: PutRequest,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["if-none-match"] = if_none_match

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/items/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | StoredItem:
    if response.status_code == 200:
        response_200 = StoredItem.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = StoredItem.from_dict(response.json())

        return response_201

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | StoredItem]:
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
    body: PutRequest,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Problem | StoredItem]:
    """Put one item in

     Answers the item as it is now, `failures` among it where pictures of it could not be used.

    Args:
        id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (PutRequest): An item whose id the path says.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StoredItem]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PutRequest,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Problem | StoredItem | None:
    """Put one item in

     Answers the item as it is now, `failures` among it where pictures of it could not be used.

    Args:
        id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (PutRequest): An item whose id the path says.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StoredItem
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PutRequest,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Problem | StoredItem]:
    """Put one item in

     Answers the item as it is now, `failures` among it where pictures of it could not be used.

    Args:
        id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (PutRequest): An item whose id the path says.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StoredItem]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PutRequest,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Problem | StoredItem | None:
    """Put one item in

     Answers the item as it is now, `failures` among it where pictures of it could not be used.

    Args:
        id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (PutRequest): An item whose id the path says.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StoredItem
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            if_match=if_match,
            if_none_match=if_none_match,
        )
    ).parsed
