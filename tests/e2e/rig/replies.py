"""A table of replies, good, odd and hostile, each with what has to come of it: a status and a size, or error codes."""

import gzip
import itertools
from dataclasses import dataclass, field

from rig.origin import Raw
from rig.packed import PACKERS, double_gzip_bomb, gzip_bomb, zstd_frame

KIB = 1024
MIB = 1024 * KIB
MAX_SIZE = 256 * KIB  # of each row, unless it says otherwise
SHORT = 0.4  # the timeout of rows that use it up


@dataclass
class Row:
    name: str
    script: Raw
    codes: tuple = ()  # empty: a response comes
    status: int = 200
    size: int = None
    options: dict = field(default_factory=dict)


class Endless(Raw):
    """The first piece, then the second one for ever, each with its number in the place of a %d."""

    def __init__(self, first, again):
        super().__init__()
        self.first, self.again = first, again

    @property
    def pieces(self):
        repeated = (self.again * (1 + 4096 // len(self.again)) for _ in itertools.count())
        return itertools.chain([self.first], repeated)

    @pieces.setter
    def pieces(self, _):
        pass


class Drip(Raw):
    """The first piece at once, the others byte by byte with a pause between them, then nothing more."""

    def __init__(self, first, rest, pause=0.1):
        pieces = [first]
        for byte in rest:
            pieces += [pause, bytes([byte])]
        super().__init__(*pieces, end="stall")


OK = b"HTTP/1.1 200 OK\r\n"
LENGTH_2 = b"Content-Length: 2\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def good(name, data, status=200, size=2, **options):
    return Row(name, Raw(data), (), status, size, options)


def bad(name, data, *codes, end="close", **options):
    script = data if isinstance(data, Raw) else Raw(data, end=end)
    return Row(name, script, codes, 0, None, options)


def with_status(line, rest=LENGTH_2):
    return line + b"\r\n" + rest + b"\r\nok"


def head(*lines, body=b"ok"):
    return OK + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def rows_of_statuses():
    final = [200, 201, 202, 203, 205, 206, 207, 208, 218, 226, 250, 299, 300, 301, 302, 303, 305, 306, 307, 308, 310, 399, 400,
             401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424,
             425, 426, 428, 429, 431, 444, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 520, 530, 598,
             599, 600, 601, 666, 700, 777, 800, 888, 900, 998, 999]
    for status in final:
        yield good(f"status {status}", with_status(b"HTTP/1.1 %d Some" % status), status)
    for status in (204, 304):
        yield good(f"status {status}", b"HTTP/1.1 %d None\r\n\r\n" % status, status, 0)
        yield good(f"status {status} with a length", with_status(b"HTTP/1.1 %d None" % status), status, 0)


def rows_of_status_lines():
    for name, line in {
        "no reason": b"HTTP/1.1 200", "an empty reason": b"HTTP/1.1 200 ", "HTTP/1.0": b"HTTP/1.0 200 OK",
        "a long reason": b"HTTP/1.1 200 " + b"x" * 8000, "a reason in bytes": b"HTTP/1.1 200 \xff\xfe\x80",
        "a reason with controls": b"HTTP/1.1 200 \x01\x1b[31m\x7f", "tab after the status": b"HTTP/1.1 200\tOK",
        "two blanks before the status": b"HTTP/1.1  200 OK", "lower case": b"http/1.1 200 OK",
    }.items():
        yield good(f"status line with {name}", with_status(line))
    for name, line in {
        "status 0": b"HTTP/1.1 000 None", "status 99": b"HTTP/1.1 099 Low", "status 1000": b"HTTP/1.1 1000 High",
        "two digits": b"HTTP/1.1 20 OK", "no digits": b"HTTP/1.1 OK", "letters": b"HTTP/1.1 2xx OK",
        "a negative status": b"HTTP/1.1 -200 OK", "nothing": b"HTTP/1.1", "a hex status": b"HTTP/1.1 0xc8 OK",
        "HTTP/0.9": b"HTTP/0.9 200 OK", "HTTP/1.2": b"HTTP/1.2 200 OK",
        "HTTP/1.9": b"HTTP/1.9 200 OK", "HTTP/2 in the clear": b"HTTP/2 200 OK", "HTTP/2.0": b"HTTP/2.0 200 OK",
        "HTTP/3": b"HTTP/3 200 OK", "HTTP/3.7": b"HTTP/3.7 200 OK", "HTTP/11.1": b"HTTP/11.1 200 OK",
        "HTTP/1.1.1": b"HTTP/1.1.1 200 OK", "no version": b"HTTP 200 OK", "HTTPS/1.1": b"HTTPS/1.1 200 OK",
        "shoutcast": b"ICY 200 OK", "RTSP": b"RTSP/1.0 200 OK", "SIP": b"SIP/2.0 200 OK",
        "a blank in front": b" HTTP/1.1 200 OK", "a byte order mark": b"\xef\xbb\xbfHTTP/1.1 200 OK",
        "NUL in front": b"\x00HTTP/1.1 200 OK", "NUL within": b"HTTP/1.1 200 O\x00K",
    }.items():
        yield bad(f"status line with {name}", with_status(line), "protocol")


def rows_of_no_http():
    for name, data in {
        "nothing but blank lines": b"\r\n\r\n\r\n", "random bytes": bytes(range(256)) * 4, "NULs": bytes(5000),
        "SMTP": b"220 mail.test ESMTP\r\n", "SSH": b"SSH-2.0-OpenSSH_9.2\r\n", "FTP": b"220 (vsFTPd 3.0.3)\r\n",
        "redis": b"-ERR unknown command 'GET'\r\n", "MySQL": b"J\x00\x00\x00\n8.0.32\x00\x08\x00\x00\x00",
        "a page": b"<html>just a body</html>", "JSON": b'{"status": 200}\n', "TLS alert": b"\x15\x03\x01\x00\x02\x02\x46",
        "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP/2 settings": b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        "a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "UTF-16": "HTTP/1.1 200 OK\r\n\r\n".encode("utf-16"),
        "gzip": gzip.compress(b"HTTP/1.1 200 OK\r\n\r\n"), "a long line": b"x" * 50000 + b"\r\n\r\n",
    }.items():
        yield bad(f"not HTTP: {name}", data, "protocol")
    yield bad("nothing", b"", "empty_reply")
    yield bad("a reset", b"", "recv", "empty_reply", end="reset")
    for cut in (b"H", b"HTTP/1.1", OK[:-2]):
        yield bad(f"cut after {cut!r}", cut, "protocol", "recv", "empty_reply")
    for cut in (OK, OK + b"Content-Le", OK + b"A: b\r\n", OK + b"A: b\r\n\r"):
        yield bad(f"cut after {cut!r}", cut, "recv", "protocol")


def rows_of_headers():
    for name, line in {
        "no value": b"A:", "blank value": b"A:   ", "no blank": b"A:b", "tabs": b"A:\t\tb\t", "bytes": b"A: \xff\xfe\x80\xc3",
        "an escape": b"A: \x1b[31mred", "DEL": b"A: \x7f", "odd characters in the name": b"A(B)<C>@[D]?={}/\\\": b",
        "bytes in the name": b"A\xff\xfe: b", "a long value": b"A: " + b"x" * 60000, "a long name": b"A" * 10000 + b": b",
        "a folded line": b"A: b\r\n  c", "a colon in the value": b"A: b:c:d", "two alike": b"A: b\r\nA: b",
        "a blank in the name": b"A B: c", "Set-Cookie without end": b"Set-Cookie: " + b"a=b; " * 2000,
        "another HSTS": b"Strict-Transport-Security: max-age=bogus", "an Alt-Svc": b'Alt-Svc: h2="127.0.0.1:1"; ma=99999',
        "a Link": b"Link: <http://127.0.0.1:1/>; rel=preload", "a Refresh": b"Refresh: 0; url=http://127.0.0.1:1/",
        "an Upgrade": b"Upgrade: h2c\r\nConnection: upgrade", "Keep-Alive nonsense": b"Keep-Alive: timeout=-1, max=x",
        "an authenticate": b'WWW-Authenticate: Digest realm="x", nonce="y"', "a lone CR": b"A: b\rc",
        "999 lines": b"\r\n".join(b"A: b" for _ in range(999)),
    }.items():
        yield good(f"header with {name}", head(LENGTH_2.strip(), line), include=["headers"])
    for name, line in {
        "no colon": b"no colon here", "a blank before the colon": b"A : b", "a tab before the colon": b"A\t: b",
        "no name": b": b", "NUL in the value": b"A: b\x00c", "NUL in the name": b"A\x00: b",
        "1001 lines": b"\r\n".join(b"A: b" for _ in range(1001)), "a line too long": b"A: " + b"x" * 70000,
        "a name too long": b"A" * 70000 + b": b", "too many bytes": b"\r\n".join(b"A: " + b"x" * 1000 for _ in range(70)),
        "a line of 200 KiB": b"A: " + b"x" * 200000,
    }.items():
        yield bad(f"header with {name}", head(LENGTH_2.strip(), line), "protocol")
    yield good("line ends without CR", head(LENGTH_2.strip()).replace(b"\r\n", b"\n"))
    yield bad("endless headers", Endless(OK, b"A: bcdefgh\r\n"), "protocol")
    yield bad("an endless header", Endless(OK + b"A: ", b"x"), "protocol")
    yield bad("an endless header name", Endless(OK, b"x"), "protocol")
    yield bad("an endless status line", Endless(b"HTTP/1.1 200 ", b"x"), "protocol")
    yield bad("endless folding", Endless(OK + b"A: b\r\n", b" c\r\n"), "protocol")
    yield bad("an endless first line that is not HTTP", Endless(b"", b"x"), "protocol")


def rows_of_lengths():
    for name, lines in {
        "once": [b"Content-Length: 2"], "twice": [b"Content-Length: 2"] * 2, "with zeros": [b"Content-Length: 0002"],
        "with blanks": [b"Content-Length:   2  "],
        "identity": [b"Content-Length: 2", b"Transfer-Encoding: identity"],
    }.items():
        yield good(f"length {name}", head(*lines))
    yield good("length 0", head(b"Content-Length: 0", body=b""), size=0)
    yield good("length shorter than the body", head(b"Content-Length: 2", body=b"okay"))
    yield good("no length", head())
    yield good("no length, no body", head(body=b""), size=0)
    for value in (b"", b"-1", b"+2", b"2, 2", b"2, 3", b"0x2", b"2;", b"2 3", b"two", b"\xb2", b"1e1", b"99999999999999999999",
                  b"8" * 400):
        yield bad(f"length {value[:20]!r}", head(b"Content-Length: " + value), "protocol")
    yield bad("two lengths", head(b"Content-Length: 2", b"Content-Length: 3"), "protocol")
    yield bad("two lengths, the other first", head(b"Content-Length: 3", b"Content-Length: 2"), "protocol")
    yield bad("a length that is folded", OK + b"Content-Length:\r\n 2\r\n\r\nok", "protocol")
    yield bad("length without body", head(LENGTH_2.strip(), body=b""), "recv")
    yield bad("length longer than the body", head(b"Content-Length: 3"), "recv")
    yield bad("length longer than the body, reset", head(b"Content-Length: 3"), "recv", end="reset")
    yield bad("a huge length", head(b"Content-Length: 9223372036854775"), "too_large")
    yield bad("a byte over", head(b"Content-Length: %d" % (MAX_SIZE + 1), body=b"x" * (MAX_SIZE + 1)), "too_large")
    yield good("no byte over", head(b"Content-Length: %d" % MAX_SIZE, body=b"x" * MAX_SIZE), size=MAX_SIZE)
    yield bad("a byte over without length", head(body=b"x" * (MAX_SIZE + 1)), "too_large")
    yield bad("an endless body", Endless(OK + b"\r\n", b"x"), "too_large")


def rows_of_chunks():
    for name, data in {
        "one": b"2\r\nok\r\n0\r\n\r\n", "two": b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", "zeros in front": b"0002\r\nok\r\n000\r\n\r\n",
        "an extension": b"2;a=b\r\nok\r\n0;c\r\n\r\n", "a quoted extension": b'2;a="b;c"\r\nok\r\n0\r\n\r\n',
        "a trailer": b"2\r\nok\r\n0\r\nA: b\r\n\r\n", "many trailers": b"2\r\nok\r\n0\r\n" + b"A: b\r\n" * 500 + b"\r\n",
        "a trailer that frames": b"2\r\nok\r\n0\r\nContent-Length: 77\r\nContent-Encoding: gzip\r\n\r\n",
        "a trailer like a status line": b"2\r\nok\r\n0\r\nHTTP/1.1 500: x\r\n\r\n",
    }.items():
        yield good(f"chunks: {name}", CHUNKED + data)
    yield good("chunks: none", CHUNKED + b"0\r\n\r\n", size=0)
    yield good("chunks: capital digits", CHUNKED + b"A\r\n" + b"x" * 10 + b"\r\n0\r\n\r\n", size=10)
    yield good("chunks beside a length", OK + b"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    for name, data in {
        "letters": b"zz\r\nok\r\n0\r\n\r\n", "a negative size": b"-2\r\nok\r\n0\r\n\r\n", "0x": b"0x2\r\nok\r\n0\r\n\r\n",
        "a huge size": b"FFFFFFFFFFFFFFFFF\r\nok\r\n0\r\n\r\n", "no size": b"\r\nok\r\n0\r\n\r\n", "a blank first": b" 2\r\nok\r\n0\r\n\r\n",
        "too much in one": b"2\r\nokay\r\n0\r\n\r\n", "cut in the size": b"2", "cut in the data": b"2\r\no",
        "cut behind the data": b"2\r\nok", "cut before the end": b"2\r\nok\r\n", "cut at the end": b"2\r\nok\r\n0\r\n",
        "cut in a trailer": b"2\r\nok\r\n0\r\nA: b", "nothing": b"",
    }.items():
        yield bad(f"chunks: {name}", CHUNKED + data, "recv", "protocol")
    yield bad("chunks: a size beyond all", CHUNKED + b"7FFFFFFFFFFFFFFF\r\n" + b"x" * (MAX_SIZE + 1), "too_large")
    yield bad("endless chunks", Endless(CHUNKED, b"1\r\nx\r\n"), "too_large")
    yield bad("endless trailers", Endless(CHUNKED + b"0\r\n", b"A: b\r\n"), "protocol", "recv")
    yield bad("an endless trailer", Endless(CHUNKED + b"0\r\nA: ", b"x"), "protocol", "recv")
    yield bad("an endless extension", Endless(CHUNKED + b"2;", b"x"), "timeout", "recv", timeout=SHORT)
    for coding in (b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"deflate", b"x", b"", b"chunked;a=b",
                   b"\x0bchunked", b"xchunked"):
        yield bad(f"transfer encoding {coding!r}", OK + b"Transfer-Encoding: " + coding + b"\r\n\r\n2\r\nok\r\n0\r\n\r\n", "protocol")


def framed(coding, packed):
    """The packed body in each framing."""
    start = OK + b"Content-Encoding: " + coding.encode() + b"\r\n"
    yield "length", start + b"Content-Length: %d\r\n\r\n" % len(packed) + packed
    yield "chunks", start + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x\r\n%s\r\n" % (len(packed[at:at + 7]), packed[at:at + 7]) for at in range(0, len(packed), 7)) + b"0\r\n\r\n"
    yield "close", start + b"\r\n" + packed


def rows_of_codings():
    text = b"fetchpool " * 1200
    for name, (coding, pack) in PACKERS.items():
        packed = pack(text)
        for framing, data in framed(coding, packed):
            yield good(f"{name}, {framing}", data, size=len(text))
        for framing, data in framed(coding, packed[:-1]):
            yield bad(f"{name} cut by a byte, {framing}", data, "decode")
        for framing, data in framed(coding, packed[:len(packed) // 2]):
            yield bad(f"{name} cut in half, {framing}", data, "decode")
        for framing, data in framed(coding, packed + b"\n"):
            yield bad(f"{name} with a byte behind it, {framing}", data, "decode")
        for framing, data in framed(coding, b""):
            yield good(f"{name} of no byte, {framing}", data, size=0)
        _, of_nothing = next(framed(coding, pack(b"")))
        yield good(f"{name} of nothing", of_nothing, size=0)
        _, of_text = next(framed(coding, b"<html>this is not compressed</html>"))
        yield bad(f"{name} that is none", of_text, "decode")
        _, raw = next(framed(coding, packed))
        yield good(f"{name} left as it is", raw, size=len(packed), decompress=False)
        _, twice = next(framed("gzip, " + coding, pack(gzip.compress(text))))
        yield good(f"{name} of gzip", twice, size=len(text))


def rows_of_odd_codings():
    text = b"fetchpool " * 1200
    packed = gzip.compress(text)
    lines = {
        "in capitals": b"Content-Encoding: GZIP", "old name": b"Content-Encoding: x-gzip",
        "with identity": b"Content-Encoding: identity, gzip", "with empty places": b"Content-Encoding: ,gzip,",
        "beside an empty one": b"Content-Encoding:\r\nContent-Encoding: gzip",
    }
    for name, line in lines.items():
        yield good(f"gzip {name}", head(line, body=packed), size=len(text))
    for name, line in {
        "unknown": b"Content-Encoding: compress", "a charset": b"Content-Encoding: utf-8",
        "with a parameter": b"Content-Encoding: gzip;q=1", "three": b"Content-Encoding: gzip, gzip, gzip",
        "fifty": b"Content-Encoding: " + b"gzip, " * 50, "on fifty lines": b"\r\n".join([b"Content-Encoding: gzip"] * 50),
        "folded": b"Content-Encoding: gzip,\r\n br", "twice, once packed": b"Content-Encoding: gzip\r\nContent-Encoding: gzip",
        "bytes": b"Content-Encoding: \xff\xfe",
    }.items():
        yield bad(f"coding {name}", head(line, body=packed), "decode")
        yield good(f"coding {name}, not to be decoded", head(line, body=packed), size=len(packed), decompress=False)
    yield good("identity", head(b"Content-Encoding: identity", body=text), size=len(text))
    yield good("members", head(b"Content-Encoding: gzip", body=packed * 3), size=3 * len(text))
    yield good("unknown coding without body", head(b"Content-Encoding: x", b"Content-Length: 0", body=b""), size=0)
    yield bad("gzip with a wrong checksum", head(b"Content-Encoding: gzip", body=packed[:-8] + b"\0\0\0\0" + packed[-4:]), "decode")
    yield bad("gzip with a wrong size", head(b"Content-Encoding: gzip", body=packed[:-4] + b"\0\0\0\0"), "decode")
    yield bad("gzip cut by its connection", head(b"Content-Encoding: gzip", b"Content-Length: %d" % len(packed), body=packed[:-9]), "recv")
    yield bad("a wide zstd window", head(b"Content-Encoding: zstd", body=zstd_frame(b"ok", window_bits=24)), "decode")
    yield good("the widest zstd window", head(b"Content-Encoding: zstd", body=zstd_frame(b"ok", window_bits=23)))
    yield bad("a bomb", head(b"Content-Encoding: gzip", body=gzip_bomb(8 * MIB)), "too_large")
    yield bad("a bomb in a bomb", head(b"Content-Encoding: gzip, gzip", body=double_gzip_bomb(64 * MIB)), "too_large")
    yield bad("an endless stream of nothing", Endless(head(b"Content-Encoding: deflate", body=b""), b"\0\0\0\xff\xff"), "too_large")
    yield bad("endless members of nothing", Endless(head(b"Content-Encoding: gzip", body=b""), gzip.compress(b"")), "too_large")
    yield bad("endless empty frames", Endless(head(b"Content-Encoding: zstd", body=b""), zstd_frame(b"")), "too_large")


def rows_of_interims():
    final = head(LENGTH_2.strip())
    for status in (100, 102, 103, 104, 150, 199):
        yield good(f"{status} first", b"HTTP/1.1 %d Some\r\nA: b\r\n\r\n" % status + final)
    yield good("ten of them", b"HTTP/1.1 103 Some\r\n\r\n" * 10 + final)
    yield good("100 with a length", b"HTTP/1.1 100 Some\r\nContent-Length: 5\r\n\r\n" + final)
    yield good("what an interim answer encodes is forgotten", b"HTTP/1.1 103 Some\r\nContent-Encoding: gzip\r\nLocation: /x\r\n\r\n" + final)
    yield bad("eleven of them", b"HTTP/1.1 103 Some\r\n\r\n" * 11 + final, "protocol")
    yield bad("endless ones", Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "protocol")
    yield bad("nothing behind it", b"HTTP/1.1 100 Some\r\n\r\n", "recv", "empty_reply", "protocol")
    yield bad("nothing more ever", b"HTTP/1.1 103 Some\r\n\r\n", "timeout", end="stall", timeout=SHORT)
    for name, script in {
        "with words": Raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nother words"),
        "and silence": Raw(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", end="stall"),
        "and more HTTP": Raw(b"HTTP/1.1 101 Switching\r\n\r\n" + final, end="stall"),
        "with a length": Raw(b"HTTP/1.1 101 Switching\r\nContent-Length: 3\r\n\r\nabc", end="stall"),
        "for ever": Endless(b"HTTP/1.1 101 Switching\r\n\r\n", b"x"),
    }.items():
        yield Row(f"101 {name}", script, (), 101, 0)


def rows_of_redirects():
    for code in (301, 302, 303, 307, 308):
        line = b"HTTP/1.1 %d Elsewhere\r\n" % code
        yield bad(f"{code} to no URL", line + b"Location: http://\r\n\r\n", "invalid_url")
        yield bad(f"{code} to another scheme", line + b"Location: ftp://127.0.0.1/\r\n\r\n", "unsupported_scheme")
        yield bad(f"{code} to itself", line + b"Location:\r\nContent-Length: 0\r\n\r\n", "too_many_redirects", max_redirects=3)
        yield good(f"{code} not followed", line + b"Location: /x\r\n" + LENGTH_2 + b"\r\nok", code, follow_redirects=False)
    line = b"HTTP/1.1 302 Elsewhere\r\n"
    for name, location in {
        "javascript": b"javascript:alert(1)", "data": b"data:text/plain,x", "file": b"file:///etc/passwd", "gopher": b"gopher://127.0.0.1/",
        "ldap": b"ldap://127.0.0.1/", "mailto": b"mailto:a@b",
    }.items():
        yield bad(f"redirect to {name}", line + b"Location: " + location + b"\r\n\r\n", "unsupported_scheme", "invalid_url")
    yield bad("redirect with a user", line + b"Location: http://u:p@127.0.0.1/\r\n\r\n", "invalid_url")
    yield bad("redirect to a bad port", line + b"Location: http://127.0.0.1:99999/\r\n\r\n", "invalid_url")
    yield good("redirect to a long URL", line + b"Location: /" + b"x" * 60000 + b"\r\n\r\n")
    yield bad("redirect with an endless body", Endless(line + b"Location: http://127.0.0.1:1/\r\n\r\n", b"x"), "connect", "blocked")
    yield bad("redirect with a bomb", line + b"Location: ftp://x/\r\nContent-Encoding: gzip\r\n\r\n" + gzip_bomb(8 * MIB), "unsupported_scheme")
    yield good("304 with Location", b"HTTP/1.1 304 Same\r\nLocation: /x\r\n\r\n", 304, 0)
    yield good("300 with Location", b"HTTP/1.1 300 Choose\r\nLocation: /x\r\n" + LENGTH_2 + b"\r\nok", 300)


def rows_of_time():
    for name, data in {
        "nothing": b"", "a part of the status line": b"HTTP/1.", "the status line": OK, "a header": OK + b"A: b\r\n",
        "a part of a header": OK + b"Content-Le", "a head": head(LENGTH_2.strip(), body=b""), "half a body": head(LENGTH_2.strip(), body=b"o"),
        "a body without length": head(), "a chunk": CHUNKED + b"2\r\nok\r\n", "a trailer": CHUNKED + b"0\r\nA: b\r\n",
        "half of gzip": head(b"Content-Encoding: gzip", body=gzip.compress(b"x" * 999)[:-1]),
    }.items():
        yield bad(f"silence after {name}", data, "timeout", end="stall", timeout=SHORT)
    for name, first, rest in (("status line", b"", OK), ("header", OK + b"A: ", b"x" * 99), ("body", head(b"Content-Length: 99", body=b""), b"x" * 99),
                              ("chunks", CHUNKED + b"63\r\n", b"x" * 99), ("trailer", CHUNKED + b"0\r\nA: ", b"x" * 99)):
        yield bad(f"a {name} that drips", Drip(first, rest), "timeout", timeout=SHORT)


GROUPS = {
    "statuses": rows_of_statuses, "status lines": rows_of_status_lines, "no http": rows_of_no_http, "headers": rows_of_headers,
    "lengths": rows_of_lengths, "chunks": rows_of_chunks, "codings": rows_of_codings, "odd codings": rows_of_odd_codings,
    "interims": rows_of_interims, "redirects": rows_of_redirects, "time": rows_of_time,
}
