#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Paragraphs of the PostgreSQL manual and their embeddings, as files for COPY.

usage: demo/corpus.py --out DIRECTORY [--html DIRECTORY] [--dimensions N]

Lexemes come from to_tsvector('english') of a running server, so that a question
asked in SQL is cut the same way; psql finds the server by the usual PGHOST,
PGPORT, PGUSER and PGDATABASE.  Written are, in COPY's text format:

paragraphs.copy  id, page, part_id, chapter_id, title, section, is_code, chars,
                 released, body, embedding
parts.copy       id, title
chapters.copy    id, part_id, title
lexemes.copy     lexeme, embedding
questions.copy   id, question: headings of sections, no paragraphs of their own
"""

import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

import lsa
import manual

CHAPTER_WEIGHT = 0.5        # words of the chapter's title count half
QUESTIONS = 200

COUNT_LEXEMES = r"""
\set ON_ERROR_STOP on
CREATE TEMP TABLE texts (id int, heading text, chapter text, body text);
\copy texts FROM '{path}'
COPY (SELECT id, lexeme,
             count(*) FILTER (WHERE weight <> 'B')
             + {chapter_weight} * count(*) FILTER (WHERE weight = 'B')
      FROM texts,
           unnest(setweight(to_tsvector('english', heading), 'A')
                  || setweight(to_tsvector('english', chapter), 'B')
                  || to_tsvector('english', body)),
           unnest(weights) AS weight
      GROUP BY id, lexeme) TO STDOUT;
"""


def escaped(value):
    """One field in COPY's text format."""
    if value is None:
        return r'\N'
    if isinstance(value, bool):
        return 't' if value else 'f'
    return (str(value).replace('\\', '\\\\').replace('\t', '\\t')
            .replace('\n', '\\n').replace('\r', '\\r'))


def write_copy(path, rows):
    with open(path, 'w', encoding='utf-8') as file:
        for row in rows:
            file.write('\t'.join(escaped(value) for value in row) + '\n')


def vector_text(row):
    return '[' + ','.join(['%.6f' % x for x in row.tolist()]) + ']'


def find_html():
    found = sorted(glob.glob('/usr/share/doc/postgresql-doc-*/html'),
                   key=lambda path: int(re.search(r'-(\d+)/', path).group(1)))
    if not found:
        sys.exit('corpus.py: no manual found: install postgresql-doc-NN, or give --html')
    return found[-1]


def count_lexemes(paragraphs):
    """(paragraph number, lexeme, weighted count) as the server sees them."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, 'texts.copy')
        write_copy(path, ((i, p.title + ' ' + p.section, p.chapter, p.body)
                          for i, p in enumerate(paragraphs)))
        script = COUNT_LEXEMES.format(path=path, chapter_weight=CHAPTER_WEIGHT)
        psql = subprocess.run(['psql', '-XqAt'], input=script, text=True,
                              stdout=subprocess.PIPE, encoding='utf-8',
                              env=dict(os.environ, PGCLIENTENCODING='UTF8'))
    if psql.returncode != 0:
        sys.exit('corpus.py: psql could not count lexemes')
    triples = []
    for line in psql.stdout.splitlines():
        number, lexeme, count = line.split('\t')
        triples.append((int(number), lexeme, float(count)))
    return triples


def part_number(title):
    """The manual's own number: Preface 0, Part I 1, ..."""
    roman = re.match(r'Part ([IVX]+)\.', title)
    if not roman:
        return 0
    digits = [{'I': 1, 'V': 5, 'X': 10}[c] for c in roman.group(1)]
    return sum(-d if d < max(digits[i:]) else d for i, d in enumerate(digits))


def headings(paragraphs):
    """Headings of three words and more, without their numbers, spread evenly."""
    found = {}
    for p in paragraphs:
        heading = (p.section or p.title).split(' / ')[0]
        heading = re.sub(r'^((Chapter|Appendix|Table|Example) )?[0-9A-Z]+(\.\d+)*\. ', '',
                         heading)
        if len(heading.split()) >= 3:
            found[heading] = True
    found = sorted(found)
    return [found[i * len(found) // QUESTIONS] for i in range(min(QUESTIONS, len(found)))]


def write_corpus(out, paragraphs, embeddings, lexemes, vectors):
    parts = {p.part: part_number(p.part) for p in paragraphs}
    chapters = {}
    for p in paragraphs:
        chapters.setdefault(p.chapter, (len(chapters) + 1, parts[p.part], p.chapter))
    write_copy(os.path.join(out, 'parts.copy'),
               sorted((number, title) for title, number in parts.items()))
    write_copy(os.path.join(out, 'chapters.copy'), chapters.values())
    write_copy(os.path.join(out, 'questions.copy'), enumerate(headings(paragraphs), 1))
    write_copy(os.path.join(out, 'lexemes.copy'),
               ((name, vector_text(v)) for name, v in zip(lexemes.names, vectors)))
    write_copy(os.path.join(out, 'paragraphs.copy'),
               ((i, p.page, parts[p.part], chapters[p.chapter][0], p.title, p.section,
                 p.is_code, len(p.body), p.released or None, p.body, vector_text(v))
                for i, (p, v) in enumerate(zip(paragraphs, embeddings), 1)
                if v[0] == v[0]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--out', required=True, help='directory of the files to write')
    parser.add_argument('--html', help='directory of the HTML manual')
    parser.add_argument('--dimensions', type=int, default=256)
    options = parser.parse_args()

    paragraphs = manual.cut(options.html or find_html())
    if not paragraphs:
        sys.exit('corpus.py: no paragraph found in ' + (options.html or find_html()))
    lexemes = lsa.Lexemes(len(paragraphs), count_lexemes(paragraphs))
    vectors = lsa.lexeme_vectors(lexemes, options.dimensions)
    embeddings = lsa.embed_paragraphs(lexemes, vectors)
    os.makedirs(options.out, exist_ok=True)
    write_corpus(options.out, paragraphs, embeddings, lexemes, vectors)
    print('%d paragraphs, %d lexemes, %d dimensions'
          % (len(paragraphs), len(lexemes.names), options.dimensions))


if __name__ == '__main__':
    main()
