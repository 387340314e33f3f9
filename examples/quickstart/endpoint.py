# SPDX-License-Identifier: PostgreSQL
"""Vectors of texts by a model behind OpenAI's interface, which Ollama and others have as well.

usage: endpoint.py TEXT...

prints how many dimensions the vectors have.
"""
import json
import os
import sys
import urllib.request

URL = os.environ.get('LOKIVECTOR_MODEL_URL', 'http://127.0.0.1:11434/v1')
MODEL = os.environ.get('LOKIVECTOR_MODEL', 'nomic-embed-text')
KEY = os.environ.get('LOKIVECTOR_MODEL_KEY', '')


def embed(texts):
    request = urllib.request.Request(
        URL + '/embeddings', json.dumps({'model': MODEL, 'input': texts}).encode(),
        {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + KEY})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return [one['embedding'] for one in json.load(answer)['data']]


if __name__ == '__main__':
    print([len(vector) for vector in embed(sys.argv[1:])])
