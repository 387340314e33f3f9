# SPDX-License-Identifier: PostgreSQL
"""Search the functions and types of this extension's source, by words and by meaning.

usage: examples/run.sh code_search "QUESTION" ["CONDITION"]

CONDITION is SQL on the columns of code: name, file, folder, kind, is_static, lines.
"""

import hashlib
import pathlib
import re
import sys
import textwrap
from typing import NamedTuple

import psycopg
from psycopg.rows import namedtuple_row

TREE = pathlib.Path(__file__).parents[2]
sys.path.append(str(TREE / 'demo'))

import corpus
import lsa

DIMENSIONS = 128

# A comment, the head that begins at the margin, and all up to the brace at the margin
COMMENT = r'(?P<comment>^/\*(?:[^*]|\*(?!/))*\*/\n)?(?:^LOKI_FUNCTION\(\w+\);\n)?'
FUNCTION = re.compile(
    COMMENT + r'^(?P<head>[A-Za-z_][^\n;{}()#]*\n(?P<name>\w+)\([^;{}]*\))\n\{\n.*?^\}',
    re.M | re.S)
TYPE = re.compile(
    COMMENT + r'^(?P<head>typedef (?:struct|union|enum)[^\n;]*)\n\{\n.*?^\} ?(?P<name>\w+);',
    re.M | re.S)

SEARCH = """
SELECT name, file, remark, rrf(embedding <=> %(vector)s::vector,
                               CASE WHEN words @@ %(query)s::tsquery
                                    THEN -ts_rank_cd(words, %(query)s::tsquery, 1) END) AS score,
       coalesce(leg_rank(1)::text, '-') AS by_meaning, coalesce(leg_rank(2)::text, '-') AS by_words
FROM code WHERE {condition} ORDER BY score DESC LIMIT 5
"""


class Code(NamedTuple):
    """A function or type; the last four are what demo/corpus.py counts lexemes of."""

    file: str
    kind: str
    name: str
    is_static: bool
    lines: int
    remark: str
    title: str
    section: str
    chapter: str
    body: str


def split(text):
    """Words, of names too: LokiHnswPage as loki_hnsw_page."""
    text = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', ' ', text)
    return ' '.join(re.findall('[A-Za-z]+|[0-9]+', text))


def remark(comment):
    return ' '.join(re.sub(r'^\s*/?\*+/?|\*/|-{3,}', '', comment or '', flags=re.M).split())


def cut(folder):
    """All functions and types of the C files below a folder."""
    found = []
    for path in sorted(folder.rglob('*.[ch]')):
        file, text = str(path.relative_to(folder)), path.read_text()
        for kind, pattern in ('function', FUNCTION), ('type', TYPE):
            for match in pattern.finditer(text):
                found.append(Code(file, kind, match['name'], match['head'].startswith('static'),
                                  match[0].count('\n') + 1, remark(match['comment']),
                                  split(match['name']), split(remark(match['comment'])), split(file),
                                  split(match[0])))
    return found


def copy(connection, table, rows):
    with connection.cursor().copy(f'COPY {table} FROM STDIN') as stream:
        for row in rows:
            stream.write_row(row)


def load(connection, folder):
    """Cut the tree and embed what was cut, as the demo does with paragraphs."""
    code = cut(folder)
    lexemes = lsa.Lexemes(len(code), corpus.count_lexemes(code))
    vectors = lsa.lexeme_vectors(lexemes, DIMENSIONS)
    embeddings = lsa.embed_paragraphs(lexemes, vectors)
    connection.execute('TRUNCATE code, lexemes')
    copy(connection, 'lexemes', ((name, corpus.vector_text(v)) for name, v in zip(lexemes.names, vectors)))
    copy(connection, 'code (name, file, folder, kind, is_static, lines, remark, split_name, split_remark, split_code,'
         ' embedding)',
         ((c.name, c.file, c.file.split('/')[0], c.kind, c.is_static, c.lines, c.remark,
           c.title, c.section, c.body, corpus.vector_text(v))
          for c, v in zip(code, embeddings) if v[0] == v[0]))


def refresh(connection, folder):
    """Load the tree, unless it is there as it is."""
    hash = hashlib.sha256()
    for path in sorted([pathlib.Path(__file__), *folder.rglob('*.[ch]')]):
        hash.update(bytes(path) + path.read_bytes())
    if connection.execute('SELECT FROM tree WHERE hash = %s', [hash.hexdigest()]).rowcount == 0:
        load(connection, folder)
        connection.execute('TRUNCATE tree')
        connection.execute('INSERT INTO tree VALUES (%s)', [hash.hexdigest()])
        connection.commit()
        connection.execute('ANALYZE code')


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit('usage: examples/run.sh code_search "QUESTION" ["CONDITION"]')
    with psycopg.connect(row_factory=namedtuple_row) as connection:
        connection.execute('SET search_path = code_search, public')
        refresh(connection, TREE / 'src')
        question = split(sys.argv[1])
        parsed = connection.execute(
            """SELECT l2_normalize(sum(embedding))::text AS vector,
                      replace(plainto_tsquery('english', %(question)s)::text, '&', '|') AS query
               FROM lexemes WHERE lexeme = ANY (tsvector_to_array(to_tsvector('english', %(question)s)))""",
            {'question': question}).fetchone()
        if parsed.vector is None:
            sys.exit('The source uses none of these words.')
        search = SEARCH.format(condition=(sys.argv + ['true'])[2].replace('%', '%%'))
        for row in connection.execute(search, parsed._asdict()):
            print(f'{row.name} in {row.file}')
            print('        ' + textwrap.shorten(f'({row.by_meaning}, {row.by_words}) {row.remark}', 88,
                                                placeholder='...'))


if __name__ == '__main__':
    main()
