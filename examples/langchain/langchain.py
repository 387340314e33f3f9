# SPDX-License-Identifier: PostgreSQL
"""LangChain's store over a table that is there: the paragraphs of the manual.

usage: examples/run.sh langchain "QUESTION" [FILTER]

FILTER is LangChain's, as JSON: '{"part_id": 3, "chars": {"$gte": 200}}'.
"""

import json
import re
import sys
import textwrap

import psycopg
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGEngine, PGVectorStore
from sqlalchemy import event
from sqlalchemy.engine import Engine

DOCUMENTS = 4


class LexemeEmbeddings(Embeddings):
    """The vectors of the demo, which the server makes of the words of a text."""

    def __init__(self, connection):
        self.connection = connection

    def embed_documents(self, texts):
        rows = self.connection.execute(
            """SELECT embed(body)::float4[]
               FROM unnest(%s::text[]) WITH ORDINALITY AS texts (body, place) ORDER BY place""", [texts])
        return [row[0] for row in rows]

    def embed_query(self, text):
        vector = self.embed_documents([text])[0]
        if vector is None:
            sys.exit('The manual uses none of these words.')
        return vector


def open_store(connection):
    return PGVectorStore.create_sync(
        PGEngine.from_connection_string('postgresql+psycopg://'), LexemeEmbeddings(connection),
        'paragraphs', id_column='id', content_column='body', embedding_column='embedding',
        metadata_columns=['title', 'section', 'part_id', 'is_code', 'chars', 'released'])


def keep_searches():
    """A list that gets each search that the store sends, with its parameters."""
    searches = []

    @event.listens_for(Engine, 'before_cursor_execute')
    def keep(connection, cursor, statement, parameters, *rest):
        if 'ORDER BY "embedding"' in statement:
            searches.append((statement, parameters))

    return searches


def plan(connection, search):
    statement, parameters = search
    rows = connection.execute('EXPLAIN (COSTS OFF) ' + statement, parameters)
    return re.sub(r'\[[^]]{100,}\]', '[...]', '\n'.join(row[0] for row in rows))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit('usage: examples/run.sh langchain "QUESTION" [FILTER]')
    question = sys.argv[1]
    condition = json.loads(sys.argv[2]) if len(sys.argv) == 3 else None
    with psycopg.connect() as connection:
        store = open_store(connection)
        searches = keep_searches()
        for document, distance in store.similarity_search_with_score(question, k=DOCUMENTS, filter=condition):
            of = document.metadata
            print(f'{distance:.2f} ', ' / '.join(filter(None, (of['title'], of['section']))))
            print('     ', textwrap.shorten(document.page_content, 74, placeholder='...'))
        print()
        print(plan(connection, searches[-1]))


if __name__ == '__main__':
    main()
