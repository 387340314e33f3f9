# SPDX-License-Identifier: PostgreSQL
"""Two tables, one with a field of each type, and indexes by the package's classes."""

from django.contrib.postgres.indexes import OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Cast
from pgvector.django import BitField, HalfVectorField, IvfflatIndex, SparseVectorField
from pgvector.django import HnswIndex, VectorField


class Item(models.Model):
    id = models.BigAutoField(primary_key=True)
    category = models.IntegerField(null=True)
    embedding = VectorField(dimensions=3, null=True)
    half = HalfVectorField(dimensions=3, null=True)
    sparse = SparseVectorField(dimensions=100, null=True)
    bits = BitField(length=16, null=True)
    note = VectorField(null=True)

    class Meta:
        app_label = 'shop'
        indexes = [
            HnswIndex(name='item_embedding_hnsw', fields=['embedding'], m=16, ef_construction=64,
                      opclasses=['vector_l2_ops']),
            IvfflatIndex(name='item_embedding_ivfflat', fields=['embedding'], lists=1,
                         opclasses=['vector_cosine_ops']),
            HnswIndex(name='item_half', fields=['half'], opclasses=['halfvec_ip_ops']),
            HnswIndex(name='item_sparse', fields=['sparse'], opclasses=['sparsevec_l1_ops']),
            HnswIndex(name='item_bits', fields=['bits'], opclasses=['bit_jaccard_ops']),
            HnswIndex(OpClass(Cast('embedding', HalfVectorField(dimensions=3)), name='halfvec_l2_ops'),
                      name='item_cast'),
        ]


class Passage(models.Model):
    id = models.BigAutoField(primary_key=True)
    body = models.TextField()
    words = models.GeneratedField(expression=SearchVector('body', config='english'),
                                  output_field=SearchVectorField(), db_persist=True)

    class Meta:
        app_label = 'shop'
        indexes = [HnswIndex(name='passage_words', fields=['words'], opclasses=['bm25_ops'])]
