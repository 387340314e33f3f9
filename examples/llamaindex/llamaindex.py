# SPDX-License-Identifier: PostgreSQL
"""A LlamaIndex store of the manual's reference pages.

usage: examples/run.sh llamaindex "QUESTION" [FILTERS]

FILTERS are LlamaIndex's, as JSON: '[{"key": "chars", "operator": ">=", "value": 200}]'.
"""

import json
import os
import pathlib
import re
import sys
import textwrap

import psycopg2
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import MetadataFilters
from llama_index.vector_stores.postgres import PGVectorStore
from pydantic import PrivateAttr
from sqlalchemy import event
from sqlalchemy.engine import Engine

NODES = 4
REFERENCE = 6       # the part of the manual


class LexemeEmbedding(BaseEmbedding):
    """The vectors of the demo, which the server makes of the words of a text."""

    _cursor = PrivateAttr()

    def __init__(self, cursor):
        super().__init__(embed_batch_size=1000)
        self._cursor = cursor

    def _get_text_embeddings(self, texts):
        self._cursor.execute(
            """SELECT embed(body)::float4[]
               FROM unnest(%s::text[]) WITH ORDINALITY AS texts (body, place) ORDER BY place""", [texts])
        return [row[0] for row in self._cursor]

    def _get_text_embedding(self, text):
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query):
        vector = self._get_text_embedding(query)
        if vector is None:
            sys.exit('The manual uses none of these words.')
        return vector

    async def _aget_query_embedding(self, query):
        return self._get_query_embedding(query)


def read_nodes(cursor):
    cursor.execute("""SELECT id, title, section, chars, body FROM paragraphs
                      WHERE part_id = %s AND NOT is_code ORDER BY id""", [REFERENCE])
    return [TextNode(id_=str(number), text=body, excluded_embed_metadata_keys=['chars'],
                     metadata={'title': title, 'section': section, 'chars': chars})
            for number, title, section, chars, body in cursor]


def open_index(cursor):
    """The index over the store; the store is filled if its hnsw index is missing."""
    store = PGVectorStore(
        connection_string='postgresql+psycopg2://', async_connection_string='postgresql+asyncpg://',
        table_name='reference', schema_name='public', embed_dim=256, use_jsonb=True, perform_setup=False)
    embedding = LexemeEmbedding(cursor)
    cursor.execute("SELECT to_regclass('data_reference_embedding_idx')")
    if cursor.fetchone()[0] is None:
        store.clear()
        VectorStoreIndex(read_nodes(cursor), embed_model=embedding,
                         storage_context=StorageContext.from_defaults(vector_store=store))
        cursor.execute(pathlib.Path(__file__).with_name('index.sql').read_text())
    return VectorStoreIndex.from_vector_store(store, embed_model=embedding)


def keep_searches():
    """A list that gets each search that the store sends, with its parameters."""
    searches = []

    @event.listens_for(Engine, 'before_cursor_execute')
    def keep(connection, cursor, statement, parameters, *rest):
        if 'ORDER BY distance' in statement:
            searches.append((statement, parameters))

    return searches


def plan(cursor, search):
    statement, parameters = search
    cursor.execute('EXPLAIN (COSTS OFF) ' + statement, parameters)
    return re.sub(r'\[[^]]{100,}\]', '[...]', '\n'.join(row[0] for row in cursor))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit('usage: examples/run.sh llamaindex "QUESTION" [FILTERS]')
    question = sys.argv[1]
    filters = MetadataFilters.from_dicts(json.loads(sys.argv[2])) if len(sys.argv) == 3 else None
    connection = psycopg2.connect('')
    connection.autocommit = True
    with connection.cursor() as cursor:
        index = open_index(cursor)
        searches = keep_searches()
        for found in index.as_retriever(similarity_top_k=NODES, filters=filters).retrieve(question):
            of = found.node.metadata
            print(f'{found.score:.2f} ', ' / '.join(filter(None, (of['title'], of['section']))))
            print('     ', textwrap.shorten(found.node.text, 74, placeholder='...'))
        print()
        print(plan(cursor, searches[-1]))


if __name__ == '__main__':
    main()
