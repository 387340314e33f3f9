# SPDX-License-Identifier: PostgreSQL
"""SQLAlchemy with the package pgvector: the mapper, its queries, and indexes,
over psycopg and over asyncpg."""

import numpy as np
from pgvector import HalfVector, SparseVector
from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, avg, sum as vector_sum
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Column, Computed, MetaData, Table, Text, cast, insert, inspect, text
from sqlalchemy import Double, func
from sqlalchemy import Index, Integer, create_engine, select
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from check import (COLUMNS, NOT_IVFFLAT, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense,
                   equal, main, nearest, raises, sparse, test, url)

# libpq's variables have the rest
engine = create_engine('postgresql+psycopg://')
METHODS = {'<->': 'l2_distance', '<#>': 'max_inner_product', '<=>': 'cosine_distance',
           '<+>': 'l1_distance', '<~>': 'hamming_distance', '<%>': 'jaccard_distance'}


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = 'items'

    id = mapped_column(Integer, primary_key=True)
    category = mapped_column(Integer)
    embedding = mapped_column(VECTOR(3))
    half = mapped_column(HALFVEC(3))
    sparse = mapped_column(SPARSEVEC(SPARSE_DIMENSIONS))
    bits = mapped_column(BIT(16))
    __table_args__ = (
        Index('items_embedding_hnsw', embedding, postgresql_using='hnsw',
              postgresql_with={'m': 16, 'ef_construction': 64},
              postgresql_ops={'embedding': 'vector_l2_ops'}),
        Index('items_embedding_ivfflat', embedding, postgresql_using='ivfflat',
              postgresql_with={'lists': 1}, postgresql_ops={'embedding': 'vector_cosine_ops'}),
    )


VALUES = {
    'embedding': dense,
    'half': lambda i: HalfVector(dense(i)),
    'sparse': lambda i: SparseVector(sparse(i), SPARSE_DIMENSIONS),
    'bits': bits,
}


def fields(i):
    return {'id': i, 'category': category(i), **{name: VALUES[name](i) for name in VALUES}}


def ranked(column, operator, query):
    """The query for the distances of the nearest, by the comparator of the type"""
    near = getattr(getattr(Item, column), METHODS[operator])(VALUES[column](query))
    return select(near).order_by(near).limit(5)


@test('CREATE EXTENSION, create_all with indexes of both kinds')
def _():
    with Session(engine) as session:
        session.execute(text('CREATE EXTENSION IF NOT EXISTS vector'))
        session.commit()
    Base.metadata.create_all(engine)


