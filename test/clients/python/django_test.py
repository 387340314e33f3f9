# SPDX-License-Identifier: PostgreSQL
"""Django with the package pgvector: migrations, fields, distances, forms."""

import io
import os

import django
import numpy as np
from django.conf import settings

from check import (COLUMNS, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense, equal, main, nearest,
                   raises, sparse, test)

settings.configure(
    DATABASES={'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': os.environ['PGDATABASE'], 'USER': os.environ['PGUSER'],
        'PASSWORD': os.environ['PGPASSWORD'], 'HOST': os.environ['PGHOST'],
        'PORT': os.environ['PGPORT']}},
    INSTALLED_APPS=['django.contrib.postgres', 'shop'],
    DEFAULT_AUTO_FIELD='django.db.models.BigAutoField')
django.setup()

from django.contrib.postgres.search import SearchQuery  # noqa: E402
from django.core import serializers  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import DataError, connection, transaction  # noqa: E402
from django.db.models import Avg, F, FloatField, Func, Sum  # noqa: E402
from django.db.models.functions import Cast  # noqa: E402
from django.forms.models import modelform_factory  # noqa: E402
from pgvector import HalfVector, SparseVector  # noqa: E402
from pgvector.django import (CosineDistance, HalfVectorField, HammingDistance, JaccardDistance,  # noqa: E402
                             L1Distance, MaxInnerProduct, VectorField)
# as doc/guide.md has it
from pgvector.django import L2Distance
from shop.models import Item, Passage  # noqa: E402

FUNCTIONS = {'<->': L2Distance, '<#>': MaxInnerProduct, '<=>': CosineDistance, '<+>': L1Distance,
             '<~>': HammingDistance, '<%>': JaccardDistance}
VALUES = {
    'embedding': dense,
    'half': lambda i: HalfVector(dense(i)),
    'sparse': lambda i: SparseVector(sparse(i), SPARSE_DIMENSIONS),
    'bits': bits,
}


def item(i):
    return Item(id=i, category=category(i), **{name: VALUES[name](i) for name in VALUES})


def ranked(column, operator, query, rows=None):
    function = FUNCTIONS[operator](column, VALUES[column](query))
    rows = Item.objects.filter(id__lte=ROWS) if rows is None else rows
    return rows.annotate(distance=function).order_by(function).values_list('distance', flat=True)


@test('migrations: extension, table, indexes, also concurrently')
def _():
    call_command('migrate', verbosity=0)
    call_command('makemigrations', 'shop', check=True, dry_run=True, verbosity=0)


@test('the schema that they make')
def _():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'item%%hnsw' "
                       "OR indexname LIKE 'item%%ivfflat' OR indexname = 'item_cast' ORDER BY 1")
        equal([d.split(' USING ')[1] for d, in cursor.fetchall()], [
            'hnsw (((embedding)::halfvec(3)) halfvec_l2_ops)',
            "hnsw (embedding vector_l2_ops) WITH (m='16', ef_construction='64')",
            "ivfflat (embedding vector_cosine_ops) WITH (lists='1')"])


@test('rows, one by one and in bulk')
def _():
    item(1).save()
    Item.objects.bulk_create(item(i) for i in range(2, ROWS + 1))
    Item(id=1000, embedding=np.array([1.5, -2, 3])).save()
    equal(Item.objects.count(), ROWS + 1)


@test('values come back as they went')
def _():
    for got in Item.objects.filter(id__lte=ROWS):
        equal(got.embedding, dense(got.id))
        equal(got.half.to_list() if hasattr(got.half, 'to_list') else got.half, dense(got.id))
        equal(got.sparse, VALUES['sparse'](got.id))
        equal(got.bits, bits(got.id))
        equal(got.note, None)
    got = Item.objects.get(pk=1000)
    equal((got.embedding, got.half), ([1.5, -2, 3], None))


@test('the nearest by every function')
def _():
    for column, make, operators in COLUMNS:
        for operator in operators:
            close(ranked(column, operator, 7)[:5], nearest(operator, make, 7))


