# SPDX-License-Identifier: PostgreSQL
"""What agents remember: memories that change, of several tenants, as of any time.

usage: examples/run.sh agent_memory "QUESTION"
"""

import sys
import textwrap

import psycopg
from psycopg.rows import namedtuple_row

# Two teams that run PostgreSQL 15, and the day when each asked its agent to follow the releases
TENANTS = {'harbor': '2022-11-01', 'lantern': '2025-01-01'}
NEWEST = 'newest release'
TODAY = '2026-11-20'            # not the clock's, so that all runs print the same

RELEASES = """
SELECT substring(title FROM 'Release (.*)') AS release, released, id, body
FROM paragraphs WHERE released >= %s AND NOT is_code ORDER BY released, id
"""


class Memory:
    """The memory of one tenant's agent.  The server lets it see no other."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.connection = psycopg.connect(row_factory=namedtuple_row, autocommit=True)
        self.connection.execute('SET search_path = agent_memory, public')
        self.connection.execute('SET ROLE memory_agent')
        self.connection.execute("SELECT set_config('app.tenant', %s, false)", [tenant])

    def remember(self, name, body, at):
        """From a time on, the memory of this name is this text."""
        with self.connection.transaction():
            self.forget(name, at)
            self.connection.execute(
                """INSERT INTO memories (name, body, embedding, valid_from)
                   SELECT %(name)s, %(body)s, embed(%(body)s), %(at)s""",
                {'name': name, 'body': body, 'at': at})

    def forget(self, name, at):
        """From a time on, there is no such memory; before it, there was."""
        self.connection.execute(
            "UPDATE memories SET valid_to = %s WHERE name = %s AND valid_to = 'infinity'", [at, name])

    def erase(self, name):
        """There never was such a memory."""
        self.connection.execute('DELETE FROM memories WHERE name = %s', [name])

    def recall(self, question, at, count=2):
        """The memories that the agent had at that time and that are nearest to the question."""
        return self.connection.execute(
            """SELECT name, body, valid_from::date AS since
               FROM (SELECT *, embedding <=> embed(%(question)s) AS distance FROM memories
                     WHERE valid_from <= %(at)s AND %(at)s < valid_to
                     ORDER BY distance LIMIT %(count)s) AS nearest
               ORDER BY distance, name""",
            {'question': question, 'at': at, 'count': count}).fetchall()


def follow_releases(memory, since):
    """Each change of a release is a memory, and so is which release is the newest."""
    newest = None
    for row in memory.connection.execute(RELEASES, [since]).fetchall():
        if row.release != newest:
            newest = row.release
            memory.remember(NEWEST, f'The newest release is {newest}.', row.released)
        memory.remember(f'{row.release}, paragraph {row.id}', row.body, row.released)


def show(title, memories):
    print(title)
    for memory in memories:
        text = textwrap.shorten(f'{memory.name}: {memory.body}', 100, placeholder='...')
        print(f'  since {memory.since}  {text}')
    if not memories:
        print('  nothing')


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: examples/run.sh agent_memory "QUESTION"')
    question = sys.argv[1]
    harbor, lantern = (Memory(tenant) for tenant in TENANTS)
    if harbor.connection.execute('SELECT embed(%s) IS NULL AS unknown', [question]).fetchone().unknown:
        sys.exit('The manual uses none of these words.')
    for agent in harbor, lantern:
        follow_releases(agent, TENANTS[agent.tenant])

    def ask(agent, day, after=''):
        memories = agent.recall(question, day)
        show(f'{agent.tenant}, {day}{after}', memories)
        return memories

    ask(harbor, '2023-06-01')
    ask(harbor, '2024-06-01')
    ask(lantern, '2024-06-01')
    ask(lantern, TODAY)
    nearest = ask(harbor, TODAY)[0]
    harbor.forget(nearest.name, TODAY)
    ask(harbor, TODAY, ', after the first of these was forgotten')
    ask(harbor, nearest.since, ', before it was forgotten')
    harbor.erase(nearest.name)
    ask(harbor, nearest.since, ', after it was erased')


if __name__ == '__main__':
    main()
