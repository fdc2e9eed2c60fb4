"""Search a shop, put an item in, watch a search as it comes about, take the item out again.

shelfsight demo                            # serves the demo at http://127.0.0.1:8000
python examples/shop.py http://127.0.0.1:8000
"""

import argparse
import base64
from collections.abc import Sequence

from shelfsight_client import AnyClient, Done, Explained, FirstHits, NewOrder, answered, connect, search_events
from shelfsight_client.rest.api.items import delete_item, get_picture, put_item
from shelfsight_client.rest.api.search import search
from shelfsight_client.rest.models.hit import Hit
from shelfsight_client.rest.models.picture_document import PictureDocument
from shelfsight_client.rest.models.put_request import PutRequest
from shelfsight_client.rest.models.put_request_metadata import PutRequestMetadata
from shelfsight_client.rest.models.search_request import SearchRequest


def find(client: AnyClient, query: str) -> list[Hit]:
    """The best hits for ``query``, printed."""
    page = answered(search.sync(client=client, body=SearchRequest(query=query, k=5)))
    print(f"{page.total} items; the best for {query!r}:")
    for hit in page.hits:
        print(f"  {hit.rank}. {hit.title} ({hit.score:.3f})")
    return page.hits


def copy(client: AnyClient, hit: Hit, id: str) -> None:
    """Put a second item in with the picture of ``hit``."""
    picture = answered(get_picture.sync(hit.id, client=client)).payload.read()
    metadata = PutRequestMetadata()
    metadata["price"] = 1.5
    document = PutRequest(
        pictures=[PictureDocument(data=base64.b64encode(picture).decode())],
        title=f"Copy of {hit.title}",
        metadata=metadata,
    )
    item = answered(put_item.sync(id, client=client, body=document))
    print(f"put in: {item.title}, {item.metadata.additional_properties}")


def watch(client: AnyClient, id: str) -> None:
    """A search for what looks like item ``id``, as it comes about."""
    request = SearchRequest(like=[id], filter_="price < 100000", k=3)
    for event in search_events(client, request):
        match event:
            case FirstHits(page) | NewOrder(page):
                print("like it:", ", ".join(str(hit.title) for hit in page.hits))
            case Explained(explanation):
                print("because:", explanation.explanation.sentence)
            case Done(end):
                print(f"done: {end.total} items in {end.trace.additional_properties['total']:.0f} ms")


def main(arguments: Sequence[str] | None = None) -> None:
    """Everything, on the collection at an address."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where the server is")
    parser.add_argument("--key", help="an API key for writing, where the server asks for one")
    parser.add_argument("--collection", help="which of its collections; else the default one")
    asked = parser.parse_args(arguments)
    client = connect(asked.url, key=asked.key, collection=asked.collection)
    best, *_ = find(client, "a red mug")
    copy(client, best, "my-copy")
    watch(client, "my-copy")
    answered(delete_item.sync("my-copy", client=client))
    print("taken out again")


if __name__ == "__main__":
    main()
