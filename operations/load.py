#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Load a file of vectors into a table, or write a table's vectors into a file.

usage: load.py [--resume] FILE TABLE [COLUMN...]
       load.py --unload FILE TABLE [COLUMN...]

The ending of FILE is its format:

npy fvecs hdf5 h5      vectors alone.  Columns: one for the row's number in the file, from
                       0, and one of vector or halfvec; by default id and embedding.
                       --unload writes the second in the order of the first, without NULLs.
jsonl parquet          rows with names.  By default all columns of the file, or of the table.
json, or a directory   with --from alone.

--from tells what wrote the file, and then rows go into all columns of the table, or the named
ones, whatever else the file has:

qdrant     points, as scroll returns them, one a line, or a page of the HTTP interface.  Columns
           are id, keys of the payload, payload itself, and the vectors by their names; a vector
           without a name goes into embedding.
chroma     what collection.get() returns.  Columns are id, embedding, document, keys of the
           metadata, and metadata itself.
milvus     what its bulk writers write: parquet, json, or a directory of npy files; or what
           query() returns, one row a line.  Columns are the fields, also dynamic ones.

Rows go in by COPY, --batch of them (10000) in a transaction, in the order of the file.  If a
load was interrupted, --resume leaves out as many rows as the table has.  Make the index
afterwards.  psql finds the server by PGHOST, PGDATABASE and the like.  Vectors alone need NumPy,
hdf5 h5py as well (--dataset names what to read or write, by default train), parquet pyarrow.  A
file in CSV needs psql alone: \\copy TABLE FROM 'FILE' WITH (FORMAT csv, HEADER).
"""
import argparse
import importlib
import itertools
import json
import os
import subprocess
import sys
import time

try:
    import numpy as np
except ImportError:
    np = None

ELEMENTS = {'vector': '>f4', 'halfvec': '>f2'}
SIGNATURE = b'PGCOPY\n\xff\r\n\0' + bytes(8)


def module(name):
    """A module that only some formats need"""
    try:
        return importlib.import_module(name)
    except ImportError:
        sys.exit(f'this format needs {name.split(".")[0]}, which {sys.executable} does not have')


def psql(*arguments):
    return ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', *arguments]


def query(sql, **variables):
    """The lines that a query prints; :'name' stands for a variable"""
    settings = [word for name, value in variables.items() for word in ('-v', f'{name}={value}')]
    run = subprocess.run(psql(*settings), input=sql, text=True, stdout=subprocess.PIPE, check=False)
    if run.returncode:
        sys.exit(1)
    return run.stdout.splitlines()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Table:
    """A table by its name for SQL, with its columns' types"""

    def __init__(self, name):
        self.name, = query("SELECT :'name'::pg_catalog.regclass", name=name)
        lines = [line.rsplit('|', 2) for line in query(
            """SELECT attname, typname, atttypmod FROM pg_catalog.pg_attribute
               JOIN pg_catalog.pg_type t ON t.oid OPERATOR(pg_catalog.=) atttypid
               WHERE attrelid OPERATOR(pg_catalog.=) :'name'::pg_catalog.regclass AND attnum > 0::int2
               AND NOT attisdropped AND attgenerated OPERATOR(pg_catalog.=) ''::pg_catalog."char" ORDER BY attnum""", name=name)]
        self.types = {name: kind for name, kind, _ in lines}
        self.modifiers = {name: int(modifier) for name, _, modifier in lines}

    def type_of(self, column):
        if column not in self.types:
            sys.exit(f'{self.name} has no column "{column}"')
        return self.types[column]

    def rows(self):
        return int(query(f'SELECT pg_catalog.count(*) FROM {self.name}')[0])

    def copy_in(self, columns, data, options, first, last):
        names = ', '.join(map(quoted, columns))
        run = subprocess.run(psql('-c', f'COPY {self.name} ({names}) FROM STDIN WITH ({options})'),
                             input=data, check=False)
        if run.returncode:
            sys.exit(f'stopped: rows {first + 1} to {last} of the file are not in the table, all before them are;'
                     ' mend the cause, then go on with --resume')

    def copy_out(self, select, options):
        return subprocess.Popen(psql('-c', f'COPY ({select}) TO STDOUT WITH ({options})'),
                                stdout=subprocess.PIPE)


