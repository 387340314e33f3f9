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
from pathlib import Path

import numpy as np
import psycopg
import wordllama
from psycopg.rows import namedtuple_row

PASSAGES = 6
SENTENCES = 3

TEXTS = """
SELECT id, page, title, section, body FROM paragraphs
WHERE NOT is_code AND released IS NULL AND chars > 100
"""

INDEXES = """
CREATE INDEX ON passages USING hnsw (embedding vector_cosine_ops);
CREATE INDEX ON passages USING gin (words);
ANALYZE passages;
"""

RETRIEVE = """
WITH candidates AS (
    SELECT id, embedding,
           rrf(embedding <=> %(vector)s::vector,
               CASE WHEN words @@ %(query)s::tsquery
                    THEN -ts_rank_cd(words, %(query)s::tsquery, 1) END) AS score
    FROM passages
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
JOIN passages ON id = ids[position]
ORDER BY place
"""

PARSE = "SELECT replace(plainto_tsquery('english', %s)::text, '&', '|') AS query"

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


class Embeddings:
    """A model that its package carries, directory and all: nothing is fetched."""

    def __init__(self):
        self.model = wordllama.WordLlama.load(
            cache_dir=Path(wordllama.__file__).parent, disable_download=True)

    def embed(self, texts):
        return self.model.embed(texts, norm=True)


class NearestSentences:
    """No chat model: the sentences whose vectors are nearest to the question's."""

    def __init__(self, embeddings):
        self.embeddings = embeddings

    def answer(self, question, passages):
        sentences = [(i, source(p), s) for i, p in enumerate(passages, 1)
                     for s in re.split(r'(?<=[.!?]) +(?=[A-Z])', one_line(p.body))
                     if len(s.split()) >= 6 and s.endswith('.')]
        vectors = self.embeddings.embed([f'{heading}: {s}' for _, heading, s in sentences])
        similarities = vectors @ self.embeddings.embed([question])[0]
        nearest = np.argsort(-np.round(similarities, 4), kind='stable')[:SENTENCES]
        return ' '.join(f'{sentences[i][2]} [{sentences[i][0]}]' for i in nearest)


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


def load(connection, embeddings):
    """The paragraphs of text, without release notes, and their embeddings; once."""
    if connection.execute('SELECT id FROM passages LIMIT 1').fetchone():
        return
    texts = connection.execute(TEXTS).fetchall()
    vectors = embeddings.embed([f'{source(t)}: {t.body}' for t in texts])
    with connection.cursor().copy(
            'COPY passages (id, page, title, section, body, embedding) FROM STDIN') as copy:
        for text, vector in zip(texts, vectors):
            copy.write_row((*text, str(vector.tolist())))
    connection.execute(INDEXES)


def retrieve(connection, embeddings, question):
    query = connection.execute(PARSE, [question]).fetchone().query
    vector = str(embeddings.embed([question])[0].tolist())
    return connection.execute(RETRIEVE, {'vector': vector, 'query': query,
                                         'passages': PASSAGES}).fetchall()


def main():
    arguments = sys.argv[1:]
    only_prompt = arguments[:1] == ['--prompt']
    if len(arguments) != 1 + only_prompt:
        sys.exit('usage: examples/run.sh rag [--prompt] "QUESTION"')
    question = arguments[-1]
    with psycopg.connect(row_factory=namedtuple_row) as connection:
        embeddings = Embeddings()
        load(connection, embeddings)
        passages = retrieve(connection, embeddings, question)
        if only_prompt:
            print(make_prompt(question, passages))
            return
        url = os.environ.get('LOKIVECTOR_MODEL_URL')
        model = ChatEndpoint(url) if url else NearestSentences(embeddings)
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
