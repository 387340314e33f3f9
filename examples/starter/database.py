# SPDX-License-Identifier: PostgreSQL
"""The pool of connections, transactions on behalf of a key, and the statements of searches."""

import os
import time
from contextlib import contextmanager

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

import keys

DATABASE = os.environ.get('STARTER_DATABASE', 'dbname=starter user=starter_app')
SECONDS = float(os.environ.get('STARTER_SECONDS', '5'))


class Connection(psycopg.Connection):
    """One whose statements have the time together that a request has."""
    deadline = None

    def execute(self, *arguments, **named):
        if self.deadline:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise psycopg.errors.QueryCanceled('the time of the request is over')
            # Not before each statement, as it is one more for the server
            if self.given - left > 0.25:
                self.given = left
                super().execute(f'SET LOCAL statement_timeout = {max(1, round(1000 * left))}')
        return super().execute(*arguments, **named)


def forget(connection):
    """Nothing that a request has left in its session, as injected SQL may, outlasts it."""
    connection.deadline = None
    connection.autocommit = True
    connection.execute('DISCARD ALL')
    connection.autocommit = False


# Connections are tried before they are used, so a server that was restarted is no error.  What
# would be prepared does not outlast a request.
pool = ConnectionPool(
    DATABASE, connection_class=Connection, min_size=1, max_size=int(os.environ.get('STARTER_POOL', '10')),
    max_waiting=100, timeout=float(os.environ.get('STARTER_WAIT', '3')),
    reconnect_timeout=5, check=ConnectionPool.check_connection, reset=forget, open=False,
    kwargs={'row_factory': dict_row, 'prepare_threshold': None, 'connect_timeout': 3,
            'application_name': 'starter'})


class NoSuchKey(Exception):
    pass


def dimensions():
    """Of the column of vectors."""
    with psycopg.connect(DATABASE, connect_timeout=3) as connection:
        return connection.execute("""
            SELECT atttypmod FROM pg_attribute
            WHERE attrelid = 'passages'::regclass AND attname = 'embedding'""").fetchone()[0]


@contextmanager
def transaction(key_id, proof, admitted):
    """A transaction that runs as the role of a key and sees the rows of its tenant.

    The transaction is within admitted, which gets the key's row before anything else is done for it.
    """
    deadline = time.monotonic() + SECONDS
    with pool.connection() as connection:
        connection.deadline, connection.given = deadline, SECONDS
        key = connection.execute('SELECT * FROM key_of(%s)', [key_id]).fetchone()
        # Compared in any case, so that an unknown id takes as long as a wrong secret
        is_same = keys.matches(proof, key['digest'] if key else bytes(32))
        if not is_same or not key['is_valid']:
            raise NoSuchKey
        with admitted(key):
            connection.execute("""
                SELECT set_config('starter.key', %s, true), set_config('starter.proof', %s, true),
                       set_config('role', 'starter_' || %s, true), set_config('statement_timeout', %s, true)""",
                               [key_id, proof.hex(), key['role'], str(round(1000 * connection.given))])
            yield connection


def is_ready():
    """Raises an error if the database cannot be asked."""
    with pool.connection(timeout=2) as connection:
        connection.execute("SELECT tenant('reader')")


# The conditions and orders of searches.  Conditions on tenant_id come from the policies.
FILTERS = {
    'kinds': 'kind = ANY (%(kinds)s)',
    'published_from': 'published >= %(published_from)s',
    'published_to': 'published <= %(published_to)s',
}

SCORES = {
    'dense': '1 - (embedding <=> %(vector)s::vector)',
    'words': 'ts_rank_cd(words, %(words)s::tsquery, 1)',
    'fused': """rrf(embedding <=> %(vector)s::vector,
                    CASE WHEN words @@ %(words)s::tsquery THEN -ts_rank_cd(words, %(words)s::tsquery, 1) END)""",
}

PASSAGES = """
    SELECT id, document_id, kind, published, body, {score} AS score
    FROM passages WHERE {condition}
"""

NEAREST = 'SELECT * FROM ({passages}) AS passages ORDER BY score DESC LIMIT %(limit)s'

# The best passage of each document, for the best documents
NEAREST_BY_DOCUMENT = """
    SELECT * FROM (
        SELECT DISTINCT ON (document_id) * FROM ({passages}) AS passages ORDER BY document_id, score DESC
    ) AS best ORDER BY score DESC LIMIT %(limit)s
"""

WITH_TITLES = """
    SELECT hit.document_id, documents.title, hit.kind, hit.published, hit.body, hit.score
    FROM ({hits}) AS hit JOIN documents ON documents.id = hit.document_id
    ORDER BY hit.score DESC, hit.id
"""


def search_statement(mode, filters, by_document):
    conditions = ['collection_id = %(collection_id)s'] + [FILTERS[name] for name in FILTERS if name in filters]
    if mode == 'words':
        conditions.append('words @@ %(words)s::tsquery')
    passages = PASSAGES.format(score=SCORES[mode], condition=' AND '.join(conditions))
    if by_document and mode == 'fused':
        # Ranks of passages make the scores, so documents are those of the best passages
        passages += ' ORDER BY score DESC LIMIT 10 * %(limit)s'
    hits = (NEAREST_BY_DOCUMENT if by_document else NEAREST).format(passages=passages)
    return WITH_TITLES.format(hits=hits)


def search(connection, collection_id, question, vector, mode, filters, by_document, limit):
    # Any of the question's words, but for those that are everywhere
    words = connection.execute("SELECT replace(plainto_tsquery('english', %s)::text, '&', '|') AS words",
                               [question]).fetchone()
    return connection.execute(
        search_statement(mode, filters, by_document),
        filters | words | {'collection_id': collection_id, 'vector': vector, 'limit': limit}).fetchall()
