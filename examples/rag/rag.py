# SPDX-License-Identifier: PostgreSQL
"""Answer a question from the manual, and cite the paragraphs that say so.

usage: examples/run.sh rag [--prompt] "QUESTION"

--prompt prints what the model would be given, and asks none.

LOKIVECTOR_MODEL_URL    an endpoint with OpenAI's interface, such as
                        http://127.0.0.1:11434/v1; without it no model is asked,
                        and the answer is the sentences that are nearest
LOKIVECTOR_MODEL        the model's name there
LOKIVECTOR_MODEL_KEY    the key, if the endpoint wants one
"""

import json
import os
import re
import sys
import textwrap
import urllib.request

import psycopg
from psycopg.rows import namedtuple_row

PASSAGES = 6
SENTENCES = 3

RETRIEVE = """
WITH candidates AS (
    SELECT id, embedding,
           rrf(embedding <=> %(vector)s::vector,
               CASE WHEN words @@ %(query)s::tsquery
                    THEN -ts_rank_cd(words, %(query)s::tsquery, 1) END) AS score
    FROM paragraphs
    WHERE NOT is_code AND released IS NULL AND chars > 100
    ORDER BY score DESC LIMIT 30
), fused AS (
    SELECT array_agg(id ORDER BY score DESC, id) AS ids,
           array_agg(embedding ORDER BY score DESC, id) AS vectors
    FROM candidates
)
SELECT page, title, section, body
FROM fused
CROSS JOIN unnest(mmr(%(vector)s::vector, vectors, 0.7, %(passages)s))
    WITH ORDINALITY AS taken (position, place)
JOIN paragraphs ON id = ids[position]
ORDER BY place
"""

PARSE = """
SELECT embed(%(question)s)::text AS vector,
       replace(plainto_tsquery('english', %(question)s)::text, '&', '|') AS query
"""

PROMPT = """Answer the question from the passages alone.  Cite the passages that you use by
their numbers, as in [2].  If they do not answer it, say so.

{passages}

Question: {question}
"""


def one_line(text):
    return re.sub(r'\s+', ' ', text).strip()


def source(passage):
    return ' / '.join(filter(None, (passage.title, passage.section)))


def make_prompt(question, passages):
    blocks = [f'[{i}] {source(p)}\n{one_line(p.body)}' for i, p in enumerate(passages, 1)]
    return PROMPT.format(passages='\n\n'.join(blocks), question=question)


class NearestSentences:
    """No model: the sentences whose vectors, with their headings, are nearest to the question's."""

    def __init__(self, connection):
        self.connection = connection

    def answer(self, question, passages):
        sentences = [(i, source(p), s) for i, p in enumerate(passages, 1)
                     for s in re.split(r'(?<=[.!?]) +(?=[A-Z])', one_line(p.body))
                     if len(s.split()) >= 6 and s.endswith('.')]
        rows = self.connection.execute(
            """SELECT number, sentence
               FROM unnest(%s::int[], %s::text[], %s::text[]) AS s (number, heading, sentence)
               ORDER BY round((embed(heading || ' ' || sentence) <=> embed(%s))::numeric, 4),
                        number, sentence
               LIMIT %s""",
            [list(column) for column in zip(*sentences)] + [question, SENTENCES])
        return ' '.join(f'{row.sentence} [{row.number}]' for row in rows)


class ChatEndpoint:
    """A model behind an endpoint that has OpenAI's interface."""

    def __init__(self, url):
        self.url = url.rstrip('/') + '/chat/completions'

    def answer(self, question, passages):
        headers = {'Content-Type': 'application/json'}
        if os.environ.get('LOKIVECTOR_MODEL_KEY'):
            headers['Authorization'] = 'Bearer ' + os.environ['LOKIVECTOR_MODEL_KEY']
        body = {'model': os.environ.get('LOKIVECTOR_MODEL', 'default'), 'temperature': 0,
                'messages': [{'role': 'user', 'content': make_prompt(question, passages)}]}
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)['choices'][0]['message']['content']


def retrieve(connection, question):
    parsed = connection.execute(PARSE, {'question': question}).fetchone()
    if parsed.vector is None:
        sys.exit('The manual uses none of these words.')
    return connection.execute(RETRIEVE, {'vector': parsed.vector, 'query': parsed.query,
                                         'passages': PASSAGES}).fetchall()


def main():
    arguments = sys.argv[1:]
    only_prompt = arguments[:1] == ['--prompt']
    if len(arguments) != 1 + only_prompt:
        sys.exit('usage: examples/run.sh rag [--prompt] "QUESTION"')
    question = arguments[-1]
    with psycopg.connect(row_factory=namedtuple_row) as connection:
        passages = retrieve(connection, question)
        if only_prompt:
            print(make_prompt(question, passages))
            return
        url = os.environ.get('LOKIVECTOR_MODEL_URL')
        model = ChatEndpoint(url) if url else NearestSentences(connection)
        answer = model.answer(question, passages)
    print(textwrap.fill(answer, 80))
    print()
    # Only what the answer cites, and only what was given
    for number in sorted({int(n) for n in re.findall(r'\[(\d+)\]', answer)}):
        if 1 <= number <= len(passages):
            p = passages[number - 1]
            print(f'[{number}] {source(p)} ({p.page})')


if __name__ == '__main__':
    main()
