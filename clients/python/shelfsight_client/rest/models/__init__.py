"""Contains all the data models used in inputs/outputs"""

from .alias import Alias
from .alias_deleted import AliasDeleted
from .alias_list import AliasList
from .alias_request import AliasRequest
from .alias_set import AliasSet
from .answer_document import AnswerDocument
from .answer_piece import AnswerPiece
from .ask_request import AskRequest
from .atom import Atom
from .atom_document import AtomDocument
from .atom_document_kind import AtomDocumentKind
from .atom_document_subject_type_0 import AtomDocumentSubjectType0
from .atom_kind import AtomKind
from .atom_list import AtomList
from .atom_subject import AtomSubject
from .audit import Audit
from .audit_entry import AuditEntry
from .audit_entry_outcome import AuditEntryOutcome
from .change_document import ChangeDocument
from .change_document_metadata import ChangeDocumentMetadata
from .claim import Claim
from .claim_source import ClaimSource
from .claim_verdict import ClaimVerdict
from .collection_deleted import CollectionDeleted
from .collection_document import CollectionDocument
from .collection_document_fields import CollectionDocumentFields
from .collection_document_fields_additional_property import (
    CollectionDocumentFieldsAdditionalProperty,
)
from .collection_encoder import CollectionEncoder
from .collection_index import CollectionIndex
from .collection_index_parameters import CollectionIndexParameters
from .collection_list import CollectionList
from .columns_document import ColumnsDocument
from .create_request import CreateRequest
from .create_request_store import CreateRequestStore
from .delete_request import DeleteRequest
from .deleted import Deleted
from .embed_request import EmbedRequest
from .embed_request_encoding import EmbedRequestEncoding
from .embeddings import Embeddings
from .embeddings_encoding import EmbeddingsEncoding
from .encoder_document import EncoderDocument
from .erase_request import EraseRequest
from .erased_place import ErasedPlace
from .event_error import EventError
from .evidence import Evidence
from .example_document import ExampleDocument
from .explanation import Explanation
from .facet_counts import FacetCounts
from .facet_counts_facets import FacetCountsFacets
from .facet_counts_facets_additional_property import FacetCountsFacetsAdditionalProperty
from .facet_counts_fields import FacetCountsFields
from .facet_counts_fields_additional_property import FacetCountsFieldsAdditionalProperty
from .failure_document import FailureDocument
from .health import Health
from .histogram import Histogram
from .hit import Hit
from .hit_explanation import HitExplanation
from .hit_metadata import HitMetadata
from .hit_ranks import HitRanks
from .hit_suggestions import HitSuggestions
from .item_document import ItemDocument
from .item_document_metadata import ItemDocumentMetadata
from .job_document import JobDocument
from .job_error import JobError
from .job_list import JobList
from .job_progress import JobProgress
from .job_progress_stage import JobProgressStage
from .job_report import JobReport
from .job_request import JobRequest
from .job_state import JobState
from .key_created import KeyCreated
from .key_created_state import KeyCreatedState
from .key_document import KeyDocument
from .key_document_state import KeyDocumentState
from .key_list import KeyList
from .key_request import KeyRequest
from .listed_collection import ListedCollection
from .listed_hit import ListedHit
from .listed_hit_metadata import ListedHitMetadata
from .listed_hit_ranks import ListedHitRanks
from .listed_hit_suggestions import ListedHitSuggestions
from .listing import Listing
from .listing_corrections import ListingCorrections
from .listing_facets import ListingFacets
from .listing_facets_additional_property import ListingFacetsAdditionalProperty
from .listing_histograms import ListingHistograms
from .listing_trace import ListingTrace
from .page import Page
from .page_corrections import PageCorrections
from .page_end import PageEnd
from .page_end_corrections import PageEndCorrections
from .page_end_facets import PageEndFacets
from .page_end_facets_additional_property import PageEndFacetsAdditionalProperty
from .page_end_histograms import PageEndHistograms
from .page_end_trace import PageEndTrace
from .page_facets import PageFacets
from .page_facets_additional_property import PageFacetsAdditionalProperty
from .page_histograms import PageHistograms
from .page_trace import PageTrace
from .picture_document import PictureDocument
from .problem import Problem
from .put_request import PutRequest
from .put_request_metadata import PutRequestMetadata
from .ready import Ready
from .ready_checks import ReadyChecks
from .ready_status import ReadyStatus
from .reason import Reason
from .receipt import Receipt
from .receipt_caches import ReceiptCaches
from .receipt_held import ReceiptHeld
from .scope import Scope
from .search_request import SearchRequest
from .search_request_mode import SearchRequestMode
from .stage import Stage
from .stage_ended import StageEnded
from .stop import Stop
from .stored_item import StoredItem
from .stored_item_metadata import StoredItemMetadata
from .stored_item_suggestions import StoredItemSuggestions
from .stored_picture import StoredPicture
from .suggestion import Suggestion
from .turn_document import TurnDocument
from .update_report import UpdateReport
from .update_request import UpdateRequest
from .upsert_report import UpsertReport
from .upsert_request import UpsertRequest
from .why import Why
from .why_change import WhyChange
from .why_condition import WhyCondition
from .why_condition_fields import WhyConditionFields
from .why_condition_source import WhyConditionSource
from .why_into import WhyInto
from .why_into_how import WhyIntoHow
from .why_neighbour import WhyNeighbour
from .why_neighbour_fields import WhyNeighbourFields
from .why_neighbour_more import WhyNeighbourMore
from .why_outcome import WhyOutcome
from .why_rule import WhyRule
from .why_rule_kind import WhyRuleKind
from .why_stage import WhyStage
from .why_trace import WhyTrace
from .why_word import WhyWord

