from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.facet_counts import FacetCounts
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    filter_: str | Unset = UNSET,
    field: list[str] | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["filter"] = filter_

    json_field: list[str] | Unset = UNSET
    if not isinstance(field, Unset):
        json_field = field

    params["field"] = json_field

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/facets",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> FacetCounts | Problem:
    if response.status_code == 200:
        response_200 = FacetCounts.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[FacetCounts | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    field: list[str] | Unset = UNSET,
) -> Response[FacetCounts | Problem]:
    """Values of fields with their counts

     Without `field`: those fields whose few values are worth showing as a choice.

    Args:
        filter_ (str | Unset):
        field (list[str] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FacetCounts | Problem]
    """

    kwargs = _get_kwargs(
        filter_=filter_,
        field=field,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    field: list[str] | Unset = UNSET,
) -> FacetCounts | Problem | None:
    """Values of fields with their counts

     Without `field`: those fields whose few values are worth showing as a choice.

    Args:
        filter_ (str | Unset):
        field (list[str] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FacetCounts | Problem
    """

    return sync_detailed(
        client=client,
        filter_=filter_,
        field=field,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    field: list[str] | Unset = UNSET,
) -> Response[FacetCounts | Problem]:
    """Values of fields with their counts

     Without `field`: those fields whose few values are worth showing as a choice.

    Args:
        filter_ (str | Unset):
        field (list[str] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FacetCounts | Problem]
    """

    kwargs = _get_kwargs(
        filter_=filter_,
        field=field,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    field: list[str] | Unset = UNSET,
) -> FacetCounts | Problem | None:
    """Values of fields with their counts

     Without `field`: those fields whose few values are worth showing as a choice.

    Args:
        filter_ (str | Unset):
        field (list[str] | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FacetCounts | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            filter_=filter_,
            field=field,
        )
    ).parsed