class Progress:
    """Rows so far: one line, overwritten on a terminal"""

    def __init__(self, total=None):
        self.begun, self.total, self.count = time.monotonic(), total, 0

    def add(self, count):
        self.count += count
        if sys.stderr.isatty():
            self.show('\r')

    def show(self, end='\n'):
        share = f' of {self.total}' if self.total else ''
        rate = self.count / max(time.monotonic() - self.begun, 1e-3)
        print(f'{self.count}{share} rows, {rate:.0f} a second  ', end=end, file=sys.stderr, flush=True)


def read_array(path, dataset):
    try:
        array = map_array(path, dataset)
        shape = getattr(array, 'shape', ())
        if len(shape) != 2:
            raise ValueError(f'rows of vectors have two dimensions, and this has {len(shape)}')
        return array
    except (OSError, ValueError, KeyError, IndexError) as error:
        sys.exit(f'{path}: not such a file: {error}')


def map_array(path, dataset):
    """The rows of a file, of which only those are read that are used"""
    if path.endswith('.npy'):
        return np.load(path, mmap_mode='r')
    if path.endswith('.fvecs'):
        dims = int(np.fromfile(path, '<i4', 1)[0])
        return np.memmap(path, np.dtype([('dims', '<i4'), ('x', '<f4', (dims,))]), mode='r')['x']
    return module('h5py').File(path)[dataset]


def load_array(array, table, columns, arguments, skip):
    number, vector = columns
    if table.type_of(vector) not in ELEMENTS or table.type_of(number) not in ('int4', 'int8'):
        sys.exit(f'"{number}" has to be int4 or int8, and "{vector}" vector or halfvec')
    element = np.dtype(ELEMENTS[table.types[vector]])
    dims, width = array.shape[1], int(table.types[number][3])
    row = np.dtype([('fields', '>i2'), ('width', '>i4'), ('number', f'>i{width}'), ('bytes', '>i4'),
                    ('dims', '>i2'), ('unused', '>i2'), ('x', element, (dims,))])
    progress = Progress(len(array) - skip)
    for first in range(skip, len(array), arguments.batch):
        values = np.asarray(array[first:first + arguments.batch])
        rows = np.zeros(len(values), row)
        rows['fields'], rows['width'], rows['bytes'], rows['dims'] = 2, width, 4 + dims * element.itemsize, dims
        rows['number'] = np.arange(first, first + len(values))
        rows['x'] = values
        table.copy_in(columns, SIGNATURE + rows.tobytes() + b'\xff\xff', 'FORMAT binary',
                      first, first + len(values))
        progress.add(len(values))
    progress.show()


def sparse(value, dims):
    """The elements of a sparse vector, by numbers from 0 on, as a sparsevec"""
    if isinstance(value, str):
        value = json.loads(value)
    if 'indices' in value:
        value = dict(zip(value['indices'], value['values']))
    return '{' + ','.join(f'{int(place) + 1}:{weight}' for place, weight in value.items()) + f'}}/{dims}'


def from_qdrant(record):
    vector, payload = record.get('vector'), record.get('payload') or {}
    vectors = vector if isinstance(vector, dict) else {'embedding': vector}
    return payload | {'payload': payload, 'id': record['id']} | vectors


def from_chroma(record):
    metadata = record['metadatas'] or {}
    return metadata | {'metadata': metadata, 'id': record['ids'], 'embedding': record['embeddings'],
                       'document': record['documents']}


class JsonText(str):
    """A text, or the text of a value in JSON"""


def from_milvus(record):
    more = record.pop('$meta', None) or {}
    # Fields in JSON are texts in some of its formats
    fields = {name: JsonText(value) if isinstance(value, str) else value for name, value in record.items()}
    return fields | (json.loads(more) if isinstance(more, str) else more)


EXPORTS = {'qdrant': from_qdrant, 'chroma': from_chroma, 'milvus': from_milvus}


