# SPDX-License-Identifier: PostgreSQL
"""The extension and the table."""

from django.db import migrations, models
from pgvector.django import (BitField, HalfVectorField, SparseVectorField, VectorExtension,
                             VectorField)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('category', models.IntegerField(null=True)),
                ('embedding', VectorField(dimensions=3, null=True)),
                ('half', HalfVectorField(dimensions=3, null=True)),
                ('sparse', SparseVectorField(dimensions=100, null=True)),
                ('bits', BitField(length=16, null=True)),
            ],
        ),
    ]
