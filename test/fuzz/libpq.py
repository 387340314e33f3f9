# SPDX-License-Identifier: PostgreSQL
"""As much of libpq as the fuzz needs, without a package to install."""

import ctypes
import ctypes.util

TUPLES = 2
FINE = (1, TUPLES)
SEVERITY, SQLSTATE, MESSAGE = ord("S"), ord("C"), ord("M")

NOTICE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)


def load():
    lib = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    for name in ("PQconnectdb", "PQexec"):
        getattr(lib, name).restype = ctypes.c_void_p
    for name in ("PQresultErrorField", "PQerrorMessage", "PQgetvalue"):
        getattr(lib, name).restype = ctypes.c_char_p
    lib.PQconnectdb.argtypes = [ctypes.c_char_p]
    lib.PQexec.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    lib.PQresultErrorField.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.PQgetvalue.argtypes = lib.PQgetisnull.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    lib.PQsetNoticeProcessor.argtypes = [ctypes.c_void_p, NOTICE, ctypes.c_void_p]
    for name in ("PQfinish", "PQstatus", "PQerrorMessage", "PQserverVersion",
                 "PQresultStatus", "PQntuples", "PQnfields", "PQclear"):
        getattr(lib, name).argtypes = [ctypes.c_void_p]
    return lib


class Error(Exception):
    """An error of a statement."""

    def __init__(self, sqlstate, message):
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate


class Lost(Exception):
    """The server has gone away."""


class Connection:
    def __init__(self, conninfo):
        self.lib = load()
        self.notices = []
        self.notice = NOTICE(lambda _, text: self.notices.append(text.decode(errors="replace")))
        self.handle = self.lib.PQconnectdb(conninfo.encode())
        if self.lib.PQstatus(self.handle) != 0:
            message = self.lib.PQerrorMessage(self.handle).decode(errors="replace")
            self.close()
            raise Lost(message)
        self.lib.PQsetNoticeProcessor(self.handle, self.notice, None)
        self.version = self.lib.PQserverVersion(self.handle) // 10000

    def close(self):
        self.lib.PQfinish(self.handle)

    def run(self, statement):
        """The rows of a statement, or of the last of several, as tuples of texts."""
        lib = self.lib
        result = lib.PQexec(self.handle, statement.encode())
        try:
            if result is None or lib.PQstatus(self.handle) != 0:
                raise Lost(lib.PQerrorMessage(self.handle).decode(errors="replace"))
            status = lib.PQresultStatus(result)
            if status not in FINE:
                raise Error((lib.PQresultErrorField(result, SQLSTATE) or b"").decode(),
                            (lib.PQresultErrorField(result, MESSAGE) or b"").decode(errors="replace"))
            if status != TUPLES:
                return []
            columns = range(lib.PQnfields(result))
            return [tuple(self.value(result, row, column) for column in columns)
                    for row in range(lib.PQntuples(result))]
        finally:
            lib.PQclear(result)

    def value(self, result, row, column):
        text = self.lib.PQgetvalue(result, row, column)
        if not text and self.lib.PQgetisnull(result, row, column):
            return None
        return text.decode()
