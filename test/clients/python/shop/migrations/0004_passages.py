# SPDX-License-Identifier: PostgreSQL
"""A table of texts with an index on their words."""

from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models
from pgvector.django import HnswIndex


class Migration(migrations.Migration):
    dependencies = [('shop', '0003_note')]
    operations = [
        migrations.CreateModel(
            name='Passage',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('body', models.TextField()),
                ('words', models.GeneratedField(expression=SearchVector('body', config='english'),
                                                output_field=SearchVectorField(), db_persist=True)),
            ],
        ),
        migrations.AddIndex('Passage', HnswIndex(name='passage_words', fields=['words'],
                                                 opclasses=['bm25_ops'])),
    ]
