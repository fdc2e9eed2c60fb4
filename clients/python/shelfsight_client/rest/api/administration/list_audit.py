from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.audit import Audit
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    last: int | Unset = 100,
    key: str | Unset = UNSET,
    collection: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["last"] = last

    params["key"] = key

    params["collection"] = collection

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/audit",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Audit | Problem:
    if response.status_code == 200:
        response_200 = Audit.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Audit | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    last: int | Unset = 100,
    key: str | Unset = UNSET,
    collection: str | Unset = UNSET,
) -> Response[Audit | Problem]:
    """What was changed last, by whom, and what became of it

    Args:
        last (int | Unset):  Default: 100.
        key (str | Unset):
        collection (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Audit | Problem]
    """

    kwargs = _get_kwargs(
        last=last,
        key=key,
        collection=collection,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    last: int | Unset = 100,
    key: str | Unset = UNSET,
    collection: str | Unset = UNSET,
) -> Audit | Problem | None:
    """What was changed last, by whom, and what became of it

    Args:
        last (int | Unset):  Default: 100.
        key (str | Unset):
        collection (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Audit | Problem
    """

    return sync_detailed(
        client=client,
        last=last,
        key=key,
        collection=collection,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    last: int | Unset = 100,
    key: str | Unset = UNSET,
    collection: str | Unset = UNSET,
) -> Response[Audit | Problem]:
    """What was changed last, by whom, and what became of it

    Args:
        last (int | Unset):  Default: 100.
        key (str | Unset):
        collection (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Audit | Problem]
    """

    kwargs = _get_kwargs(
        last=last,
        key=key,
        collection=collection,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    last: int | Unset = 100,
    key: str | Unset = UNSET,
    collection: str | Unset = UNSET,
) -> Audit | Problem | None:
    """What was changed last, by whom, and what became of it

    Args:
        last (int | Unset):  Default: 100.
        key (str | Unset):
        collection (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Audit | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            last=last,
            key=key,
            collection=collection,
        )
    ).parsed