__all__ = (
    "Alias",
    "AliasDeleted",
    "AliasList",
    "AliasRequest",
    "AliasSet",
    "AnswerDocument",
    "AnswerPiece",
    "AskRequest",
    "Atom",
    "AtomDocument",
    "AtomDocumentKind",
    "AtomDocumentSubjectType0",
    "AtomKind",
    "AtomList",
    "AtomSubject",
    "Audit",
    "AuditEntry",
    "AuditEntryOutcome",
    "ChangeDocument",
    "ChangeDocumentMetadata",
    "Claim",
    "ClaimSource",
    "ClaimVerdict",
    "CollectionDeleted",
    "CollectionDocument",
    "CollectionDocumentFields",
    "CollectionDocumentFieldsAdditionalProperty",
    "CollectionEncoder",
    "CollectionIndex",
    "CollectionIndexParameters",
    "CollectionList",
    "ColumnsDocument",
    "CreateRequest",
    "CreateRequestStore",
    "Deleted",
    "DeleteRequest",
    "Embeddings",
    "EmbeddingsEncoding",
    "EmbedRequest",
    "EmbedRequestEncoding",
    "EncoderDocument",
    "ErasedPlace",
    "EraseRequest",
    "EventError",
    "Evidence",
    "ExampleDocument",
    "Explanation",
    "FacetCounts",
    "FacetCountsFacets",
    "FacetCountsFacetsAdditionalProperty",
    "FacetCountsFields",
    "FacetCountsFieldsAdditionalProperty",
    "FailureDocument",
    "Health",
    "Histogram",
    "Hit",
    "HitExplanation",
    "HitMetadata",
    "HitRanks",
    "HitSuggestions",
    "ItemDocument",
    "ItemDocumentMetadata",
    "JobDocument",
    "JobError",
    "JobList",
    "JobProgress",
    "JobProgressStage",
    "JobReport",
    "JobRequest",
    "JobState",
    "KeyCreated",
    "KeyCreatedState",
    "KeyDocument",
    "KeyDocumentState",
    "KeyList",
    "KeyRequest",
    "ListedCollection",
    "ListedHit",
    "ListedHitMetadata",
    "ListedHitRanks",
    "ListedHitSuggestions",
    "Listing",
    "ListingCorrections",
    "ListingFacets",
    "ListingFacetsAdditionalProperty",
    "ListingHistograms",
    "ListingTrace",
    "Page",
    "PageCorrections",
    "PageEnd",
    "PageEndCorrections",
    "PageEndFacets",
    "PageEndFacetsAdditionalProperty",
    "PageEndHistograms",
    "PageEndTrace",
    "PageFacets",
    "PageFacetsAdditionalProperty",
    "PageHistograms",
    "PageTrace",
    "PictureDocument",
    "Problem",
    "PutRequest",
    "PutRequestMetadata",
    "Ready",
    "ReadyChecks",
    "ReadyStatus",
    "Reason",
    "Receipt",
    "ReceiptCaches",
    "ReceiptHeld",
    "Scope",
    "SearchRequest",
    "SearchRequestMode",
    "Stage",
    "StageEnded",
    "Stop",
    "StoredItem",
    "StoredItemMetadata",
    "StoredItemSuggestions",
    "StoredPicture",
    "Suggestion",
    "TurnDocument",
    "UpdateReport",
    "UpdateRequest",
    "UpsertReport",
    "UpsertRequest",
    "Why",
    "WhyChange",
    "WhyCondition",
    "WhyConditionFields",
    "WhyConditionSource",
    "WhyInto",
    "WhyIntoHow",
    "WhyNeighbour",
    "WhyNeighbourFields",
    "WhyNeighbourMore",
    "WhyOutcome",
    "WhyRule",
    "WhyRuleKind",
    "WhyStage",
    "WhyTrace",
    "WhyWord",
)
