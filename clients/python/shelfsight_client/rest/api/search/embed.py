from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.embed_request import EmbedRequest
from ...models.embeddings import Embeddings
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    *,
    body: EmbedRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/embed",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Embeddings | Problem:
    if response.status_code == 200:
        response_200 = Embeddings.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Embeddings | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedRequest,
) -> Response[Embeddings | Problem]:
    """Vectors of texts and pictures

     Of length 1, in the order of what was sent; the cosine of two of them is their product.

    Args:
        body (EmbedRequest): What is to be embedded; at least one text or picture.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Embeddings | Problem]
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
    body: EmbedRequest,
) -> Embeddings | Problem | None:
    """Vectors of texts and pictures

     Of length 1, in the order of what was sent; the cosine of two of them is their product.

    Args:
        body (EmbedRequest): What is to be embedded; at least one text or picture.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Embeddings | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedRequest,
) -> Response[Embeddings | Problem]:
    """Vectors of texts and pictures

     Of length 1, in the order of what was sent; the cosine of two of them is their product.

    Args:
        body (EmbedRequest): What is to be embedded; at least one text or picture.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Embeddings | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: EmbedRequest,
) -> Embeddings | Problem | None:
    """Vectors of texts and pictures

     Of length 1, in the order of what was sent; the cosine of two of them is their product.

    Args:
        body (EmbedRequest): What is to be embedded; at least one text or picture.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Embeddings | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
