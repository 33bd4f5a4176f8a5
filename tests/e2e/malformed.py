"""Requests that are no sound HTTP/1.1, as bytes: each must be refused, and what follows it must not be taken for a
request. RFC 9110, RFC 9112. Those in BOUNDED are taken by libmicrohttpd, and cannot be told from sound ones: they are
answered, but the connection ends with them all the same."""

JSON = b"Content-Type: application/json\r\n"


def request(*lines, start=b"POST /fetch HTTP/1.1", host=b"Host: localhost", body=b""):
    """A request whose lines end as they should, where they do not say otherwise."""
    head = [line for line in (start, host, b"Content-Type: application/json", *lines) if line is not None]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def get(*lines, **how):
    return request(*lines, **{"start": b"GET /healthz HTTP/1.1", **how})


def chunked(body, *lines):
    return request(b"Transfer-Encoding: chunked", *lines, body=body)


def named(prefix, rows):
    return {f"{prefix} {n}": row for n, row in enumerate(rows)}


REQUEST_LINES = named("request line", [get(start=start) for start in (
    b"", b" ", b"GET", b"GET ", b"GET /healthz", b"GET /healthz ", b"GET  /healthz HTTP/1.1", b"GET /healthz  HTTP/1.1",
    b"GET\t/healthz HTTP/1.1", b"GET /healthz\tHTTP/1.1", b" GET /healthz HTTP/1.1", b"\tGET /healthz HTTP/1.1",
    b"GET /healthz HTTP/1.1 ", b"GET /healthz HTTP/1.1\t", b"GET /healthz HTTP/1.1 x", b"GET /healthz x HTTP/1.1",
    b"GET\x0b/healthz HTTP/1.1", b"GET /healthz\x0cHTTP/1.1", b"GET\x00 /healthz HTTP/1.1", b"\x00GET /healthz HTTP/1.1",
    b"HTTP/1.1 GET /healthz", b"HTTP/1.1 200 OK", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0",
    b"\x05\x01\x00", b"GET /healthz HTTP/1.1\r", b"GET \r/healthz HTTP/1.1")])

VERSIONS = named("version", [get(start=b"GET /healthz " + version) for version in (
    b"HTTP/0.9", b"HTTP/1.2", b"HTTP/1.3", b"HTTP/1.9", b"HTTP/2.0", b"HTTP/2", b"HTTP/3.0", b"HTTP/9.9", b"HTTP/1", b"HTTP/1.", b"HTTP/.1",
    b"HTTP/1.10", b"HTTP/1.01", b"HTTP/01.1", b"HTTP/1.1.1", b"HTTP/1,1", b"HTTP/-1.1", b"HTTP/+1.1", b"HTTP/1.x", b"HTTP/0x1.1",
    b"HTTP 1.1", b"HTTP/ 1.1", b"HTTP/1 .1", b"http/1.1", b"Http/1.1", b"HTTPS/1.1", b"HTTP1.1", b"ICY/1.1", b"HTTP/1.1x", b"HTTP/1.\xb9", b"/1.1")])

METHODS = named("method", [get(start=method + b" /healthz HTTP/1.1") for method in (
    b"get", b"Get", b"G@T", b"G\x01T", b"GE T", b"(GET)", b"GET,", b"GET:", b"GET/", b"BREW", b"PROPFIND", b"G\xc3\x8bT", b"GET\x7f", b'"GET"',
    b"POST\x0b", b"X" * 100, b"[", b"TRACK", b"DEBUG", b"*", b"M-SEARCH")])

TARGETS = named("target", [get(start=b"GET " + target + b" HTTP/1.1") for target in (
    b"healthz", b"*", b"?x", b"#", b"http://localhost/healthz", b"HTTP://localhost/healthz", b"https://localhost/healthz", b"localhost:80",
    b"localhost", b"//localhost/healthz\x00", b"/healthz#x", b"/healthz\x00", b"/healthz\x00/x", b"/health%00z", b"/healthz%00", b"/healthz?a=%00",
    b"/healthz?%00=a", b"/healthz%", b"/healthz%2", b"/healthz%zz", b"/healthz?a=%", b"/healthz?a=%g0", b"/healthz\x01", b"/healthz\x7f",
    b"/health\tz", b"/\xc3\xa4", b"/healthz?\xff", b"/healthz?a b", b"/a b", b"..", b"../healthz", b"\\healthz", b"file:///etc/passwd", b"")])

