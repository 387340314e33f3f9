# SPDX-License-Identifier: PostgreSQL
"""A column without dimensions; built concurrently, an index more and gone."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations
from pgvector.django import HnswIndex, VectorField


class Migration(migrations.Migration):
    atomic = False
    dependencies = [('shop', '0002_indexes')]
    operations = [
        migrations.AddField('Item', 'note', VectorField(null=True)),
        AddIndexConcurrently('Item', HnswIndex(name='item_more', fields=['embedding'],
                                               opclasses=['vector_ip_ops'])),
        RemoveIndexConcurrently('Item', 'item_more'),
    ]