@test('rows by the mapper, and in bulk')
def _():
    with Session(engine) as session:
        session.add_all(Item(**fields(i)) for i in range(1, ROWS // 2 + 1))
        session.commit()
        session.execute(insert(Item), [fields(i) for i in range(ROWS // 2 + 1, ROWS + 1)])
        session.commit()
        equal(session.scalar(select(func.count()).select_from(Item)), ROWS)


@test('values come back as they went')
def _():
    with Session(engine) as session:
        for item in session.scalars(select(Item)):
            equal(item.embedding, dense(item.id))
            equal(item.half, dense(item.id))
            equal(item.sparse, VALUES['sparse'](item.id))
            equal(item.bits, bits(item.id))


@test('NumPy arrays, NULL')
def _():
    with Session(engine) as session:
        session.add(Item(id=1000, embedding=np.array([1.5, -2, 3]), half=None))
        session.flush()
        session.expire_all()
        item = session.get(Item, 1000)
        equal(item.embedding, [1.5, -2, 3])
        equal(item.half, None)
        session.rollback()


@test('the nearest by every comparator')
def _():
    with Session(engine) as session:
        for column, make, operators in COLUMNS:
            for operator in operators:
                close(session.scalars(ranked(column, operator, 7)).all(), nearest(operator, make, 7))


@test('Index(): every operator class of both access methods')
def _():
    with Session(engine) as session:
        session.execute(text('SET enable_seqscan = off'))
        session.execute(text('SET ivfflat.probes = 4'))
        for column, make, operators in COLUMNS:
            for operator, opclass in operators.items():
                for method, options in ('hnsw', {'m': 8}), ('ivfflat', {'lists': 4}):
                    if method == 'ivfflat' and opclass in NOT_IVFFLAT:
                        continue
                    index = Index('i', getattr(Item, column), postgresql_using=method,
                                  postgresql_with=options, postgresql_ops={column: opclass})
                    index.create(session.connection())
                    close(session.scalars(ranked(column, operator, 7)).all(), nearest(operator, make, 7))
                    index.drop(session.connection())
                    Item.__table__.indexes.discard(index)
        session.rollback()


@test('indexes on expressions: a cast, binary quantization')
def _():
    half = cast(Item.embedding, HALFVEC(3))
    signs = cast(func.binary_quantize(Item.embedding), BIT(3))
    by_half = Index('items_half', half.label('half'), postgresql_using='hnsw',
                    postgresql_ops={'half': 'halfvec_l2_ops'})
    by_signs = Index('items_signs', signs.label('signs'), postgresql_using='hnsw',
                     postgresql_ops={'signs': 'bit_hamming_ops'})
    with Session(engine) as session:
        by_half.create(session.connection())
        by_signs.create(session.connection())
        session.execute(text('SET LOCAL enable_seqscan = off'))
        near = half.l2_distance(dense(7))
        close(session.scalars(select(near).order_by(near).limit(5)).all(), nearest('<->', dense, 7))
        inner = select(Item.id, Item.embedding).order_by(
            signs.hamming_distance(func.binary_quantize(cast(dense(42), VECTOR(3))))).limit(40).subquery()
        equal(session.scalar(select(inner.c.id).order_by(
            inner.c.embedding.cosine_distance(dense(42))).limit(1)), 42)
        session.rollback()


@test('filters: a column, a distance, a list')
def _():
    near = Item.embedding.l2_distance(dense(7))
    with Session(engine) as session:
        got = session.scalars(select(near).where(Item.category == 2).order_by(near).limit(10)).all()
        close(got, nearest('<->', dense, 7, 10, lambda i: category(i) == 2))
        got = session.scalars(select(near).where(Item.category.in_([1, 3])).order_by(near).limit(10)).all()
        close(got, nearest('<->', dense, 7, 10, lambda i: category(i) in (1, 3)))
        query = [1, 2, 3]
        found = session.scalars(select(Item).where(Item.category == 2).order_by(Item.embedding.l2_distance(query)).limit(5)).all()
        close([np.linalg.norm(np.subtract(item.embedding, query)) for item in found],
              sorted(np.linalg.norm(np.subtract(dense(i), query))
                     for i in range(1, ROWS + 1) if category(i) == 2)[:5])
        count = session.scalar(select(func.count()).where(near < 8))
        equal(count, len([d for d in nearest('<->', dense, 7, ROWS) if d < 8]))


@test('nearest to another row')
def _():
    with Session(engine) as session:
        other = select(Item.embedding).filter_by(id=7).scalar_subquery()
        got = session.scalars(select(Item.id).filter(Item.id != 7).order_by(
            Item.embedding.l2_distance(other)).limit(1)).one()
        close([nearest('<->', dense, 7)[1]],
              [session.scalar(select(Item.embedding.l2_distance(dense(7))).filter_by(id=got))])


@test('aggregates')
def _():
    with Session(engine) as session:
        average = session.scalar(select(avg(Item.embedding)).where(Item.id <= 4))
        close(average, [sum(x) / 4 for x in zip(*map(dense, range(1, 5)))])
        total = session.scalar(select(vector_sum(Item.half)).where(Item.id <= 4))
        equal(total, [sum(x) for x in zip(*map(dense, range(1, 5)))])
        grouped = session.execute(select(Item.category, avg(Item.embedding)).group_by(Item.category)).all()
        equal(sorted(c for c, _ in grouped), [0, 1, 2, 3])


@test('reflection of tables and indexes')
def _():
    table = Table('items', MetaData(), autoload_with=engine)
    equal(str(table.c.embedding.type), 'VECTOR(3)')
    equal(str(table.c.half.type), 'HALFVEC(3)')
    equal(str(table.c.sparse.type), f'SPARSEVEC({SPARSE_DIMENSIONS})')
    assert str(table.c.bits.type).startswith('BIT'), table.c.bits.type
    got = {index['name']: (index['dialect_options']['postgresql_using'],
                           index['dialect_options']['postgresql_with'])
           for index in inspect(engine).get_indexes('items')}
    equal(got, {'items_embedding_hnsw': ('hnsw', {'m': '16', 'ef_construction': '64'}),
                'items_embedding_ivfflat': ('ivfflat', {'lists': '1'})})


@test('arrays of vectors')
def _():
    metadata = MetaData()
    table = Table('lists', metadata, Column('vectors', ARRAY(VECTOR(2), dimensions=1)))
    metadata.create_all(engine)
    with engine.connect() as connection:
        connection.execute(insert(table), {'vectors': [[1, 2], [3, 4]]})
        got = connection.scalar(select(table.c.vectors[2]))
        equal(list(got), [3, 4])


class Passage(Base):
    __tablename__ = 'passages'

    id = mapped_column(Integer, primary_key=True)
    body = mapped_column(Text)
    words = mapped_column(TSVECTOR, Computed("to_tsvector('english', body)", persisted=True))
    __table_args__ = (
        Index('passages_words', words, postgresql_using='hnsw', postgresql_ops={'words': 'bm25_ops'}),)


@test('words')
def _():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Passage(id=1, body='The quick brown fox'), Passage(id=2, body='dogs sleep all day long')])
        session.flush()
        words = func.websearch_to_tsquery('english', 'a dog')
        score = Passage.words.op('<@>', return_type=Double)(words)
        found = session.scalars(select(Passage.id).where(score < 0).order_by(score).limit(5)).all()
        equal(found, [2])
        session.rollback()


@test('errors')
def _():
    with Session(engine) as session:
        session.add(Item(embedding=[1, 2]))
        raises(DBAPIError, 'expected 3 dimensions, not 2', session.flush)


@test('asynchronous, over asyncpg')
async def _():
    other = create_async_engine(url('asyncpg'))
    async with async_sessionmaker(other)() as session:
        for column, make, operators in COLUMNS:
            for operator in operators:
                close((await session.scalars(ranked(column, operator, 7))).all(),
                      nearest(operator, make, 7))
        session.add(Item(**{**fields(1), 'id': 2000}))
        await session.flush()
        session.expire_all()
        item = await session.get(Item, 2000)
        equal(list(item.embedding), dense(1))
        await session.rollback()
    await other.dispose()


main()