def read_export(path, origin, batch):
    """Rows of what another database's tools have written, as dicts by columns"""
    if os.path.isdir(path):
        files = {name[:-4]: np.load(os.path.join(path, name), mmap_mode='r')
                 for name in os.listdir(path) if name.endswith('.npy')}
        records = ({name: file[i].tolist() for name, file in files.items()}
                   for i in range(min(map(len, files.values()), default=0)))
    elif path.endswith('.json'):
        with open(path, 'rb') as file:
            records = parsed(file.read(), path)
        # Pages of Qdrant's interface, rows of Milvus
        while isinstance(records, dict) and (inner := {'result', 'points', 'rows'} & set(records)):
            records = records[inner.pop()]
        if isinstance(records, dict):
            rows = {name: values for name, values in records.items() if isinstance(values, list) and name != 'included'}
            if 'ids' not in rows:
                sys.exit(f'{path}: not as {origin} writes it')
            records = ({name: rows[name][i] if name in rows else None
                        for name in ('ids', 'embeddings', 'documents', 'metadatas')} for i in range(len(rows['ids'])))
    else:
        records = read_records(path, batch)
    for number, record in enumerate(records, 1):
        try:
            yield EXPORTS[origin](record)
        except (KeyError, TypeError, AttributeError, ValueError):
            sys.exit(f'{path}, row {number}: not as {origin} writes it')


def parsed(text, place):
    try:
        return json.loads(text)
    except ValueError:
        sys.exit(f'{place}: not JSON')


def read_records(path, batch):
    if path.endswith('.jsonl'):
        with open(path, 'rb') as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    record = parsed(line, f'{path}, line {number}')
                    if not isinstance(record, dict):
                        sys.exit(f'{path}, line {number}: not an object with the names of columns')
                    yield record
        return
    parquet = module('pyarrow.parquet')
    try:
        file = parquet.ParquetFile(path)
    except (OSError, ValueError) as error:
        sys.exit(f'{path}: not such a file: {error}')
    for rows in file.iter_batches(batch):
        yield from rows.to_pylist()


def element(value):
    """A value in an array"""
    if isinstance(value, list):
        value = json.dumps(value)
    return 'NULL' if value is None else json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def field(value, kind, modifier=-1):
    """A value in COPY's text format"""
    if value is None:
        return r'\N'
    if kind == 'sparsevec' and not (isinstance(value, str) and '/' in value):
        value = sparse(value, modifier)
    if kind in ('json', 'jsonb') and not isinstance(value, JsonText) or \
            kind.lstrip('_') == kind and isinstance(value, (list, dict)):
        value = json.dumps(value)
    elif isinstance(value, list):
        value = '{' + ','.join(map(element, value)) + '}'
    return str(value).replace('\\', '\\\\').replace('\t', '\\t').replace('\n', '\\n').replace('\r', '\\r')


def load_records(records, table, columns, arguments, skip):
    records = itertools.islice(records, skip, None)
    progress, first = Progress(), skip
    while batch := list(itertools.islice(records, arguments.batch)):
        columns = columns or list(batch[0])
        kinds = [(column, table.type_of(column), table.modifiers[column]) for column in columns]
        lines = ('\t'.join(field(row.get(column), *kind) for column, *kind in kinds) + '\n' for row in batch)
        table.copy_in(columns, ''.join(lines).encode(), "FORMAT text, ENCODING 'UTF8'", first, first + len(batch))
        first += len(batch)
        progress.add(len(batch))
    progress.show()


def unload_array(table, columns, arguments):
    """Yields blocks of rows; all vectors have to be of one number of dimensions"""
    number, vector = map(quoted, columns)
    copy = table.copy_out(f'SELECT {vector}::vector FROM {table.name} WHERE {vector} IS NOT NULL ORDER BY {number}',
                          'FORMAT binary')
    head = copy.stdout.read(len(SIGNATURE) + 10)
    if len(head) < len(SIGNATURE) + 10:
        sys.exit('there are no vectors')
    first = head[len(SIGNATURE):]
    dims = int.from_bytes(first[6:8], 'big')
    row = np.dtype([('head', 'u1', (10,)), ('x', '>f4', (dims,))])
    left = first
    while True:
        left += copy.stdout.read(row.itemsize * arguments.batch - len(left))
        rows = np.frombuffer(left, row, len(left) // row.itemsize)
        if (rows['head'] != np.frombuffer(first, 'u1')).any():
            sys.exit('the vectors differ in their dimensions')
        if len(rows):
            yield rows['x'].astype('<f4')
        left = left[len(rows) * row.itemsize:]
        if len(rows) < arguments.batch:
            break
    if left != b'\xff\xff' or copy.wait():
        sys.exit('the vectors differ in their dimensions, or COPY failed')


def write_array(path, blocks, dataset):
    progress = Progress()
    if path.endswith(('.hdf5', '.h5')):
        with module('h5py').File(path, 'w') as file:
            for block in blocks:
                if not progress.count:
                    file.create_dataset(dataset, (0, block.shape[1]), '<f4', maxshape=(None, block.shape[1]))
                file[dataset].resize(progress.count + len(block), 0)
                file[dataset][progress.count:] = block
                progress.add(len(block))
        return progress.show()
    with open(path, 'wb') as file:
        for block in blocks:
            dims = block.shape[1]
            if path.endswith('.fvecs'):
                block = np.hstack([np.full((len(block), 1), dims, '<i4').view('<f4'), block])
            elif not progress.count:
                write_header(file, 0, dims)
            file.write(block.tobytes())
            progress.add(len(block))
        if path.endswith('.npy'):
            # It is as long with any number of rows
            file.seek(0)
            write_header(file, progress.count, dims)
    return progress.show()


def write_header(file, rows, dims):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dims}), }}".ljust(117) + '\n'
    file.write(b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header.encode())


