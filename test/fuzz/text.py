# SPDX-License-Identifier: PostgreSQL
"""Statements as trees: texts with parts that may be left out or made simpler.

A tree is a string, a list of trees, or one of the nodes below.  Rendering it with
other choices than the first ones gives a simpler statement, which is how a
reproducer is made of what has failed.
"""


class Choice:
    """One of several trees: the first, unless something simpler is looked for."""

    def __init__(self, *options):
        self.options = options


class Value:
    """A constant, which is a parameter where the statement is prepared."""

    def __init__(self, text, kind):
        self.text = text
        self.kind = kind


class Limit:
    """What is left out where all rows are asked for."""

    def __init__(self, *parts):
        self.parts = list(parts)


def optional(*parts):
    return Choice(list(parts), "")


def quoted(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


class Rendering:
    def __init__(self, picks=None, limited=True, prepared=False):
        self.picks = picks or {}
        self.limited = limited
        self.prepared = prepared
        self.values = []
        self.choices = []

    def text(self, tree):
        if isinstance(tree, str):
            return tree
        if isinstance(tree, list):
            return "".join(map(self.text, tree))
        if isinstance(tree, Choice):
            self.choices.append(tree)
            return self.text(tree.options[self.picks.get(tree, 0)])
        if isinstance(tree, Limit):
            return self.text(tree.parts) if self.limited else ""
        if not self.prepared:
            return f"{quoted(tree.text)}::{tree.kind}"
        if tree not in self.values:
            self.values.append(tree)
        return f"${self.values.index(tree) + 1}"
