# SPDX-License-Identifier: PostgreSQL
"""Cut the HTML of the PostgreSQL manual into paragraphs.

The pages are DocBook output of one stylesheet: the navigation header of each
names its parent ("Up"), sections are divs with a heading, and what a reader
takes for one paragraph is a p, a pre, a list item, or a row of a table.
"""

import html.parser
import multiprocessing
import os
import re
from typing import NamedTuple

MIN_CHARS = 60

# Pages that hold no text of their own.
SKIPPED_PAGES = {'index.html', 'bookindex.html', 'biblio.html', 'legalnotice.html',
                 'features-sql-standard.html',
                 'unsupported-features-sql-standard.html',
                 'sql-keywords-appendix.html'}
SKIPPED_CLASSES = {'id_link', 'navheader', 'navfooter', 'toc', 'indexterm',
                   'footnotes', 'list-of-tables', 'list-of-figures',
                   'list-of-examples'}
VOID_TAGS = {'area', 'br', 'col', 'colgroup', 'hr', 'img', 'input', 'link', 'meta'}
BLOCK_TAGS = {'p', 'pre', 'li', 'dd', 'dt', 'div', 'dl', 'ul', 'ol', 'table',
              'blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6'}
HEADINGS = {'h1', 'h2', 'h3', 'h4', 'h5', 'h6'}
ASIDES = {'note', 'tip', 'warning', 'caution', 'important'}


class Paragraph(NamedTuple):
    page: str           # file name, such as routine-vacuuming.html
    part: str           # "Part III. Server Administration"
    chapter: str        # "Chapter 25. Routine Database Maintenance Tasks"
    title: str          # of the page
    section: str        # nearest heading and, in a list of terms, the term
    is_code: bool
    released: str       # ISO date of the release that the page is about, or ''
    body: str


def squeeze(text):
    """One line; release notes end each entry in links that read as a section sign."""
    return ' '.join(text.split()).rstrip(' \N{SECTION SIGN}')


def tidy_code(text):
    """Lines keep their indentation relative to one another."""
    lines = [line.rstrip() for line in text.expandtabs(8).strip('\n').split('\n')]
    margin = min((len(l) - len(l.lstrip()) for l in lines if l.strip()), default=0)
    return '\n'.join(line[margin:] for line in lines).strip('\n')


class PageParser(html.parser.HTMLParser):
    """Collects (section, is_code, body) of one page."""

    def __init__(self, title):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.title = title
        self.section = ''
        self.caption = ''
        self.terms = []             # terms of the lists around this place
        self.term = ''
        self.stack = []             # (tag, class) of the open elements
        self.skip_from = None       # depth of the element being skipped
        self.row_from = None        # depth of the table row being read
        self.in_body = False
        self.text = []

    def inside(self, classes):
        return any(cls in classes for _, cls in self.stack)

    def flush(self, is_code=False):
        text = ''.join(self.text)
        self.text = []
        body = tidy_code(text) if is_code else squeeze(text)
        if len(body) < MIN_CHARS:
            return
        heads = [self.section] + self.terms
        if self.caption and self.row_from is not None:
            heads.append(self.caption)
        section = ' / '.join(h for h in heads if h and h != self.title)
        self.found.append((section, is_code, body))

    def handle_starttag(self, tag, attrs):
        if tag == 'body':
            self.in_body = True
        if tag in VOID_TAGS:
            if tag == 'br':
                self.text.append(' ')
            return
        cls = dict(attrs).get('class') or ''
        self.stack.append((tag, cls))
        if self.skip_from is not None:
            return
        if cls in SKIPPED_CLASSES or tag == 'thead':
            self.skip_from = len(self.stack)
        elif self.row_from is not None:
            if tag in BLOCK_TAGS:
                self.text.append(' ')
        elif tag == 'tr':
            self.flush()
            self.row_from = len(self.stack)
        elif tag in BLOCK_TAGS:
            self.flush()
            if tag == 'dd':         # belongs to the terms (dt) right before it
                self.terms.append(self.term)
                self.term = ''

    def handle_startendtag(self, tag, attrs):
        if tag == 'br':
            self.text.append(' ')

    def handle_endtag(self, tag):
        if tag in VOID_TAGS or not self.stack:
            return
        depth = len(self.stack)
        cls = self.stack[-1][1]
        if self.skip_from is not None:
            if depth == self.skip_from:
                self.skip_from = None
        elif self.row_from is not None:
            if tag == 'td' and depth == self.row_from + 1:
                self.text.append(' | ')
            elif depth == self.row_from:
                self.end_row()
        else:
            self.end_block(tag, cls)
        self.stack.pop()

    def end_row(self):
        cells = [squeeze(c) for c in ''.join(self.text).split(' | ')]
        self.text = [' | '.join(c for c in cells if c)]
        self.flush()
        self.row_from = None

    def end_block(self, tag, cls):
        if tag in HEADINGS and not self.inside(ASIDES):
            heading = squeeze(''.join(self.text))
            self.text = []
            if heading not in self.title:
                self.section = heading
                self.caption = ''
        elif tag == 'p' and cls == 'title':
            self.caption = squeeze(''.join(self.text))
            self.text = []
        elif tag == 'dt':
            term = squeeze(''.join(self.text))
            self.text = []
            self.term = self.term + ', ' + term if self.term else term
        elif tag == 'dd':
            self.flush()
            if self.terms:
                self.terms.pop()
        elif tag == 'dl':
            self.term = ''
        elif tag in BLOCK_TAGS:
            self.flush(is_code=(tag == 'pre'))
        if cls == 'table':
            self.caption = ''

    def handle_data(self, data):
        if self.in_body and self.skip_from is None:
            self.text.append(data)


def page_links(source):
    """Title of a page and the file name of its parent."""
    title = re.search(r'<title>(.*?)</title>', source, re.S)
    up = re.search(r'accesskey="u" href="([^"#]+)', source)
    return (squeeze(html.unescape(title.group(1))) if title else '',
            up.group(1) if up else None)


def cut_page(job):
    path, title = job
    with open(path, encoding='utf-8') as file:
        source = file.read()
    released = re.search(r'Release date:\s*</strong>\s*(\d{4}-\d\d-\d\d)', source)
    parser = PageParser(title)
    parser.feed(source)
    parser.close()
    return parser.found, released.group(1) if released else ''


def ancestors(page, links):
    """Titles from the page up to the part it stands in, the page's own first."""
    titles = []
    while page in links and page != 'index.html':
        title, page = links[page]
        titles.append(title)
    return titles


def cut(folder):
    """All paragraphs of the manual whose HTML files are in folder."""
    pages = sorted(name for name in os.listdir(folder) if name.endswith('.html'))
    links = {}
    for page in pages:
        with open(os.path.join(folder, page), encoding='utf-8') as file:
            links[page] = page_links(file.read(8192))
    pages = [page for page in pages if page not in SKIPPED_PAGES]
    jobs = [(os.path.join(folder, page), links[page][0]) for page in pages]
    with multiprocessing.Pool() as pool:
        results = pool.map(cut_page, jobs, chunksize=16)

    paragraphs = []
    seen = set()
    for page, (found, released) in zip(pages, results):
        titles = ancestors(page, links)
        part, chapter = titles[-1], titles[-2] if len(titles) > 1 else titles[-1]
        for section, is_code, body in found:
            if (chapter, body) in seen:         # boilerplate repeated in a chapter
                continue
            seen.add((chapter, body))
            paragraphs.append(Paragraph(page, part, chapter, titles[0], section,
                                        is_code, released, body))
    return paragraphs
