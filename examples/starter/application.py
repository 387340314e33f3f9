# SPDX-License-Identifier: PostgreSQL
"""The application: collections, documents and searches over HTTP."""

import base64
import hashlib
import re
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import prometheus_client
import psycopg
from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

import database
import embeddings
import middleware
from caller import Caller

By = Annotated[Caller, Depends()]
Name = Annotated[str, StringConstraints(pattern='^[a-z0-9-]{1,60}$')]
Kind = Annotated[str, StringConstraints(min_length=1, max_length=60)]
# Of a request: each is inserted into the index
PASSAGES = 2000


def characters(length):
    return Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=length)]


class Given(BaseModel):
    model_config = ConfigDict(extra='forbid')


class NewCollection(Given):
    name: Name


class NewDocument(Given):
    title: characters(300)
    text: characters(200_000) = Field(description='its paragraphs, with empty lines between them, become passages')
    kind: Kind = 'page'
    published: date | None = None


class NewDocuments(Given):
    documents: list[NewDocument] = Field(min_length=1, max_length=1000)


class Search(Given):
    question: characters(1000)
    mode: Literal['dense', 'words', 'fused'] = 'fused'
    kinds: list[Kind] | None = Field(None, max_length=20)
    published_from: date | None = None
    published_to: date | None = None
    by_document: bool = Field(False, description='the best passage of each document alone')
    limit: int = Field(10, ge=1, le=100)


class Collection(BaseModel):
    name: str
    documents: int


class Document(BaseModel):
    id: int
    title: str
    kind: str
    published: date | None


class Stored(BaseModel):
    id: int
    passages: int


class Hit(BaseModel):
    document_id: int
    title: str
    kind: str
    published: date | None
    body: str
    score: float = Field(description='the higher, the better; scores of different modes do not compare')


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str


api = APIRouter(prefix='/v1', responses={status: {'model': Problem} for status in (401, 403, 404, 413, 429, 503)})


def id_of(connection, collection):
    row = connection.execute('SELECT id FROM collections WHERE name = %s', [collection]).fetchone()
    if not row:
        raise HTTPException(404, f'there is no collection {collection}')
    return row['id']


@api.get('/collections')
def list_collections(by: By) -> list[Collection]:
    with by.transaction() as connection:
        return connection.execute("""
            SELECT name, (SELECT count(*) FROM documents WHERE collection_id = collections.id) AS documents
            FROM collections ORDER BY name""").fetchall()


@api.post('/collections', status_code=201, responses={409: {'model': Problem}})
def create_collection(new: NewCollection, by: By) -> Collection:
    try:
        with by.transaction() as connection:
            connection.execute('INSERT INTO collections (name) VALUES (%s)', [new.name])
    except psycopg.errors.UniqueViolation:
        raise HTTPException(409, f'there is already a collection {new.name}') from None
    return Collection(name=new.name, documents=0)


@api.delete('/collections/{collection}', status_code=204)
def delete_collection(collection: Name, by: By):
    with by.transaction() as connection:
        connection.execute('DELETE FROM collections WHERE id = %s', [id_of(connection, collection)])


@api.get('/collections/{collection}/documents')
def list_documents(collection: Name, by: By, after: int = 0,
                   limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Document]:
    with by.transaction() as connection:
        return connection.execute("""
            SELECT id, title, kind, published FROM documents
            WHERE collection_id = %s AND id > %s ORDER BY id LIMIT %s""",
                                  [id_of(connection, collection), after, limit]).fetchall()


def store(connection, collection_id, documents):
    """Documents with their passages, whose vectors the model makes in one call."""
    passages = [embeddings.split(new.text) for new in documents]
    count = sum(map(len, passages))
    if count > PASSAGES:
        raise HTTPException(413, f'a request may have {PASSAGES} passages, and this one has {count}')
    stored, rows = [], []
    for new, bodies in zip(documents, passages):
        document_id = connection.execute("""
            INSERT INTO documents (collection_id, title, kind, published) VALUES (%s, %s, %s, %s) RETURNING id""",
                                         [collection_id, new.title, new.kind, new.published]).fetchone()['id']
        rows += [(document_id, new.kind, new.published, body) for body in bodies]
        stored.append(Stored(id=document_id, passages=len(bodies)))
    if not rows:
        return stored
    vectors = embeddings.embed([body for *_, body in rows])
    connection.execute("""
        INSERT INTO passages (collection_id, document_id, kind, published, body, embedding)
        SELECT %s, document_id, kind, published, body, embedding
        FROM unnest(%s::bigint[], %s::text[], %s::date[], %s::text[], %s::vector[]) WITH ORDINALITY
            AS passages (document_id, kind, published, body, embedding, place)
        ORDER BY place""", [collection_id, *map(list, zip(*rows)), vectors])
    return stored


@api.post('/collections/{collection}/documents', status_code=201)
def add_document(collection: Name, new: NewDocument, by: By) -> Stored:
    with by.transaction() as connection:
        return store(connection, id_of(connection, collection), [new])[0]


@api.post('/collections/{collection}/documents/batch', status_code=201)
def add_documents(collection: Name, new: NewDocuments, by: By) -> list[Stored]:
    """All of them, or none."""
    with by.transaction() as connection:
        return store(connection, id_of(connection, collection), new.documents)


@api.delete('/collections/{collection}/documents/{document}', status_code=204)
def delete_document(collection: Name, document: int, by: By):
    with by.transaction() as connection:
        if not connection.execute('DELETE FROM documents WHERE collection_id = %s AND id = %s',
                                  [id_of(connection, collection), document]).rowcount:
            raise HTTPException(404, f'there is no document {document} in {collection}')


@api.post('/collections/{collection}/search')
def search(collection: Name, search: Search, by: By) -> list[Hit]:
    with by.transaction() as connection:
        filters = search.model_dump(include=set(database.FILTERS), exclude_none=True)
        return database.search(connection, id_of(connection, collection), search.question,
                               embeddings.embed([search.question])[0], search.mode, filters,
                               search.by_document, search.limit)


@asynccontextmanager
async def lifespan(app):
    # Without a database the application is alive, and not ready
    database.pool.open(wait=False)
    yield
    database.pool.close()


app = FastAPIOffline(title='lokivector starter', version='1', redoc_url=None, lifespan=lifespan)
middleware.install(app)
app.include_router(api)

PAGE = Path(__file__).with_name('page.html').read_text()


def hash_of(tag):
    inside = re.search(f'<{tag}>(.*)</{tag}>', PAGE, re.DOTALL)[1]
    return "'sha256-" + base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode() + "'"


# The page runs its own script, and loads nothing from elsewhere
POLICY = f"default-src 'none'; connect-src 'self'; img-src data:; " \
         f"script-src {hash_of('script')}; style-src {hash_of('style')}; frame-ancestors 'none'"


@app.get('/', include_in_schema=False)
def page():
    return HTMLResponse(PAGE, headers={'Content-Security-Policy': POLICY})


@app.get('/health')
def health():
    """The process answers."""
    return {'status': 'alive'}


@app.get('/ready', responses={503: {'model': Problem}})
def ready():
    """The database answers as well."""
    database.is_ready()
    return {'status': 'ready'}


@app.get('/metrics', include_in_schema=False)
def metrics():
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)
