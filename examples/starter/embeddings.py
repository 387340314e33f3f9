# SPDX-License-Identifier: PostgreSQL
"""Passages of a text, and their vectors by a model that its package carries."""

import re
import textwrap
from pathlib import Path

import wordllama

CHARACTERS = 1500

# Named so, the directory of the package has all files of the model: nothing is fetched
model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def split(text):
    """The paragraphs of a text; long ones in several passages."""
    paragraphs = (paragraph.strip() for paragraph in re.split(r'\n\s*\n', text))
    return [passage for paragraph in paragraphs if paragraph
            for passage in ([paragraph] if len(paragraph) <= CHARACTERS else textwrap.wrap(paragraph, CHARACTERS))]


def embed(texts):
    """The vectors of texts, as the database reads them."""
    return [str(vector) for vector in model.embed(texts, norm=True).tolist()]


def dimensions():
    """Of the vectors of this model."""
    return embed(['dimensions'])[0].count(',') + 1
