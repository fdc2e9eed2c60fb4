from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.listing import Listing
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    filter_: str | Unset = UNSET,
    k: int | Unset = 10,
    offset: int | Unset = 0,
    facets: list[str] | Unset = UNSET,
    histograms: list[str] | Unset = UNSET,
    sort: list[str] | Unset = UNSET,
    group_by: str | Unset = UNSET,
    snapshot: str | Unset = UNSET,
    rules: bool | Unset = True,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["filter"] = filter_

    params["k"] = k

    params["offset"] = offset

    json_facets: list[str] | Unset = UNSET
    if not isinstance(facets, Unset):
        json_facets = facets

    params["facets"] = json_facets

    json_histograms: list[str] | Unset = UNSET
    if not isinstance(histograms, Unset):
        json_histograms = histograms

    params["histograms"] = json_histograms

    json_sort: list[str] | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort

    params["sort"] = json_sort

    params["group_by"] = group_by

    params["snapshot"] = snapshot

    params["rules"] = rules

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/items",
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Listing | Problem:
    if response.status_code == 200:
        response_200 = Listing.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Listing | Problem]:
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
    k: int | Unset = 10,
    offset: int | Unset = 0,
    facets: list[str] | Unset = UNSET,
    histograms: list[str] | Unset = UNSET,
    sort: list[str] | Unset = UNSET,
    group_by: str | Unset = UNSET,
    snapshot: str | Unset = UNSET,
    rules: bool | Unset = True,
) -> Response[Listing | Problem]:
    """Look around: items that pass a filter, in the order of fields or of their ids

    Args:
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Listing | Problem]
    """

    kwargs = _get_kwargs(
        filter_=filter_,
        k=k,
        offset=offset,
        facets=facets,
        histograms=histograms,
        sort=sort,
        group_by=group_by,
        snapshot=snapshot,
        rules=rules,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    k: int | Unset = 10,
    offset: int | Unset = 0,
    facets: list[str] | Unset = UNSET,
    histograms: list[str] | Unset = UNSET,
    sort: list[str] | Unset = UNSET,
    group_by: str | Unset = UNSET,
    snapshot: str | Unset = UNSET,
    rules: bool | Unset = True,
) -> Listing | Problem | None:
    """Look around: items that pass a filter, in the order of fields or of their ids

    Args:
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Listing | Problem
    """

    return sync_detailed(
        client=client,
        filter_=filter_,
        k=k,
        offset=offset,
        facets=facets,
        histograms=histograms,
        sort=sort,
        group_by=group_by,
        snapshot=snapshot,
        rules=rules,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    k: int | Unset = 10,
    offset: int | Unset = 0,
    facets: list[str] | Unset = UNSET,
    histograms: list[str] | Unset = UNSET,
    sort: list[str] | Unset = UNSET,
    group_by: str | Unset = UNSET,
    snapshot: str | Unset = UNSET,
    rules: bool | Unset = True,
) -> Response[Listing | Problem]:
    """Look around: items that pass a filter, in the order of fields or of their ids

    Args:
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Listing | Problem]
    """

    kwargs = _get_kwargs(
        filter_=filter_,
        k=k,
        offset=offset,
        facets=facets,
        histograms=histograms,
        sort=sort,
        group_by=group_by,
        snapshot=snapshot,
        rules=rules,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    filter_: str | Unset = UNSET,
    k: int | Unset = 10,
    offset: int | Unset = 0,
    facets: list[str] | Unset = UNSET,
    histograms: list[str] | Unset = UNSET,
    sort: list[str] | Unset = UNSET,
    group_by: str | Unset = UNSET,
    snapshot: str | Unset = UNSET,
    rules: bool | Unset = True,
) -> Listing | Problem | None:
    """Look around: items that pass a filter, in the order of fields or of their ids

    Args:
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Listing | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            filter_=filter_,
            k=k,
            offset=offset,
            facets=facets,
            histograms=histograms,
            sort=sort,
            group_by=group_by,
            snapshot=snapshot,
            rules=rules,
        )
    ).parsed
