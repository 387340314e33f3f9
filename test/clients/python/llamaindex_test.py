# SPDX-License-Identifier: PostgreSQL
"""LlamaIndex's Postgres store, by itself and below an index with an embedding
of our own."""

import os

from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (FilterCondition, FilterOperator, MetadataFilter,
                                                  MetadataFilters, VectorStoreQuery,
                                                  VectorStoreQueryMode)
from llama_index.vector_stores.postgres import PGVectorStore
from sqlalchemy import create_engine, text

from check import ROWS, category, close, dense, equal, main, nearest, test, url

sql = create_engine(url('psycopg2'))
stores = {}


class RowEmbedding(BaseEmbedding):
    """The text "row 7" has the vector of row 7"""

    def _get_text_embedding(self, text):
        return dense(int(text.split()[1]))

    def _get_query_embedding(self, query):
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query):
        return self._get_text_embedding(query)


def nodes():
    return [TextNode(id_=f'node-{i}', text=f'row {i}', embedding=dense(i),
                     metadata={'category': category(i)},
                     relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f'document-{i % 10}')})
            for i in range(1, ROWS + 1)]


def make(name, **options):
    return PGVectorStore.from_params(
        host=os.environ['PGHOST'], port=os.environ['PGPORT'], database=os.environ['PGDATABASE'],
        user=os.environ['PGUSER'], password=os.environ['PGPASSWORD'], table_name=name, embed_dim=3,
        **options)


def distances(store, query=7, k=5, filters=None, **options):
    got = store.query(VectorStoreQuery(query_embedding=dense(query), similarity_top_k=k,
                                       filters=filters), **options)
    return [1 - s for s in got.similarities]


def equals(key, value, operator=FilterOperator.EQ):
    return MetadataFilter(key=key, value=value, operator=operator)


HNSW = {'hnsw_m': 16, 'hnsw_ef_construction': 64, 'hnsw_ef_search': 40}


@test('stores: plain, hnsw, hnsw on halfvec, words beside vectors')
def _():
    stores['plain'] = make('plain')
    stores['hnsw'] = make('hnsw', hnsw_kwargs={**HNSW, 'hnsw_dist_method': 'vector_cosine_ops'})
    stores['half'] = make('half', use_halfvec=True,
                          hnsw_kwargs={**HNSW, 'hnsw_dist_method': 'halfvec_cosine_ops'})
    stores['words'] = make('words', hybrid_search=True, use_jsonb=True,
                           indexed_metadata_keys={('category', 'int')}, hnsw_kwargs=dict(HNSW))
    for store in stores.values():
        equal(len(store.add(nodes())), ROWS)


@test('the schema that they make')
def _():
    with sql.connect() as connection:
        got = connection.execute(text("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw (%' "
                                      "ORDER BY indexname")).scalars().all()
        connection.execute(text(f'ALTER DATABASE "{sql.url.database}" SET enable_seqscan = off'))
        connection.commit()
    equal([d.split(' USING ')[1] for d in got], [
        "hnsw (embedding halfvec_cosine_ops) WITH (m='16', ef_construction='64')",
        "hnsw (embedding vector_cosine_ops) WITH (m='16', ef_construction='64')",
        "hnsw (embedding vector_cosine_ops) WITH (m='16', ef_construction='64')"])


@test('the nearest')
def _():
    for store in stores.values():
        close(distances(store), nearest('<=>', dense, 7))
    close(distances(stores['hnsw'], hnsw_ef_search=100), nearest('<=>', dense, 7))


@test('an ivfflat index, probes of a query')
def _():
    with sql.connect() as connection:
        connection.execute(text('CREATE INDEX ON data_plain USING ivfflat (embedding vector_cosine_ops) '
                                'WITH (lists = 4)'))
        connection.commit()
    close(distances(stores['plain'], ivfflat_probes=4), nearest('<=>', dense, 7))


@test('filters')
def _():
    both = MetadataFilters(filters=[equals('category', 1), equals('category', 3)],
                           condition=FilterCondition.OR)
    least = MetadataFilters(filters=[equals('category', 2, FilterOperator.GTE)])
    for store in stores.values():
        close(distances(store, k=10, filters=both),
              nearest('<=>', dense, 7, 10, lambda i: category(i) in (1, 3)))
        close(distances(store, k=10, filters=least),
              nearest('<=>', dense, 7, 10, lambda i: category(i) >= 2))


@test('hybrid search, vectors and words')
def _():
    got = stores['words'].query(VectorStoreQuery(
        query_embedding=dense(7), query_str='42', similarity_top_k=3, sparse_top_k=3,
        mode=VectorStoreQueryMode.HYBRID))
    assert {'node-7', 'node-42'} <= set(got.ids), got.ids


@test('maximal marginal relevance')
def _():
    got = stores['hnsw'].query(VectorStoreQuery(query_embedding=dense(7), similarity_top_k=4,
                                                mode=VectorStoreQueryMode.MMR))
    equal(got.ids[0], 'node-7')
    equal(len(set(got.ids)), 4)


@test('asynchronous')
async def _():
    store = make('hnsw', hnsw_kwargs=dict(HNSW))
    got = await store.aquery(VectorStoreQuery(query_embedding=dense(9), similarity_top_k=5))
    close([1 - s for s in got.similarities], nearest('<=>', dense, 9))
    await store.close()


@test('nodes are read and deleted')
def _():
    store = stores['hnsw']
    equal([n.text for n in store.get_nodes(node_ids=['node-7'])], ['row 7'])
    store.delete_nodes(['node-7'])
    store.delete('document-8')
    close(distances(store), nearest('<=>', dense, 7, where=lambda i: i != 7 and i % 10 != 8))


@test('VectorStoreIndex: nodes are embedded, retrieved, inserted later')
def _():
    index = VectorStoreIndex(
        [TextNode(text=f'row {i}', metadata={}) for i in range(1, ROWS)],
        storage_context=StorageContext.from_defaults(vector_store=make('index', hnsw_kwargs=dict(HNSW))),
        embed_model=RowEmbedding())
    index.insert_nodes([TextNode(text=f'row {ROWS}')])
    got = index.as_retriever(similarity_top_k=5).retrieve('row 7')
    close([1 - n.score for n in got], nearest('<=>', dense, 7))
    again = VectorStoreIndex.from_vector_store(make('index', hnsw_kwargs=dict(HNSW)),
                                               embed_model=RowEmbedding())
    equal(again.as_retriever(similarity_top_k=1).retrieve(f'row {ROWS}')[0].text, f'row {ROWS}')


main()