NAMES = named("name", [get(field) for field in (
    b": x", b" : x", b"X : y", b"X\t: y", b"X Y: z", b"X\x00Y: z", b"X\x01: y", b"X\x7f: y", b"X(: y", b"X): y", b"X@: y", b"X,: y", b"X;: y",
    b"X\\: y", b'X": y', b"X/: y", b"X[: y", b"X]: y", b"X?: y", b"X=: y", b"X{: y", b"X}: y", b"X<: y", b"X>: y", b"\xc3\xa4: y", b"X\xff: y",
    b"no colon", b"X", b"Host", b"Content-Length : 0", b"Transfer-Encoding : chunked", b"Transfer-Encoding\x0b: chunked",
    b"\x0bTransfer-Encoding: chunked", b"\x00Transfer-Encoding: chunked", b"X\r: y")])

VALUES = named("value", [get(field) for field in (
    b"X: a\x00b", b"X: \x00", b"X: a\x00", b"X: a\x01b", b"X: a\x08b", b"X: a\x0bb", b"X: a\x0cb", b"X: a\x1bb", b"X: a\x1fb", b"X: a\x7fb", b"X: a\rb",
    b"X: \ra", b"X: a\r", b"X: a\r\rb", b"X: a\x00\r", b"X: a\x00: b", b"X: a\x00Transfer-Encoding: chunked")])

HOSTS = named("host", [get(host=host) for host in (
    None, b"Host:", b"Host: ", b"Host: localhost\r\nHost: localhost", b"Host: localhost\r\nhost: evil.test", b"Host: a b", b"Host: localhost, evil.test",
    b"Host: localhost:port", b"Host: localhost:80:80", b"Host: localhost:-1", b"Host: localhost/", b"Host: http://localhost", b"Host: user@localhost",
    b"Host: local\x00host", b"Host: local%68ost", b"Host: [::1", b"Host: ::1", b"Host: [localhost]", b"Host: [::1]x", b"Host: \xff", b"Host: *",
    b"Host : localhost", b"Host: localhost?", b"Host: localhost#", b"Host: localhost\\evil")])

LENGTHS = named("length", [request(b"Content-Length:" + value, body=b"[]") for value in (
    b" -1", b" -2", b" +2", b" 0x2", b" 2x", b" x2", b" 2 2", b" 2,2", b" 2, 2", b" 2;", b" 2.0", b" 2e0", b" two", b"", b" ", b" \x002", b" 2\x00",
    b" 2\x0b", b" \xb2", b" 18446744073709551616", b" 18446744073709551615", b" 99999999999999999999999", b" 9223372036854775808", b" 1_0", b" '2'",
    b" 2\r\nContent-Length: 2", b" 2\r\nContent-Length: 0", b" 0\r\nContent-Length: 2", b" 2\r\ncontent-length: 3", b" 2\r\n 0", b"\r\n 2", b" 2\r\nContent-Length:",
)])

ENCODINGS = named("encoding", [request(b"Transfer-Encoding:" + value, body=b"2\r\n[]\r\n0\r\n\r\n") for value in (
    b"", b" ", b" identity", b" gzip", b" xchunked", b" chunkedx", b" chunked, chunked", b" chunked,", b" ,chunked", b" gzip, chunked", b" chunked, gzip",
    b" chunked, identity", b" identity, chunked", b" chunked;q=1", b" chunked x", b' "chunked"', b" 'chunked'", b" chunke", b" \x00chunked", b" chunked\x00",
    b" chunked\x0b", b" \x0bchunked", b" chun\x00ked", b" \xa0chunked", b" chunked\xa0", b" chunked\r\nTransfer-Encoding: chunked",
    b" chunked\r\nTransfer-Encoding: identity", b" identity\r\nTransfer-Encoding: chunked", b" chunked\r\nTransfer-Encoding: x", b" x\r\nTransfer-Encoding: chunked",
    b"\r\n chunked", b" chunked\r\n ,x", b" \r\n\tchunked", b"\nX: chunked", b" chunked\nX: y")])

