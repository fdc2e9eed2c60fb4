from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.erase_request import EraseRequest
from ...models.problem import Problem
from ...models.receipt import Receipt
from ...types import Response


def _get_kwargs(
    *,
    body: EraseRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/items/erase",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | Receipt:
    if response.status_code == 200:
        response_200 = Receipt.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Problem | Receipt]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: EraseRequest,
) -> Response[Problem | Receipt]:
    """Take items out and leave nothing of them

     No byte of them stays in the collection's files, in other versions of it, in caches, nor in what
    jobs keep;
    all of that is searched afterwards, and the receipt says so. It takes as long as writing the
    collection anew,
    and needs a key for `admin`. The receipt lists what is not reached from here, such as backups.

    Args:
        body (EraseRequest): Which items go for good.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Receipt]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: EraseRequest,
) -> Problem | Receipt | None:
    """Take items out and leave nothing of them

     No byte of them stays in the collection's files, in other versions of it, in caches, nor in what
    jobs keep;
    all of that is searched afterwards, and the receipt says so. It takes as long as writing the
    collection anew,
    and needs a key for `admin`. The receipt lists what is not reached from here, such as backups.

    Args:
        body (EraseRequest): Which items go for good.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Receipt
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: EraseRequest,
) -> Response[Problem | Receipt]:
    """Take items out and leave nothing of them

     No byte of them stays in the collection's files, in other versions of it, in caches, nor in what
    jobs keep;
    all of that is searched afterwards, and the receipt says so. It takes as long as writing the
    collection anew,
    and needs a key for `admin`. The receipt lists what is not reached from here, such as backups.

    Args:
        body (EraseRequest): Which items go for good.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Receipt]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: EraseRequest,
) -> Problem | Receipt | None:
    """Take items out and leave nothing of them

     No byte of them stays in the collection's files, in other versions of it, in caches, nor in what
    jobs keep;
    all of that is searched afterwards, and the receipt says so. It takes as long as writing the
    collection anew,
    and needs a key for `admin`. The receipt lists what is not reached from here, such as backups.

    Args:
        body (EraseRequest): Which items go for good.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Receipt
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
