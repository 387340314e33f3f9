# SPDX-License-Identifier: PostgreSQL
"""API keys: lk_ID_SECRET.  Only a hash of a hash of the secret is stored."""

import hashlib
import hmac
import os
import secrets

import psycopg

# Of one tenant and name: the key in use, and the one that takes its place
VALID_AT_ONCE = 2

VALID = 'revoked_at IS NULL AND expires_at > now()'


def make():
    """An id, a key, and what is stored of it."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return key_id, f'lk_{key_id}_{secret}', digest(proof(secret))


def proof(secret):
    return hashlib.sha256(secret.encode()).digest()


def digest(proved):
    return hashlib.sha256(proved).digest()


def parse(key):
    """The id of a key and the proof that someone has it; None if it is no key."""
    parts = key.split('_', 2)
    return (parts[1], proof(parts[2])) if len(parts) == 3 and parts[0] == 'lk' else None


def matches(proved, stored):
    return hmac.compare_digest(digest(proved), stored)


def connect():
    """A connection for who looks after keys: a superuser, or a member of starter_owner."""
    connection = psycopg.connect(os.environ.get('STARTER_ADMIN', 'dbname=starter'))
    connection.execute('SET search_path = starter, pg_catalog, pg_temp')
    return connection


def add(connection, tenant, name, role, days):
    connection.execute('INSERT INTO tenants (name) VALUES (%s) ON CONFLICT DO NOTHING', [tenant])
    # One at a time, so that nobody else makes a third key now
    tenant_id = connection.execute('SELECT id FROM tenants WHERE name = %s FOR UPDATE', [tenant]).fetchone()[0]
    valid = connection.execute(f'SELECT count(*) FROM keys WHERE tenant_id = %s AND name = %s AND {VALID}',
                               [tenant_id, name]).fetchone()[0]
    if valid >= VALID_AT_ONCE:
        raise SystemExit(f'{tenant} has {valid} valid keys named {name}; revoke one of them first')
    key_id, key, stored = make()
    connection.execute("""INSERT INTO keys (id, tenant_id, name, role, digest, expires_at)
                          VALUES (%s, %s, %s, %s, %s, now() + %s * interval '1 day')""",
                       [key_id, tenant_id, name, role, stored, days])
    return key


def rotate(connection, key_id, days, overlap):
    """A new key of the same tenant, name and role; the old one ends after overlap days."""
    old = connection.execute(f"""SELECT t.name, k.name, k.role FROM keys k JOIN tenants t ON t.id = k.tenant_id
                                 WHERE k.id = %s AND {VALID}""", [key_id]).fetchone()
    if not old:
        raise SystemExit(f'there is no valid key {key_id}')
    key = add(connection, *old, days)
    connection.execute("""UPDATE keys SET expires_at = least(expires_at, now() + %s * interval '1 day')
                          WHERE id = %s""", [overlap, key_id])
    return key


def revoke(connection, key_id):
    if not connection.execute('UPDATE keys SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL',
                              [key_id]).rowcount:
        raise SystemExit(f'there is no key {key_id} that is not revoked')


def listed(connection):
    """Lines with what is known of the keys, but for the keys."""
    return connection.execute(f"""
        SELECT concat_ws('  ', k.id, t.name, k.name, k.role,
                         CASE WHEN {VALID} THEN 'until ' || to_char(expires_at, 'YYYY-MM-DD HH24:MI')
                              WHEN revoked_at IS NULL THEN 'expired' ELSE 'revoked' END)
        FROM keys k JOIN tenants t ON t.id = k.tenant_id ORDER BY t.name, k.name, k.created_at""").fetchall()