BOTH = named("both", [
    request(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    request(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    request(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n"),
    request(b"Content-Length: 2", b"Transfer-Encoding: identity", body=b"[]"),
    request(b"Content-Length: 2", b"Transfer-Encoding:", body=b"[]"),
    request(b"Content-Length: 2", b"transfer-encoding: CHUNKED", body=b"0\r\n\r\n"),
    request(b"Content-Length: 2", b"Transfer-Encoding : chunked", body=b"[]"),
    request(b"Content-Length: 2", b"Transfer_Encoding : chunked", body=b"[]"),
    request(b"Content-Length: 2", b" Transfer-Encoding: chunked", body=b"[]"),
    request(b"Content-Length: 2", b"X: y\nTransfer-Encoding: chunked", body=b"[]"),
    request(b"Content-Length: 2", b"X: y\rTransfer-Encoding: chunked", body=b"[]"),
    request(b"Content-Length: 2", b"X: y\x00\nTransfer-Encoding: chunked", body=b"[]"),
    request(b"Content-Length: 2", b"Transfer-Encoding\n: chunked", body=b"[]"),
    request(b"Content-Length: 2\nTransfer-Encoding: chunked", body=b"0\r\n\r\n"),
    get(b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    get(b"Transfer-Encoding: chunked", start=b"GET /healthz HTTP/1.0", body=b"0\r\n\r\n"),
    request(b"Transfer-Encoding: chunked", start=b"POST /fetch HTTP/1.0", body=b"2\r\n[]\r\n0\r\n\r\n"),
])

CHUNKS = named("chunks", [chunked(body) for body in (
    b"\r\n", b"x\r\n[]\r\n0\r\n\r\n", b"0x2\r\n[]\r\n0\r\n\r\n", b"+2\r\n[]\r\n0\r\n\r\n", b"-2\r\n[]\r\n0\r\n\r\n", b" 2\r\n[]\r\n0\r\n\r\n", b"2 \r\n[]\r\n0\r\n\r\n",
    b"2\t\r\n[]\r\n0\r\n\r\n", b"2,\r\n[]\r\n0\r\n\r\n", b";x\r\n[]\r\n0\r\n\r\n", b"2\r\n[]0\r\n\r\n", b"2\r\n[]x\r\n0\r\n\r\n", b"2\r\n[] \r\n0\r\n\r\n", b"1\r\n[]\r\n0\r\n\r\n",
    b"2\r[]\r\n0\r\n\r\n", b"2\r\r\n[]\r\n0\r\n\r\n", b"2\r\n[]\r0\r\n\r\n", b"10000000000000000\r\n[]\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n[]\r\n0\r\n\r\n",
    b"2\x00\r\n[]\r\n0\r\n\r\n", b"\x002\r\n[]\r\n0\r\n\r\n", b"2\xa0\r\n[]\r\n0\r\n\r\n", b"2.0\r\n[]\r\n0\r\n\r\n", b"2h\r\n[]\r\n0\r\n\r\n", b"g\r\n[]\r\n0\r\n\r\n",
    b"00000000000000000000000000000002\r\n[[]\r\n0\r\n\r\n", b"2 ;x\r\n[]\r\n0\r\n\r\n", b"[]\r\n0\r\n\r\n")])

TRAILERS = named("trailers", [chunked(b"2\r\n[]\r\n0\r\n" + trailer + b"\r\n\r\n") for trailer in (
    b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Host: evil.test", b"Content-Type: text/plain", b"Authorization: Bearer x", b"X : y", b": y",
    b"X\x00: y", b"X: a\x01b", b"no colon", b" X: y", b"X Y: z", b"GET /version HTTP/1.1\r\nHost: localhost", b"Expect: 100-continue")])

LINES = named("lines", [
    get().replace(b"\r\n", b"\n"), get().replace(b"\r\n", b"\n", 1), get(b"X: y\nY: z"), get()[:-2] + b"\n", get()[:-4] + b"\n\r\n", get()[:-4] + b"\n\n",
    get().replace(b"\r\n", b"\r"), get()[:-4] + b"\r\r", get(b"X: y\n\nGET /version HTTP/1.1\r\nHost: localhost"), get(b"X: y\r\r\nZ: z"), get(b"X: y", b" z"),
    get(b"X: y", b"\tz"), get(b"X: y", b" z", b" w"), get(b"X: y", b" "), get(b"X:", b" y"), get(b" X: y"), get(host=b" Host: localhost"),
    get(b"X: y", b" Transfer-Encoding: chunked"), get(host=b"Host: local\r\n host"), get(b"X: y\x85Z: z", b" \x85"), get(b"\r"), get(b"\x00"),
])

DOUBLED = named("twice", [get(field, field) for field in (
    b"Expect: 100-continue", b"Authorization: Bearer x", b"Origin: http://localhost", b"Sec-Fetch-Site: none", b"Content-Type: text/plain", b"Content-Length: 0")])

EXPECTATIONS = named("expects", [request(b"Content-Length: 2", b"Expect: " + value, body=b"[]") for value in (
    b"", b"x", b"200-ok", b"100-continue, x", b"100-continue;x", b"100 continue", b"100-continued")])

REFUSED = {**REQUEST_LINES, **VERSIONS, **METHODS, **TARGETS, **NAMES, **VALUES, **HOSTS, **LENGTHS, **ENCODINGS, **BOTH, **CHUNKS, **TRAILERS, **LINES,
           **DOUBLED, **EXPECTATIONS}

BOUNDED = named("taken", [chunked(body) for body in (
    b"2\n[]\r\n0\r\n\r\n", b"2\r\n[]\n0\r\n\r\n", b"2\r\n[]\r\n0\n\r\n", b"2\r\n[]\r\n0\r\n\n", b"2\n[]\n0\n\n", b"2;x\n[]\r\n0\r\n\r\n", b"2;\x00\r\n[]\r\n0\r\n\r\n",
    b"2;\r\n[]\r\n0\r\n\r\n", b"2;x=\"\n\"\r\n[]\r\n0\r\n\r\n", b"2;x\r[]\n[]\r\n0\r\n\r\n", b"2\r\n[]\r\n0;x\n\r\n", b"2\r\n[]\r\n0\r\nX: y\n\r\n", b"2\r\n[]\r\n0\r\nX: y\r\n z\r\n\r\n",
    b"2\r\n[]\r\n0\r\nX: a\x00b\r\n\r\n")] + [get(b"Expect: 100-continue")])

SOUND = named("sound", [
    get(), get(b"X:y"), get(b"X: \t y"), get(b"X:"), get(b"X: "), get(b"X: y "), get(b"X: y", b"X: z"), get(b"!#$%&'*+-.^_`|~09AZaz: y"), get(b"X: \xc3\xa4\xff\x80"),
    get(b"X: a\tb"), get(b"x: " + b"y" * 8000), get(*[b"X: y"] * 100), get(host=b"hOST: localhost"), get(host=b"Host: LOCALHOST:8080"), get(host=b"Host: localhost."),
    get(host=b"Host: 192.0.2.1"), get(host=b"Host: [2001:db8::1]:80"), get(host=b"Host: a.b.localhost"), get(start=b"HEAD /healthz HTTP/1.1"),
    get(start=b"GET /healthz?a=b&c=%41%0A HTTP/1.1"), get(start=b"GET /healthz? HTTP/1.1"), get(start=b"GET /%68ealthz HTTP/1.1"), b"\r\n" + get(),
    get(b"Content-Length: 2", body=b"[]"), get(b"Content-Length: 0"), get(b"Connection: keep-alive, x"), get(b"TE: trailers"),
    get(b"Upgrade: h2c", b"Connection: Upgrade"), request(b"Content-Length: 2", body=b"[]"), request(b"content-length: 002", body=b"[]"),
    request(b"CONTENT-LENGTH:2", body=b"[]"), request(b"Content-Length: 2", b"Accept: application/json", b"Accept: */*", body=b"[]"),
])

CHUNKED = named("chunked", [chunked(body) for body in (
    b"2\r\n[]\r\n0\r\n\r\n", b"1\r\n[\r\n1\r\n]\r\n0\r\n\r\n", b"002\r\n[]\r\n000\r\n\r\n", b"A\r\n[        ]\r\n0\r\n\r\n", b"a\r\n[        ]\r\n0\r\n\r\n", b"2;x=y\r\n[]\r\n0\r\n\r\n",
    b"2\r\n[]\r\n0;x\r\n\r\n", b"2\r\n[]\r\n0\r\nX: y\r\n\r\n")] + [request(b"Transfer-Encoding:CHUNKED", body=b"2\r\n[]\r\n0\r\n\r\n")])
