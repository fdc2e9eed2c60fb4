"""Which operation takes and answers what. An operation that is not here fails a test, by its name."""

from pydantic import BaseModel

from shelfsight.api.http.asking import AskRequest
from shelfsight.api.http.collections import AliasRequest, CreateRequest
from shelfsight.api.http.embedding import EmbedRequest
from shelfsight.api.http.jobs import JobRequest
from shelfsight.api.http.parameters import SearchRequest
from shelfsight.api.http.schemas import examples, items, jobs, pages, service
from shelfsight.api.http.schemas.contract import Answer, Body, Contract, Form, Link
from shelfsight.api.http.schemas.erasing import Receipt
from shelfsight.api.http.schemas.problems import EventError
from shelfsight.api.http.schemas.why import Why
from shelfsight.api.http.writing import DeleteRequest, EraseRequest
from shelfsight.api.service.metrics import CONTENT_TYPE
from shelfsight.api.service.rows import ChangeDocument, ItemDocument

__all__ = ["CONTRACTS"]

_SEARCH = Body(
    model=SearchRequest,
    examples=examples.SEARCH,
    form=Form(files={"image": "The picture."}, text=["atoms"]),
)
_SEARCH_EVENTS = (
    "The page of hits. To those who accept `text/event-stream`: events `hits`, the page as the first stage has it, at "
    "once; with `rerank` `order`, the page in its new order; with `explain` an `explanation` for each hit that is "
    "explained; and at the end `done`, the page without its hits, or `error`. The hits of the last page, the "
    "explanations, and what `done` says are the page of hits."
)
_ANSWER_EVENTS = (
    "The answer. To those who accept `text/event-stream`: events `text`, each with the next piece in its `text`, and "
    "at the end `answer`, which is the answer whole, or `error`, which says what failed."
)
_JOB_EVENTS = (
    "`state`: the job as it is now, at first and with every change of it. `progress`: how far it is. Each event has an "
    "id, and the stream ends when the job does."
)
_SHOW_ITEM = Link(operation="get_item", parameters={"id": "$response.body#/hits/0/id"})
_KNOWN = Answer(description="As `If-None-Match` knows it.", headers=["ETag"])
_PICTURE = Contract(
    answers={
        200: Answer(
            description="The picture; what browsers do not show is a file.",
            media=["image/jpeg", "image/png", "image/gif", "image/webp", "application/octet-stream"],
            headers=["ETag"],
        ),
        304: _KNOWN,
    }
)
_JOB = Answer(model=jobs.JobDocument)
_JOB_LINKS = [
    Link(operation=name, parameters={"job": "$response.body#/id"})
    for name in ("get_job", "follow_job", "list_failures", "cancel_job", "resume_job")
]


def _ok(model: type[BaseModel], *links: Link, other: type[BaseModel] | None = None) -> dict[int, Answer]:
    return {200: Answer(model=model, other=other, links=links)}


