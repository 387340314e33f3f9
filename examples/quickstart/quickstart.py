# SPDX-License-Identifier: PostgreSQL
"""Help texts found by their meaning, with a model that its package carries.

pip install "psycopg[binary]" wordllama
PGHOST, PGDATABASE and PGUSER name the database.
"""
from pathlib import Path

import psycopg
import wordllama

# Named so, the directory of the package has all files of the model: nothing is fetched
model = wordllama.WordLlama.load(
    cache_dir=Path(wordllama.__file__).parent, disable_download=True)

TEXTS = [('delivery', 'Parcels arrive within three working days.'),
         ('delivery', 'Orders over 50 euros ship free of charge.'),
         ('delivery', 'Call the help line if a parcel does not arrive.'),
         ('payment', 'You can send goods back within 30 days for a full refund.'),
         ('payment', 'We accept cards, bank transfer and gift vouchers.'),
         ('payment', 'Invoices are sent by e-mail at the end of each month.'),
         ('account', 'Reset your password from the sign-in page.'),
         ('account', 'Two-step sign-in protects your account with a code by SMS.')]

with psycopg.connect() as conn:
    conn.execute('CREATE EXTENSION IF NOT EXISTS lokivector')
    conn.execute('DROP TABLE IF EXISTS help')
    conn.execute('CREATE TABLE help (topic text, body text, embedding vector(256))')
    vectors = model.embed([body for _, body in TEXTS], norm=True).tolist()
    conn.cursor().executemany('INSERT INTO help VALUES (%s, %s, %s)',
                              [(*text, vector) for text, vector in zip(TEXTS, vectors)])
    conn.execute('CREATE INDEX ON help USING hnsw (embedding vector_cosine_ops, topic)')
    for question, topics in [('How do I get my money back?', ['payment', 'delivery']),
                             ('I forgot how to log in', ['account']),
                             ('my package never came', ['delivery'])]:
        row = conn.execute('SELECT body FROM help WHERE topic = ANY (%s) ORDER BY embedding <=> %s LIMIT 1',
                           (topics, model.embed(question, norm=True)[0].tolist())).fetchone()
        print(f'{question}\n    {row[0]}')
