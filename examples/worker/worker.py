# SPDX-License-Identifier: PostgreSQL
"""Embed the texts that a trigger has put into a queue (doc/recipes.md).

usage: worker.py [QUESTION]

Works until it is interrupted; with a question until the queue is empty, and then answers.
Any number of workers may run at once.
"""
import contextlib
import sys
import time
from pathlib import Path

import psycopg
import wordllama

model = wordllama.WordLlama.load(
    cache_dir=Path(wordllama.__file__).parent, disable_download=True)

TAKE = """
WITH taken AS (
    DELETE FROM notes_changed WHERE number IN (
        SELECT number FROM notes_changed ORDER BY number LIMIT 100 FOR UPDATE SKIP LOCKED)
    RETURNING id)
SELECT id, body FROM notes WHERE id IN (SELECT id FROM taken) ORDER BY id
"""


def embed(texts):
    return [str(vector) for vector in model.embed(texts, norm=True).tolist()]


def work(conn):
    """Embed some texts in one transaction, and return how many: if it fails, they are in the queue again."""
    with conn.transaction():
        rows = conn.execute(TAKE).fetchall()
        vectors = embed([body for _, body in rows]) if rows else []
        conn.cursor().executemany(
            'UPDATE notes SET embedding = %s WHERE id = %s AND body = %s',
            [(vector, *row) for vector, row in zip(vectors, rows)])
    return len(rows)


with contextlib.suppress(KeyboardInterrupt), psycopg.connect(autocommit=True) as conn:
    while count := work(conn):
        print(f'{count} texts embedded')
    while len(sys.argv) < 2:
        time.sleep(0 if work(conn) else 1)
    row = conn.execute('SELECT body FROM notes ORDER BY embedding <=> %s::vector LIMIT 1',
                       embed(sys.argv[1:2])).fetchone()
    print(row[0])
