# SPDX-License-Identifier: PostgreSQL
"""Indexes of both access methods."""

from django.contrib.postgres.indexes import OpClass
from django.db import migrations
from django.db.models.functions import Cast
from pgvector.django import HalfVectorField, HnswIndex, IvfflatIndex


class Migration(migrations.Migration):
    dependencies = [('shop', '0001_items')]
    operations = [migrations.AddIndex('Item', index) for index in (
        HnswIndex(name='item_embedding_hnsw', fields=['embedding'], m=16, ef_construction=64,
                  opclasses=['vector_l2_ops']),
        IvfflatIndex(name='item_embedding_ivfflat', fields=['embedding'], lists=1,
                     opclasses=['vector_cosine_ops']),
        HnswIndex(name='item_half', fields=['half'], opclasses=['halfvec_ip_ops']),
        HnswIndex(name='item_sparse', fields=['sparse'], opclasses=['sparsevec_l1_ops']),
        HnswIndex(name='item_bits', fields=['bits'], opclasses=['bit_jaccard_ops']),
        HnswIndex(OpClass(Cast('embedding', HalfVectorField(dimensions=3)), name='halfvec_l2_ops'),
                  name='item_cast'),
    )]
