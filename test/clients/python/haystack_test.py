# SPDX-License-Identifier: PostgreSQL
"""Haystack's store: exact and by an index, filters, words, and a pipeline over both."""

import os

# Before the import: the framework would report its use
os.environ['HAYSTACK_TELEMETRY_ENABLED'] = 'False'

import psycopg
from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.document_stores.types import DuplicatePolicy
from haystack.utils import Secret
from haystack_integrations.components.retrievers.pgvector import (PgvectorEmbeddingRetriever,
                                                                  PgvectorKeywordRetriever)
from haystack_integrations.document_stores.pgvector import PgvectorDocumentStore

from check import ROWS, category, close, dense, equal, main, nearest, test

connection = 'postgresql://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/{PGDATABASE}'.format(**os.environ)
stores = {}


def make(name, **options):
    return PgvectorDocumentStore(connection_string=Secret.from_token(connection), table_name=name,
                                 embedding_dimension=3, keyword_index_name=f'{name}_words', **options)


def documents():
    return [Document(id=f'row-{i}', content=f'row number {i}', embedding=dense(i),
                     meta={'category': category(i)}) for i in range(1, ROWS + 1)]


def distances(store, query=7, k=5, filters=None):
    found = PgvectorEmbeddingRetriever(document_store=store, top_k=k).run(
        query_embedding=dense(query), filters=filters)['documents']
    return [1 - d.score for d in found]


def condition(operator, value):
    return {'field': 'meta.category', 'operator': operator, 'value': value}


@test('stores: exact, hnsw, hnsw on halfvec')
def _():
    stores['exact'] = make('exact')
    stores['hnsw'] = make('hnsw', search_strategy='hnsw', hnsw_index_name='hnsw_embedding',
                          hnsw_index_creation_kwargs={'m': 16, 'ef_construction': 64}, hnsw_ef_search=100)
    stores['half'] = make('half', search_strategy='hnsw', hnsw_index_name='half_embedding',
                          vector_type='halfvec')
    for store in stores.values():
        equal(store.write_documents(documents()), ROWS)


@test('the schema that they make')
def _():
    with psycopg.connect(connection, autocommit=True) as conn:
        got = conn.execute("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw (%' "
                           'ORDER BY indexname').fetchall()
        conn.execute('ALTER DATABASE {PGDATABASE} SET enable_seqscan = off'.format(**os.environ))
    equal([d.split(' USING ')[1] for d, in got], [
        'hnsw (embedding halfvec_cosine_ops)',
        "hnsw (embedding vector_cosine_ops) WITH (m='16', ef_construction='64')"])


@test('the nearest')
def _():
    for store in stores.values():
        close(distances(store), nearest('<=>', dense, 7))


@test('filters')
def _():
    either = {'operator': 'OR', 'conditions': [condition('==', 1), condition('==', 3)]}
    for store in stores.values():
        close(distances(store, k=10, filters=either),
              nearest('<=>', dense, 7, 10, lambda i: category(i) in (1, 3)))
        close(distances(store, k=10, filters=condition('>=', 2)),
              nearest('<=>', dense, 7, 10, lambda i: category(i) >= 2))


@test('a pipeline: words and vectors, their ranks fused')
def _():
    pipeline = Pipeline()
    pipeline.add_component('meaning', PgvectorEmbeddingRetriever(document_store=stores['hnsw'], top_k=3))
    pipeline.add_component('words', PgvectorKeywordRetriever(document_store=stores['hnsw'], top_k=3))
    pipeline.add_component('fused', DocumentJoiner(join_mode='reciprocal_rank_fusion'))
    pipeline.connect('meaning', 'fused')
    pipeline.connect('words', 'fused')
    got = pipeline.run({'meaning': {'query_embedding': dense(7)}, 'words': {'query': '42'}})
    assert {'row-7', 'row-42'} <= {d.id for d in got['fused']['documents']}, got


@test('asynchronous')
async def _():
    got = await PgvectorEmbeddingRetriever(document_store=make('hnsw', search_strategy='hnsw'), top_k=5).run_async(
        query_embedding=dense(9))
    close([1 - d.score for d in got['documents']], nearest('<=>', dense, 9))


@test('documents are replaced, counted and deleted')
def _():
    store = stores['hnsw']
    store.write_documents([Document(id='row-7', content='another', embedding=dense(90), meta={'category': 0})],
                          policy=DuplicatePolicy.OVERWRITE)
    store.delete_documents(['row-8'])
    equal(store.count_documents(), ROWS - 1)
    equal([d.content for d in store.filter_documents({'field': 'id', 'operator': '==', 'value': 'row-7'})], ['another'])
    close(distances(store)[:1], nearest('<=>', dense, 7, 1, lambda i: i not in (7, 8)))


main()