def unload_records(table, columns):
    """Rows as JSON, vectors as arrays"""
    names = [f'{quoted(c)}::pg_catalog.float4[]' if table.type_of(c) in ELEMENTS else quoted(c)
             for c in columns or table.types]
    copy = table.copy_out(f'SELECT pg_catalog.row_to_json(r) FROM (SELECT {", ".join(names)} FROM {table.name}) r',
                          "FORMAT text, ENCODING 'UTF8'")
    for line in copy.stdout:
        # JSON has no other signs that COPY escapes
        yield line.replace(b'\\\\', b'\\')
    if copy.wait():
        sys.exit('COPY failed')


def write_records(path, lines, batch):
    progress = Progress()
    if path.endswith('.jsonl'):
        with open(path, 'wb') as file:
            for line in lines:
                file.write(line)
                progress.add(1)
        return progress.show()
    pyarrow, parquet = module('pyarrow'), module('pyarrow.parquet')
    writer = None
    while rows := [json.loads(line) for line in itertools.islice(lines, batch)]:
        part = pyarrow.Table.from_pylist(rows, writer and writer.schema)
        writer = writer or parquet.ParquetWriter(path, part.schema)
        writer.write_table(part)
        progress.add(len(rows))
    if writer:
        writer.close()
    return progress.show()


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split('usage: ')[1].split('\n\n')[0], description=__doc__.split('\n\n', 2)[2],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--unload', action='store_true')
    parser.add_argument('--batch', type=int, default=10000)
    parser.add_argument('--dataset', default='train')
    parser.add_argument('--from', dest='origin', choices=EXPORTS)
    parser.add_argument('file')
    parser.add_argument('table')
    parser.add_argument('columns', nargs='*')
    arguments = parser.parse_args()
    path, kind = arguments.file, os.path.splitext(arguments.file)[1]
    if not arguments.unload and not os.path.exists(path):
        parser.error(f'there is no file {path}')
    if arguments.batch < 1:
        parser.error('--batch has to be 1 or more')
    if kind == '.csv':
        parser.error(f"psql does this alone: \\copy {arguments.table} FROM '{path}' WITH (FORMAT csv, HEADER)")
    if np is None and kind not in ('.json', '.jsonl', '.parquet'):
        module('numpy')
    if arguments.origin and not arguments.unload:
        table = Table(arguments.table)
        load_records(read_export(path, arguments.origin, arguments.batch), table,
                     arguments.columns or list(table.types), arguments, table.rows() if arguments.resume else 0)
        return
    if kind not in ('.npy', '.fvecs', '.hdf5', '.h5', '.jsonl', '.parquet'):
        parser.error('the name of the file has to end in .npy, .fvecs, .hdf5, .h5, .jsonl or .parquet')
    table = Table(arguments.table)
    if kind in ('.jsonl', '.parquet'):
        if arguments.unload:
            write_records(path, unload_records(table, arguments.columns), arguments.batch)
        else:
            load_records(read_records(path, arguments.batch), table, arguments.columns, arguments,
                         table.rows() if arguments.resume else 0)
        return
    columns = arguments.columns or ['id', 'embedding']
    if len(columns) != 2:
        parser.error('name the column of the number and that of the vector')
    if arguments.unload:
        write_array(path, unload_array(table, columns, arguments), arguments.dataset)
    else:
        load_array(read_array(path, arguments.dataset), table, columns, arguments,
                   table.rows() if arguments.resume else 0)


if __name__ == '__main__':
    main()
