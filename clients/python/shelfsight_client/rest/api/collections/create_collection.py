from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.collection_document import CollectionDocument
from ...models.create_request import CreateRequest
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    collection: str,
    *,
    body: CreateRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/collections/{collection}".format(
            collection=quote(str(collection), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> CollectionDocument | Problem:
    if response.status_code == 200:
        response_200 = CollectionDocument.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = CollectionDocument.from_dict(response.json())

        return response_201

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[CollectionDocument | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    collection: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateRequest,
) -> Response[CollectionDocument | Problem]:
    """Make a collection in the folder that is served

     One that is there already stays as it is, if it has that encoder and that store.

    Args:
        collection (str):
        body (CreateRequest): What a new collection is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CollectionDocument | Problem]
    """

    kwargs = _get_kwargs(
        collection=collection,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    collection: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateRequest,
) -> CollectionDocument | Problem | None:
    """Make a collection in the folder that is served

     One that is there already stays as it is, if it has that encoder and that store.

    Args:
        collection (str):
        body (CreateRequest): What a new collection is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CollectionDocument | Problem
    """

    return sync_detailed(
        collection=collection,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    collection: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateRequest,
) -> Response[CollectionDocument | Problem]:
    """Make a collection in the folder that is served

     One that is there already stays as it is, if it has that encoder and that store.

    Args:
        collection (str):
        body (CreateRequest): What a new collection is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[CollectionDocument | Problem]
    """

    kwargs = _get_kwargs(
        collection=collection,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    collection: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateRequest,
) -> CollectionDocument | Problem | None:
    """Make a collection in the folder that is served

     One that is there already stays as it is, if it has that encoder and that store.

    Args:
        collection (str):
        body (CreateRequest): What a new collection is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        CollectionDocument | Problem
    """

    return (
        await asyncio_detailed(
            collection=collection,
            client=client,
            body=body,
        )
    ).parsed
