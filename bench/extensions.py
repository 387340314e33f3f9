# SPDX-License-Identifier: PostgreSQL
"""Descriptions of extensions, a file of extensions/ each (see README.md)."""
import functools
import os
import tomllib

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "extensions")
KEYS = {"extension", "package", "preload", "method", "column", "options",
        "settings", "values", "compute", "query", "at_least_limit", "chosen",
        "variants", "type", "like", "changes", "database"}
NEEDED = {"extension", "method", "column"}
QUERY = "SELECT id FROM {items} ORDER BY embedding {operator} " \
    "(SELECT v FROM {queries} WHERE id = {id}) LIMIT {k}"
COMPUTE = {"__builtins__": {}, "max": max, "min": min, "round": round,
           "sqrt": lambda x: x ** 0.5}


def widths(values, k):
    """Those that are not below LIMIT, which mean the same as LIMIT at best"""
    return [value for value in values if value >= k] or [
        min(1000, max(k, 1))]


class Description:
    """One variant of an extension: what its file says, with the values of a
    run put in"""

    def __init__(self, name, variant, told):
        self.name, self.variant, self.told = name, variant, told
        self.database = told.get("database", name)
        self.method = told["method"]
        self.extension = told["extension"]
        self.type = told.get("type", variant)
        self.changes = told.get("changes", True)

    @property
    def title(self):
        return self.name if (self.name, self.variant) == (
            "lokivector", "vector") else f"{self.name} {self.variant}"

    @property
    def suffix(self):
        """Of the index's name: variants that are alike have one index"""
        name = self.told.get("like", self.variant)
        return "" if name == self.type else f"_{name}"

    @property
    def swept(self):
        """The setting whose values are measured"""
        return next(iter(self.told.get("settings", {"nothing": ""})))

    def values(self, ef, k):
        """Values of the swept parameter, for LIMIT k"""
        found = self.told.get("values", ef)
        return widths(found, k) if self.told.get("at_least_limit") else found

    def text(self, key, known, default=""):
        """The text of a key, for the metric if it differs by that"""
        template = self.told.get(key, default)
        if isinstance(template, dict):
            template = template[known["metric"]]
        return template.format(**self.computed(known)).strip()

    def settings(self, known):
        known = self.computed(known)
        return {name: str(value).format(**known)
                for name, value in self.told.get("settings", {}).items()}

    def computed(self, known):
        """known, and what the file computes of it as far as that can be"""
        known = dict(known, type=self.type)
        for name, expression in self.told.get("compute", {}).items():
            try:
                known[name] = eval(expression, dict(COMPUTE), known)
            except NameError:
                pass            # of a value that only a search has
        return known


def fail(path, why):
    raise SystemExit(f"{path}: {why}")


@functools.cache
def read(name):
    """name: of a file of extensions/, or a path -> its content"""
    path = name if name.endswith(".toml") else os.path.join(
        HERE, name + ".toml")
    try:
        with open(path, "rb") as f:
            told = tomllib.load(f)
    except (OSError, tomllib.TOMLDecodeError) as problem:
        fail(path, problem)
    variants = told.setdefault("variants", {"vector": {}})
    unknown = set(told).union(*variants.values()) - KEYS
    if unknown or NEEDED - set(told):
        fail(path, f"unknown keys {sorted(unknown)}" if unknown else
             f"missing keys {sorted(NEEDED - set(told))}")
    return path, told


def describe(name, variant):
    path, told = read(name)
    if variant not in told["variants"]:
        fail(path, f"no variant \"{variant}\", only "
             + ", ".join(told["variants"]))
    own = told["variants"][variant]
    if "like" in own:
        own = {**told["variants"][own["like"]], **own}
    own = {"type": own.get("type", variant), **own}
    compute = {**told.get("compute", {}), **own.get("compute", {})}
    name = os.path.basename(name).removesuffix(".toml")
    return Description(name, variant, {**told, **own, "compute": compute})


def chosen(spec):
    """"pgvector,vectorchord:halfvec" -> descriptions: of a name alone, those
    variants that the file chooses, or the first"""
    found = []
    for word in filter(None, spec.split(",")):
        name, _, variant = word.partition(":")
        told = read(name)[1]
        variants = [variant] if variant else told.get(
            "chosen", list(told["variants"])[:1])
        found += [describe(name, variant) for variant in variants]
    return found
