# SPDX-License-Identifier: PostgreSQL
"""The first search of README.md, in the database that libpq's environment variables name."""
import psycopg

with psycopg.connect() as conn:
    question = [3.0, 1.0, 2.0]              # from your embedding model
    rows = conn.execute(
        'SELECT id FROM items WHERE category = %s ORDER BY embedding <-> %s LIMIT 5',
        (1, question))
    print([id for (id,) in rows])
