from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.upsert_report import UpsertReport
from ...models.upsert_request import UpsertRequest
from ...types import Response


def _get_kwargs(
    *,
    body: UpsertRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/items",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Problem | UpsertReport:
    if response.status_code == 200:
        response_200 = UpsertReport.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | UpsertReport]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertRequest,
) -> Response[Problem | UpsertReport]:
    """Put items in, in place of what is there under their ids

     Pictures come as base64, as files of a form, or as addresses. Those that have not changed are not
    encoded
    again. An item that cannot be used is in `failures`, with the reason, and the others go in. What the
    answer
    counts is on disk, and the next search finds it.

    Args:
        body (UpsertRequest): Items; each is looked at by itself, so that a bad one does not speak
            for the others.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | UpsertReport]
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
    body: UpsertRequest,
) -> Problem | UpsertReport | None:
    """Put items in, in place of what is there under their ids

     Pictures come as base64, as files of a form, or as addresses. Those that have not changed are not
    encoded
    again. An item that cannot be used is in `failures`, with the reason, and the others go in. What the
    answer
    counts is on disk, and the next search finds it.

    Args:
        body (UpsertRequest): Items; each is looked at by itself, so that a bad one does not speak
            for the others.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | UpsertReport
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertRequest,
) -> Response[Problem | UpsertReport]:
    """Put items in, in place of what is there under their ids

     Pictures come as base64, as files of a form, or as addresses. Those that have not changed are not
    encoded
    again. An item that cannot be used is in `failures`, with the reason, and the others go in. What the
    answer
    counts is on disk, and the next search finds it.

    Args:
        body (UpsertRequest): Items; each is looked at by itself, so that a bad one does not speak
            for the others.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | UpsertReport]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertRequest,
) -> Problem | UpsertReport | None:
    """Put items in, in place of what is there under their ids

     Pictures come as base64, as files of a form, or as addresses. Those that have not changed are not
    encoded
    again. An item that cannot be used is in `failures`, with the reason, and the others go in. What the
    answer
    counts is on disk, and the next search finds it.

    Args:
        body (UpsertRequest): Items; each is looked at by itself, so that a bad one does not speak
            for the others.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | UpsertReport
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
