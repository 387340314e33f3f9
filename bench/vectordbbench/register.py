#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Put lokivector's client into a copy of VectorDBBench, as a patch would.

usage: register.py FOLDER       of the package vectordb_bench
"""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = [("lokivector", "Lokivector"),
          ("config", "LokivectorConfig"),
          ("config", "LokivectorHNSWConfig")]


def insert(path, pieces):
    """pieces: (the text that it comes before, after the earlier piece; it)"""
    with open(path) as f:
        text = f.read()
    at = 0
    for before, new in pieces:
        at = text.find(before, at)
        if at < 0:
            raise SystemExit(f"{path}: no place for lokivector's client")
        text = text[:at] + new + text[at:]
        at += len(new) + len(before)
    with open(path, "w") as f:
        f.write(text)


def register(package):
    clients = os.path.join(package, "backend", "clients")
    shutil.copytree(os.path.join(HERE, "lokivector"),
                    os.path.join(clients, "lokivector"))
    insert(os.path.join(clients, "__init__.py"), [
        ('    PgVector = "PgVector"\n', '    Lokivector = "Lokivector"\n')] + [
        ("        if self == DB.PgVector:\n",
         "        if self == DB.Lokivector:\n"
         f"            from .lokivector.{module} import {name}\n\n"
         f"            return {name}\n\n") for module, name in PLACES])
    insert(os.path.join(package, "cli", "vectordbbench.py"), [
        ("from ..backend.clients.mariadb.cli",
         "from ..backend.clients.lokivector.cli import LokivectorHNSW\n"),
        ("cli.add_command(PgVectorHNSW)\n",
         "cli.add_command(LokivectorHNSW)\n")])


if __name__ == "__main__":
    register(sys.argv[1])
