from http import HTTPStatus
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.job_document import JobDocument
from ...models.job_request import JobRequest
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    *,
    body: JobRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/jobs",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> JobDocument | Problem:
    if response.status_code == 202:
        response_202 = JobDocument.from_dict(response.json())

        return response_202

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[JobDocument | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: JobRequest,
) -> Response[JobDocument | Problem]:
    """Bring a collection up to date with a catalogue

     The catalogue is a path that the server may read, an address, or a file that comes along. The job
    runs in a
    process of its own, one at a time for a collection; what is in the collection already is not encoded
    again.

    Args:
        body (JobRequest): What is to be indexed, and how. In a form the catalogue may come along,
            as a file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JobDocument | Problem]
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
    body: JobRequest,
) -> JobDocument | Problem | None:
    """Bring a collection up to date with a catalogue

     The catalogue is a path that the server may read, an address, or a file that comes along. The job
    runs in a
    process of its own, one at a time for a collection; what is in the collection already is not encoded
    again.

    Args:
        body (JobRequest): What is to be indexed, and how. In a form the catalogue may come along,
            as a file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JobDocument | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: JobRequest,
) -> Response[JobDocument | Problem]:
    """Bring a collection up to date with a catalogue

     The catalogue is a path that the server may read, an address, or a file that comes along. The job
    runs in a
    process of its own, one at a time for a collection; what is in the collection already is not encoded
    again.

    Args:
        body (JobRequest): What is to be indexed, and how. In a form the catalogue may come along,
            as a file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JobDocument | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: JobRequest,
) -> JobDocument | Problem | None:
    """Bring a collection up to date with a catalogue

     The catalogue is a path that the server may read, an address, or a file that comes along. The job
    runs in a
    process of its own, one at a time for a collection; what is in the collection already is not encoded
    again.

    Args:
        body (JobRequest): What is to be indexed, and how. In a form the catalogue may come along,
            as a file.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JobDocument | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
