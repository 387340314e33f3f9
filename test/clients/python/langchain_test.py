# SPDX-License-Identifier: PostgreSQL
"""LangChain's two stores of langchain-postgres, with an embedding of our own."""

import warnings

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_postgres import Column, PGEngine, PGVector, PGVectorStore
from langchain_postgres.v2.hybrid_search_config import HybridSearchConfig
from langchain_postgres.v2.indexes import (DistanceStrategy, HNSWIndex, HNSWQueryOptions,
                                           IVFFlatIndex, IVFFlatQueryOptions)
from sqlalchemy import create_engine, text

from check import ROWS, category, close, dense, equal, main, nearest, test, url

warnings.simplefilter('ignore')
engine = PGEngine.from_connection_string(url('psycopg'))
sql = create_engine(url('psycopg'))
OPERATORS = (DistanceStrategy.EUCLIDEAN, '<->'), (DistanceStrategy.COSINE_DISTANCE, '<=>')
store = None


class RowEmbeddings(Embeddings):
    """The text "row 7" has the vector of row 7"""

    def embed_documents(self, texts):
        return [self.embed_query(t) for t in texts]

    def embed_query(self, text):
        return dense(int(text.split()[1]))


def documents():
    return [Document(f'row {i}', metadata={'category': category(i), 'name': f'n{i}'})
            for i in range(1, ROWS + 1)]


def distances(store, query=7, k=5, **options):
    return [score for _, score in store.similarity_search_with_score(f'row {query}', k=k, **options)]


@test('PGEngine: extension and table')
def _():
    engine.init_vectorstore_table('documents', 3, metadata_columns=[Column('category', 'INTEGER')])


@test('PGVectorStore: documents are added')
def _():
    global store
    store = PGVectorStore.create_sync(engine, RowEmbeddings(), 'documents',
                                      metadata_columns=['category'])
    equal(len(store.add_documents(documents())), ROWS)


@test('the nearest, by text and by vector')
def _():
    close(distances(store), nearest('<=>', dense, 7))
    equal(store.similarity_search_by_vector(dense(9), k=1)[0].page_content, 'row 9')


@test('HNSWIndex and IVFFlatIndex of every strategy, also concurrently')
def _():
    with sql.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{sql.url.database}" SET enable_seqscan = off'))
        connection.commit()
    for strategy, operator in OPERATORS:
        for index, options in (
                (HNSWIndex(distance_strategy=strategy, m=8, ef_construction=32),
                 HNSWQueryOptions(ef_search=80)),
                (IVFFlatIndex(distance_strategy=strategy, lists=4), IVFFlatQueryOptions(probes=4))):
            store.apply_vector_index(index, concurrently=operator == '<->')
            assert store.is_valid_index()
            other_engine = PGEngine.from_connection_string(url('psycopg'))
            other = PGVectorStore.create_sync(
                other_engine, RowEmbeddings(), 'documents', metadata_columns=['category'],
                distance_strategy=strategy, index_query_options=options)
            close(distances(other), nearest(operator, dense, 7))
            store.reindex()
            store.drop_vector_index()
    store.apply_vector_index(HNSWIndex(distance_strategy=DistanceStrategy.INNER_PRODUCT))
    store.drop_vector_index()
    store.apply_vector_index(HNSWIndex())


@test('filters under an index')
def _():
    close(distances(store, k=10, filter={'category': 2}),
          nearest('<=>', dense, 7, 10, lambda i: category(i) == 2))
    close(distances(store, k=10, filter={'$and': [{'category': {'$gte': 1}}, {'category': {'$lt': 3}}]}),
          nearest('<=>', dense, 7, 10, lambda i: 1 <= category(i) < 3))


@test('a partial index')
def _():
    store.apply_vector_index(HNSWIndex(name='second', partial_indexes='category = 1'))
    close(distances(store, k=10, filter={'category': 1}),
          nearest('<=>', dense, 7, 10, lambda i: category(i) == 1))


@test('maximal marginal relevance')
def _():
    got = store.max_marginal_relevance_search('row 7', k=4, fetch_k=20)
    equal(got[0].page_content, 'row 7')
    equal(len({d.page_content for d in got}), 4)


@test('hybrid search, vectors and words')
def _():
    config = HybridSearchConfig(tsv_column='words', fts_query='42')
    engine.init_vectorstore_table('articles', 3, hybrid_search_config=config)
    hybrid = PGVectorStore.create_sync(engine, RowEmbeddings(), 'articles', hybrid_search_config=config)
    hybrid.add_documents(documents())
    hybrid.apply_vector_index(HNSWIndex())
    hybrid.apply_hybrid_search_index()
    got = {d.page_content for d in hybrid.similarity_search('row 7', k=8)}
    assert {'row 7', 'row 42'} <= got, got


@test('documents are read and deleted by id')
def _():
    got = store.similarity_search('row 7', k=1)[0]
    equal(store.get_by_ids([got.id])[0].page_content, 'row 7')
    equal(store.delete([got.id]), True)
    close(distances(store), nearest('<=>', dense, 7, where=lambda i: i != 7))


@test('PGVectorStore, asynchronous')
async def _():
    other = await PGVectorStore.create(engine, RowEmbeddings(), 'documents', metadata_columns=['category'])
    got = await other.asimilarity_search('row 8', k=1)
    equal(got[0].page_content, 'row 8')


@test('PGVector: collections, filters in JSON')
def _():
    old = PGVector(RowEmbeddings(), connection=url('psycopg'), collection_name='c', embedding_length=3,
                   use_jsonb=True)
    old.add_documents(documents())
    close(distances(old), nearest('<=>', dense, 7))
    close(distances(old, k=10, filter={'category': {'$in': [1, 2]}}),
          nearest('<=>', dense, 7, 10, lambda i: category(i) in (1, 2)))
    euclidean = PGVector(RowEmbeddings(), connection=url('psycopg'), collection_name='c',
                         embedding_length=3, distance_strategy='l2')
    close(distances(euclidean), nearest('<->', dense, 7))
    retriever = old.as_retriever(search_type='mmr', search_kwargs={'k': 2})
    equal(retriever.invoke('row 11')[0].page_content, 'row 11')
    old.delete_collection()


main()