_SEARCHING = {
    "search": Contract(
        body=_SEARCH,
        answers={
            200: Answer(
                description=_SEARCH_EVENTS,
                model=pages.Page,
                events={
                    "hits": pages.Page,
                    "order": pages.Page,
                    "explanation": pages.HitExplanation,
                    "done": pages.PageEnd,
                    "error": EventError,
                },
                links=[_SHOW_ITEM],
            )
        },
    ),
    "parse_query": Contract(answers=_ok(pages.AtomList)),
    "browse_items": Contract(answers=_ok(pages.Listing, _SHOW_ITEM)),
    "count_facets": Contract(answers=_ok(pages.FacetCounts)),
    "embed": Contract(
        body=Body(model=EmbedRequest, examples=examples.EMBED, form=Form(files={"pictures": ["Pictures."]})),
        answers=_ok(items.Embeddings),
    ),
}
_ITEMS = {
    "ask": Contract(
        body=Body(model=AskRequest, examples=examples.ASK),
        answers={
            200: Answer(
                description=_ANSWER_EVENTS,
                model=items.AnswerDocument,
                events={"text": items.AnswerPiece, "answer": items.AnswerDocument, "error": EventError},
            )
        },
    ),
    "why_item": Contract(body=_SEARCH, answers=_ok(Why)),
    "get_nth_thumbnail": _PICTURE,
    "get_nth_picture": _PICTURE,
    "get_picture": _PICTURE,
    "get_thumbnail": _PICTURE,
    "similar_items": Contract(answers=_ok(pages.Page, _SHOW_ITEM)),
    "get_item": Contract(answers={200: Answer(model=items.StoredItem, headers=["ETag"]), 304: _KNOWN}),
    "put_item": Contract(
        body=Body(
            model=items.PutRequest,
            examples=examples.PUT,
            form=Form(files={"files": ["Named in `upload`."]}, holds="item"),
        ),
        answers={
            200: Answer(model=items.StoredItem, headers=["ETag"]),
            201: Answer(description="It is new.", model=items.StoredItem, headers=["ETag"]),
        },
        problems=[412],
    ),
    "delete_item": Contract(answers=_ok(items.Deleted, other=Receipt), problems=[412]),
    "upsert_items": Contract(
        body=Body(
            model=items.UpsertRequest,
            examples=examples.UPSERT,
            form=Form(files={"files": ["Named in `upload`."]}, holds="items"),
            line=ItemDocument,
        ),
        answers=_ok(items.UpsertReport),
    ),
    "update_items": Contract(
        body=Body(model=items.UpdateRequest, examples=examples.UPDATE, line=ChangeDocument),
        answers=_ok(items.UpdateReport),
    ),
    "delete_items": Contract(body=Body(model=DeleteRequest, examples=examples.DELETE), answers=_ok(items.Deleted)),
    "erase_items": Contract(body=Body(model=EraseRequest, examples=examples.ERASE), answers=_ok(Receipt)),
}
_JOBS = {
    "submit_job": Contract(
        body=Body(
            model=JobRequest,
            examples=examples.JOB,
            form=Form(files={"catalogue": "A .csv, .tsv, .jsonl, .parquet or .tar file."}, text=["columns"]),
        ),
        answers={
            202: Answer(description="It is queued.", model=jobs.JobDocument, headers=["Location"], links=_JOB_LINKS)
        },
    ),
    "list_jobs": Contract(answers=_ok(jobs.JobList)),
    "get_job": Contract(answers={200: _JOB}),
    "follow_job": Contract(
        answers={
            200: Answer(description=_JOB_EVENTS, events={"state": jobs.JobDocument, "progress": jobs.JobProgress}),
            204: Answer(description="The job has ended, and all of it was seen."),
        }
    ),
    "list_failures": Contract(answers={200: Answer(description="One failure a line.", line=items.FailureDocument)}),
    "cancel_job": Contract(answers={200: _JOB}),
    "resume_job": Contract(answers={202: _JOB}),
}
_SERVER = {
    "list_collections": Contract(answers=_ok(service.CollectionList)),
    "get_collection": Contract(answers=_ok(service.CollectionDocument)),
    "create_collection": Contract(
        body=Body(model=CreateRequest, examples=examples.CREATE),
        answers={
            200: Answer(description="It is there already.", model=service.CollectionDocument),
            201: Answer(
                description="It is new, and empty.",
                model=service.CollectionDocument,
                links=[
                    Link(operation=name, parameters={"collection": "$response.body#/name"})
                    for name in ("get_collection", "browse_items_of_collection", "delete_collection")
                ],
            ),
        },
    ),
    "delete_collection": Contract(answers=_ok(service.CollectionDeleted)),
    "list_aliases": Contract(answers=_ok(service.AliasList)),
    "put_alias": Contract(
        body=Body(model=AliasRequest, examples=examples.ALIAS),
        answers=_ok(service.AliasSet, Link(operation="delete_alias", parameters={"alias": "$response.body#/alias"})),
    ),
    "delete_alias": Contract(answers=_ok(service.AliasDeleted)),
    "list_keys": Contract(answers=_ok(service.KeyList)),
    "create_key": Contract(
        body=Body(model=service.KeyRequest, examples=examples.KEY),
        answers={
            201: Answer(
                description="The key, in `key`; it is never shown again.",
                model=service.KeyCreated,
                links=[Link(operation="revoke_key", parameters={"key": "$response.body#/id"})],
            )
        },
    ),
    "revoke_key": Contract(answers=_ok(service.KeyDocument)),
    "list_audit": Contract(answers=_ok(service.Audit)),
    "metrics": Contract(answers={200: Answer(description="In Prometheus's text format.", media=[CONTENT_TYPE])}),
    "healthz": Contract(answers=_ok(service.Health)),
    "readyz": Contract(
        answers={
            200: Answer(model=service.Ready),
            503: Answer(description="Not yet; `detail` says why.", model=service.Ready),
        }
    ),
}
CONTRACTS = {**_SEARCHING, **_ITEMS, **_JOBS, **_SERVER}
"""Function of the route -> what it takes and answers, whichever collection is asked."""
