from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.page import Page
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
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
    min_relevance: float | Unset = UNSET,
    duplicates: float | Unset = UNSET,
    diversity: float | Unset = 0.0,
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

    params["min_relevance"] = min_relevance

    params["duplicates"] = duplicates

    params["diversity"] = diversity

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/items/{id}/similar".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Page | Problem:
    if response.status_code == 200:
        response_200 = Page.from_dict(response.json())

        return response_200

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[Page | Problem]:
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
    filter_: str | Unset = UNSET,
    k: int | Unset = 10,
    offset: int | Unset = 0,
    facets: list[str] | Unset = UNSET,
    histograms: list[str] | Unset = UNSET,
    sort: list[str] | Unset = UNSET,
    group_by: str | Unset = UNSET,
    snapshot: str | Unset = UNSET,
    rules: bool | Unset = True,
    min_relevance: float | Unset = UNSET,
    duplicates: float | Unset = UNSET,
    diversity: float | Unset = 0.0,
) -> Response[Page | Problem]:
    """Items that look like this one

    Args:
        id (str):
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.
        min_relevance (float | Unset):
        duplicates (float | Unset):
        diversity (float | Unset):  Default: 0.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Page | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        filter_=filter_,
        k=k,
        offset=offset,
        facets=facets,
        histograms=histograms,
        sort=sort,
        group_by=group_by,
        snapshot=snapshot,
        rules=rules,
        min_relevance=min_relevance,
        duplicates=duplicates,
        diversity=diversity,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
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
    min_relevance: float | Unset = UNSET,
    duplicates: float | Unset = UNSET,
    diversity: float | Unset = 0.0,
) -> Page | Problem | None:
    """Items that look like this one

    Args:
        id (str):
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.
        min_relevance (float | Unset):
        duplicates (float | Unset):
        diversity (float | Unset):  Default: 0.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Page | Problem
    """

    return sync_detailed(
        id=id,
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
        min_relevance=min_relevance,
        duplicates=duplicates,
        diversity=diversity,
    ).parsed


async def asyncio_detailed(
    id: str,
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
    min_relevance: float | Unset = UNSET,
    duplicates: float | Unset = UNSET,
    diversity: float | Unset = 0.0,
) -> Response[Page | Problem]:
    """Items that look like this one

    Args:
        id (str):
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.
        min_relevance (float | Unset):
        duplicates (float | Unset):
        diversity (float | Unset):  Default: 0.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Page | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        filter_=filter_,
        k=k,
        offset=offset,
        facets=facets,
        histograms=histograms,
        sort=sort,
        group_by=group_by,
        snapshot=snapshot,
        rules=rules,
        min_relevance=min_relevance,
        duplicates=duplicates,
        diversity=diversity,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
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
    min_relevance: float | Unset = UNSET,
    duplicates: float | Unset = UNSET,
    diversity: float | Unset = 0.0,
) -> Page | Problem | None:
    """Items that look like this one

    Args:
        id (str):
        filter_ (str | Unset):
        k (int | Unset):  Default: 10.
        offset (int | Unset):  Default: 0.
        facets (list[str] | Unset):
        histograms (list[str] | Unset):
        sort (list[str] | Unset):
        group_by (str | Unset):
        snapshot (str | Unset):
        rules (bool | Unset):  Default: True.
        min_relevance (float | Unset):
        duplicates (float | Unset):
        diversity (float | Unset):  Default: 0.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Page | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
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
            min_relevance=min_relevance,
            duplicates=duplicates,
            diversity=diversity,
        )
    ).parsed
