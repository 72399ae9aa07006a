"""Claiming: six formats, whole and in pages, compressed or not, in ranges and in chunks: always the same rows."""

import csv
import gzip
import io
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
import zstandard

FORMATS = {
    "json": "application/json",
    "rows": "application/vnd.coatcheck.rows+json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
TEXT_FORMATS = ["json", "rows", "ndjson", "csv"]
ROWS = 300_000  # More than two chunks.
STATEMENT = f"SELECT range AS n, 'row ' || range AS s FROM range({ROWS}) ORDER BY n"


def read_rows(format, body):
    """The rows of a document as (n, s)."""
    if format == "json":
        return [(row["n"], row["s"]) for row in json.loads(body)["items"]]
    if format == "rows":
        return [tuple(row) for row in json.loads(body)["rows"]]
    if format == "ndjson":
        return [(row["n"], row["s"]) for row in map(json.loads, body.splitlines())]
    if format == "csv":
        header, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
        assert header == ["n", "s"]
        return [(int(n), s) for n, s in rows]
    table = pa.ipc.open_stream(body).read_all() if format == "arrow" else pa.parquet.read_table(io.BytesIO(body))
    return list(zip(table["n"].to_pylist(), table["s"].to_pylist()))


def expected(first=0, end=ROWS):
    return [(n, f"row {n}") for n in range(first, end)]


@pytest.fixture(scope="module")
def query(shared_server):
    with shared_server.api() as api:
        return api.run(STATEMENT)


@pytest.fixture
def url(query):
    return query["result"]["url"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_whole_result_has_every_row_in_order(api, query, url, format):
    response = api.get(url, params={"format": format})
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == FORMATS[format]
    assert response.headers["Coatcheck-Total-Rows"] == str(ROWS)
    assert query["id"] in response.headers["Content-Disposition"] and "Link" not in response.headers
    assert read_rows(format, response.content) == expected()


@pytest.mark.parametrize("format", FORMATS)
def test_pages_follow_their_links_to_the_end(api, query, format):
    rows, pages = [], 0
    # From before the end of the first chunk to past the end of the result.
    next = f"/v1/queries/{query['id']}/result?format={format}&offset=130000&limit=60000"
    while next:
        response = api.get(next)
        assert response.status_code == 200
        rows += read_rows(format, response.content)
        pages += 1
        next = response.links.get("next", {}).get("url")
    assert pages == 3 and rows == expected(130_000)


@pytest.mark.parametrize("format", FORMATS)
def test_accept_picks_the_format_and_the_url_wins(api, url, format):
    response = api.get(url, params={"limit": 2}, headers={"Accept": f"text/html, {FORMATS[format]};q=0.5"})
    assert response.headers["Content-Type"].partition(";")[0] == FORMATS[format]
    response = api.get(url, params={"limit": 2, "format": "ndjson"}, headers={"Accept": FORMATS[format]})
    assert response.headers["Content-Type"] == FORMATS["ndjson"]


def test_an_offset_past_the_end_is_an_empty_page(api, url):
    for offset in (ROWS, ROWS + 1, 2**63 - 1):
        response = api.get(url, params={"offset": offset, "limit": 10})
        assert response.status_code == 200 and response.json()["items"] == [] and "Link" not in response.headers


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("format", TEXT_FORMATS)
def test_text_is_compressed_if_the_client_likes(api, url, format, coding):
    request = api.build_request("GET", url, params={"format": format}, headers={"Accept-Encoding": f"br, {coding}"})
    response = api.send(request, stream=True)
    assert response.status_code == 200 and response.headers["Content-Encoding"] == coding
    raw = b"".join(response.iter_raw())
    plain = gzip.decompress(raw) if coding == "gzip" else zstandard.ZstdDecompressor().decompressobj().decompress(raw)
    assert len(raw) < len(plain) and read_rows(format, plain) == expected()


def test_arrow_and_parquet_are_sent_as_they_are(api, url):
    for format in ("arrow", "parquet"):
        response = api.get(url, params={"format": format, "limit": 5}, headers={"Accept-Encoding": "gzip, zstd"})
        assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("format", FORMATS)
def test_a_document_that_the_client_has_is_304(api, url, format):
    parameters = {"format": format, "limit": 3}
    tag = api.get(url, params=parameters).headers["ETag"]
    again = api.get(url, params=parameters, headers={"If-None-Match": f'"other", {tag}'})
    assert again.status_code == 304 and again.content == b"" and again.headers["ETag"] == tag
    other = api.get(url, params={"format": format, "limit": 4}, headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_etags_tell_formats_pages_and_codings_apart(api, url):
    tags = [api.head(url, params={"format": format, "offset": offset, "limit": 2}).headers["ETag"]
            for format in FORMATS for offset in (0, 1)]
    tags += [api.head(url, params={"format": "csv", "limit": 2}, headers={"Accept-Encoding": coding}).headers["ETag"]
             for coding in ("gzip", "zstd")]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("format", FORMATS)
def test_head_tells_what_get_would_without_the_rows(api, url, format):
    head = api.head(url, params={"format": format})
    assert head.status_code == 200 and head.content == b""
    assert head.headers["Coatcheck-Total-Rows"] == str(ROWS)
    assert head.headers["Content-Type"].partition(";")[0] == FORMATS[format]


def test_ranges_of_the_arrow_stream_are_its_bytes(api, url):
    whole = api.get(url, params={"format": "arrow"})
    assert whole.headers["Accept-Ranges"] == "bytes"
    size = len(whole.content)
    ranges = [(0, 0), (0, size - 1), (1, 100), (size // 3, size // 3 + 100_000), (size - 1, size - 1)]
    for first, last in ranges:
        part = api.get(url, params={"format": "arrow"}, headers={"Range": f"bytes={first}-{last}"})
        assert part.status_code == 206 and part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.content == whole.content[first:last + 1]
    assert api.get(url, params={"format": "arrow"}, headers={"Range": "bytes=-9"}).content == whole.content[-9:]
    assert api.get(url, params={"format": "arrow"}, headers={"Range": f"bytes={size - 9}-"}).content == whole.content[-9:]


def test_an_interrupted_download_goes_on_where_it_was(api, url):
    whole = api.get(url, params={"format": "arrow"})
    half = len(whole.content) // 2
    rest = api.get(url, params={"format": "arrow"}, headers={"Range": f"bytes={half}-", "If-Range": whole.headers["ETag"]})
    assert rest.status_code == 206
    assert read_rows("arrow", whole.content[:half] + rest.content) == expected()
    changed = api.get(url, params={"format": "arrow"}, headers={"Range": f"bytes={half}-", "If-Range": '"other"'})
    assert changed.status_code == 200 and changed.content == whole.content


def test_a_range_past_the_end_is_416_and_one_that_is_not_understood_is_the_whole(api, url):
    size = len(api.get(url, params={"format": "arrow"}).content)
    beyond = api.get(url, params={"format": "arrow"}, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416 and beyond.headers["Content-Range"] == f"bytes */{size}"
    for range in ("lines=1-2", "bytes=9-2", "bytes=0-1,5-6", "bytes=x"):
        assert api.get(url, params={"format": "arrow"}, headers={"Range": range}).status_code == 200


PARQUET = {"format": "parquet"}


@pytest.fixture
def fresh_url(api):
    """A result that nobody has claimed yet."""
    return api.run(STATEMENT)["result"]["url"]


def test_a_parquet_file_can_be_put_together_of_ranges(api, fresh_url):
    streamed = api.get(fresh_url, params=PARQUET)
    assert streamed.headers["Accept-Ranges"] == "bytes" and "Content-Length" not in streamed.headers
    head = api.head(fresh_url, params=PARQUET)
    size = int(head.headers["Content-Length"])
    assert head.status_code == 200 and head.content == b"" and head.headers["Accept-Ranges"] == "bytes"
    parts = []
    for first, last in ((0, size // 3), (size // 3 + 1, size // 2), (size // 2 + 1, size - 1)):
        part = api.get(fresh_url, params=PARQUET, headers={"Range": f"bytes={first}-{last}"})
        assert part.status_code == 206 and part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert len(part.content) == last + 1 - first and part.headers["Accept-Ranges"] == "bytes"
        assert part.headers["ETag"] == streamed.headers["ETag"] == head.headers["ETag"]
        assert part.headers["Content-Type"] == FORMATS["parquet"]
        parts.append(part.content)
    assert read_rows("parquet", b"".join(parts)) == expected()
    # The streamed document is the same, and from now on the file is what is sent.
    assert b"".join(parts) == streamed.content
    whole = api.get(fresh_url, params=PARQUET)
    assert whole.content == streamed.content and int(whole.headers["Content-Length"]) == size
    assert api.get(fresh_url, params={**PARQUET, "limit": 10}).headers.get("Accept-Ranges") is None


def test_an_interrupted_parquet_download_goes_on_where_it_was(api, fresh_url):
    whole = api.get(fresh_url, params=PARQUET)
    half = len(whole.content) // 2
    tag = whole.headers["ETag"]
    changed = api.get(fresh_url, params=PARQUET, headers={"Range": f"bytes={half}-", "If-Range": '"other"'})
    assert changed.status_code == 200 and changed.content == whole.content
    rest = api.get(fresh_url, params=PARQUET, headers={"Range": f"bytes={half}-", "If-Range": tag})
    assert rest.status_code == 206 and whole.content[:half] + rest.content == whole.content


def test_ranges_of_parquet_past_the_end_from_the_end_and_not_understood(api, fresh_url):
    for range in ("lines=1-2", "bytes=9-2", "bytes=0-1,5-6", "bytes=x"):
        ignored = api.get(fresh_url, params=PARQUET, headers={"Range": range})
        # Nothing is made for them.
        assert ignored.status_code == 200 and "Content-Length" not in ignored.headers
    size = len(ignored.content)
    beyond = api.get(fresh_url, params=PARQUET, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416 and beyond.headers["Content-Range"] == f"bytes */{size}"
    footer = api.get(fresh_url, params=PARQUET, headers={"Range": "bytes=-4"})
    assert footer.status_code == 206 and footer.content == b"PAR1"


def test_many_at_once_get_the_parts_of_one_parquet_file(api, fresh_url):
    def part(n):
        return api.get(fresh_url, params=PARQUET, headers={"Range": f"bytes={1000 * n}-{1000 * n + 999}"})

    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(part, range(16)))
    whole = api.get(fresh_url, params=PARQUET).content
    assert all(part.status_code == 206 for part in parts)
    assert b"".join(part.content for part in parts) == whole[:16_000]


def test_a_parquet_file_goes_with_its_result(start_server):
    with start_server().api() as api:
        query = api.run(STATEMENT)
        url = query["result"]["url"]
        assert api.get(url, params=PARQUET, headers={"Range": "bytes=0-3"}).content == b"PAR1"
        assert api.metric("coatcheck_spool_bytes") > query["result"]["bytes"]
        assert api.delete(f"/v1/queries/{query['id']}").status_code == 200
        assert api.metric("coatcheck_spool_bytes") == 0
        assert api.get(url, params=PARQUET, headers={"Range": "bytes=0-3"}).status_code == 410


def test_a_parquet_download_goes_on_after_a_restart(start_server):
    server = start_server()
    with server.api() as api:
        url = api.run(STATEMENT)["result"]["url"]
        part = api.get(url, params=PARQUET, headers={"Range": "bytes=0-99999"})
        spooled = api.metric("coatcheck_spool_bytes")
    server.restart()
    with server.api() as api:
        # The file was not kept, so it is made again: with the same bytes.
        assert api.metric("coatcheck_spool_bytes") < spooled
        again = {"Range": "bytes=100000-", "If-Range": part.headers["ETag"]}
        rest = api.get(url, params=PARQUET, headers=again)
        assert rest.status_code == 206 and read_rows("parquet", part.content + rest.content) == expected()
        assert api.metric("coatcheck_spool_bytes") == spooled


def test_without_room_for_the_parquet_file_a_range_is_ignored(start_server):
    server = start_server(settings={"results.disk_bytes_max": "4MiB", "results.result_bytes_max": "4MiB"})
    with server.api() as api:
        query = api.run(f"SELECT random() AS n, 'row' AS s FROM range({ROWS})")
        before = api.metric("coatcheck_spool_bytes")
        for headers in ({"Range": "bytes=0-3"}, {}):
            whole = api.get(query["result"]["url"], params=PARQUET, headers=headers)
            assert whole.status_code == 200 and len(read_rows("parquet", whole.content)) == ROWS
        head = api.head(query["result"]["url"], params=PARQUET)
        assert head.status_code == 200 and "Content-Length" not in head.headers and "Accept-Ranges" not in head.headers
        assert api.metric("coatcheck_spool_bytes") == before


def test_chunks_in_any_order_are_the_result(api, query, url):
    manifest = api.get(f"{url}/chunks").json()
    assert manifest["rows"] == ROWS and len(manifest["chunks"]) == query["result"]["chunks"] >= 3
    order = list(manifest["chunks"])
    random.Random(20261122).shuffle(order)
    with ThreadPoolExecutor(4) as pool:
        bodies = dict(zip((chunk["number"] for chunk in order), pool.map(lambda chunk: api.get(chunk["url"]), order)))
    rows = []
    for chunk in manifest["chunks"]:
        response = bodies[chunk["number"]]
        assert response.status_code == 200 and len(response.content) == chunk["bytes"]
        assert chunk["first_row"] == len(rows)
        rows += read_rows("arrow", response.content)
        assert len(rows) == chunk["first_row"] + chunk["rows"]
    assert rows == expected()


def test_a_chunk_has_ranges_and_an_etag_and_none_follows_the_last(api, query, url):
    whole = api.get(f"{url}/chunks/1")
    part = api.get(f"{url}/chunks/1", headers={"Range": "bytes=8-15"})
    assert part.status_code == 206 and part.content == whole.content[8:16]
    assert api.get(f"{url}/chunks/1", headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    for number in (query["result"]["chunks"], 2**64, "x", "-1", "1x", "%31%00"):
        assert api.get(f"{url}/chunks/{number}").status_code == 404


@pytest.mark.parametrize("format", FORMATS)
def test_a_result_without_rows_keeps_its_columns(api, format):
    query = api.run("SELECT range AS n, 'x' AS s FROM range(10) WHERE range < 0")
    assert query["result"]["rows"] == 0 and query["result"]["chunks"] == 0
    body = api.result(query["id"], format=format).content
    assert read_rows(format, body) == []
    if format == "json":
        assert json.loads(body)["columns"] == {"total": 2, "columns": ["n", "s"]}


def test_the_default_shape_keeps_digits_times_and_repeated_names(api):
    query = api.run("SELECT 1 AS a, 2 AS a, 99999999999999999999999999999999999999::HUGEINT AS h, 0.10::DECIMAL(4,2) AS d, "
                    "TIMESTAMPTZ '2026-11-22 17:00:00+00' AS t, NULL AS z, [1, 2] AS l, 'a\"\\\n\u2028' AS s")
    text = api.result(query["id"]).text
    body = json.loads(text, parse_int=str, parse_float=str)
    assert body["columns"]["total"] == "8" and len(set(body["columns"]["columns"])) == 8
    row = body["items"][0]
    assert row["a_1"] == "2" or row["a_2"] == "2"
    assert row["h"] == "99999999999999999999999999999999999999" and row["d"] == "0.10"
    assert row["t"].startswith("2026-11-22T17:00:00") and row["z"] is None and row["l"] == ["1", "2"]
    assert row["s"] == 'a"\\\n\u2028'


def test_a_result_is_claimed_as_often_as_wanted_by_many_at_once(api, url):
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda n: api.get(url, params={"format": "csv", "offset": 1000 * n, "limit": 1000}).content, range(40)))
    for n, body in enumerate(bodies):
        assert read_rows("csv", body) == expected(1000 * n, 1000 * n + 1000)


def test_a_statement_without_rows_has_a_result_too(api):
    query = api.run("CREATE OR REPLACE TABLE without_rows (a INTEGER)")
    for format in FORMATS:
        assert api.get(query["result"]["url"], params={"format": format}).status_code == 200
