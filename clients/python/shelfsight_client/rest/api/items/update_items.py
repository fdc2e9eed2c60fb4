from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.update_report import UpdateReport
from ...models.update_request import UpdateRequest
from ...types import Response


def _get_kwargs(
    *,
    body: UpdateRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/items",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | UpdateReport:
    if response.status_code == 200:
        response_200 = UpdateReport.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | UpdateReport]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpdateRequest,
) -> Response[Problem | UpdateReport]:
    """Change fields of items: prices, stock, titles

     Fields that are not named stay, and so do pictures; nothing is encoded. Ids that are not there are
    in
    `failures`.

    Args:
        body (UpdateRequest): Changes to items; each is looked at by itself.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | UpdateReport]
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
    body: UpdateRequest,
) -> Problem | UpdateReport | None:
    """Change fields of items: prices, stock, titles

     Fields that are not named stay, and so do pictures; nothing is encoded. Ids that are not there are
    in
    `failures`.

    Args:
        body (UpdateRequest): Changes to items; each is looked at by itself.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | UpdateReport
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpdateRequest,
) -> Response[Problem | UpdateReport]:
    """Change fields of items: prices, stock, titles

     Fields that are not named stay, and so do pictures; nothing is encoded. Ids that are not there are
    in
    `failures`.

    Args:
        body (UpdateRequest): Changes to items; each is looked at by itself.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | UpdateReport]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: UpdateRequest,
) -> Problem | UpdateReport | None:
    """Change fields of items: prices, stock, titles

     Fields that are not named stay, and so do pictures; nothing is encoded. Ids that are not there are
    in
    `failures`.

    Args:
        body (UpdateRequest): Changes to items; each is looked at by itself.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | UpdateReport
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