@test('... and with the indexes')
def _():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('SET LOCAL enable_seqscan = off')
        for column, operator, index in (
                ('embedding', '<->', 'item_embedding_hnsw'),
                ('embedding', '<=>', 'item_embedding_ivfflat'), ('half', '<#>', 'item_half'),
                ('sparse', '<+>', 'item_sparse'), ('bits', '<%>', 'item_bits')):
            rows = ranked(column, operator, 7, Item.objects)[:5]
            plan = rows.explain()
            assert f'Index Scan using {index}' in plan, plan
            make = {name: make for name, make, _ in COLUMNS}[column]
            close(rows, nearest(operator, make, 7))
        distance = L2Distance(Cast('embedding', HalfVectorField(dimensions=3)), dense(7))
        rows = Item.objects.order_by(distance).values_list('id', flat=True)[:1]
        assert 'Index Scan using item_cast' in rows.explain(), rows.explain()
        equal(list(rows), [7])


@test('filters: a column, a distance, an excluded row')
def _():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute('SET LOCAL enable_seqscan = off')
        rows = ranked('embedding', '<->', 7, Item.objects.filter(category=2))
        close(rows[:10], nearest('<->', dense, 7, 10, lambda i: category(i) == 2))
        query = dense(7)
        found = Item.objects.filter(category=2).order_by(L2Distance('embedding', query))[:5]
        assert 'Index Scan' in found.explain(), found.explain()
        close([np.linalg.norm(np.subtract(item.embedding, query)) for item in found],
              nearest('<->', dense, 7, 5, lambda i: category(i) == 2))
        rows = ranked('embedding', '<->', 7, Item.objects.filter(category__isnull=False).exclude(id=7))
        close(rows[:5], nearest('<->', dense, 7, 5, lambda i: i != 7))
    within = Item.objects.filter(id__lte=ROWS).alias(d=L2Distance('embedding', dense(7))).filter(d__lt=8)
    equal(within.count(), len([d for d in nearest('<->', dense, 7, ROWS) if d < 8]))


@test('aggregates')
def _():
    got = Item.objects.filter(id__lte=4).aggregate(average=Avg('embedding'), total=Sum('half'))
    sums = [sum(x) for x in zip(*map(dense, range(1, 5)))]
    close(got['average'], [x / 4 for x in sums])
    close(list(got['total'].to_list() if hasattr(got['total'], 'to_list') else got['total']), sums)
    got = Item.objects.filter(id__lte=3).annotate(
        d=Cast(L2Distance('embedding', dense(1)), FloatField())).aggregate(Avg('d'))
    close([got['d__avg']], [sum(nearest('<->', dense, 1, 3, lambda i: i <= 3)) / 3])


@test('forms and serialization')
def _():
    form = modelform_factory(Item, fields=['embedding', 'sparse'])(
        {'embedding': '[4, 5, 6]', 'sparse': '{1:1,3:2}/100'}, instance=Item.objects.get(pk=1000))
    assert form.is_valid(), form.errors
    form.save()
    equal(Item.objects.get(pk=1000).embedding, [4, 5, 6])
    data = serializers.serialize('json', Item.objects.filter(pk=1000))
    Item.objects.filter(pk=1000).delete()
    for got in serializers.deserialize('json', data):
        got.save()
    equal(Item.objects.get(pk=1000).sparse, SparseVector({0: 1, 2: 2}, 100))


@test('update, get_or_create')
def _():
    Item.objects.filter(pk=1000).update(note=[1, 2, 3, 4])
    equal(Item.objects.get(pk=1000).note, [1, 2, 3, 4])
    got, created = Item.objects.get_or_create(embedding=[4, 5, 6])
    equal((got.pk, created), (1000, False))


@test('words')
def _():
    Passage.objects.bulk_create([Passage(id=1, body='The quick brown fox'), Passage(id=2, body='dogs sleep all day long')])
    words = SearchQuery('a dog', search_type='websearch', config='english')
    score = Func(F('words'), words, template='(%(expressions)s)', arg_joiner=' <@> ', output_field=FloatField())
    found = Passage.objects.annotate(score=score).filter(score__lt=0).order_by('score')[:5]
    equal([passage.id for passage in found], [2])


@test('errors')
def _():
    raises(DataError, 'expected 3 dimensions, not 2', Item(embedding=[1, 2]).save)


@test('migrations backwards, and inspectdb')
def _():
    call_command('migrate', 'shop', '0001', verbosity=0)
    out = io.StringIO()
    call_command('inspectdb', 'shop_item', stdout=out)
    assert 'class ShopItem' in out.getvalue(), out.getvalue()
    call_command('migrate', 'shop', 'zero', verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'vector'")
        equal(cursor.fetchone(), (0,))


main()
