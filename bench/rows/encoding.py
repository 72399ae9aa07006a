"""Processor time of the encoders against DuckDB's COPY: encode_bench does the pairs, in one process and one thread."""

import re
import subprocess

from measuring.figures import Figure

LINE = re.compile(r"(\w+) +ours ([\d.]+) us/row +(\d+) MB +COPY ([\d.]+) us/row +(\d+) MB +ratio ([\d.]+) \(([\d.]+) to ([\d.]+)\)")
MARKS = {
    "ndjson": ("P9", "NDJSON, processor time of a row", "format json", 1.3, 2.5),
    "json": ("P9", "JSON objects, processor time of a row", "format json, array", 1.3, 2.5),
    "csv": ("P10", "CSV, processor time of a row", "format csv", 1.5, 3),
    "parquet": ("P12", "Parquet, processor time of a row", "format parquet, zstd", 0.8, 0.95),
}


def p9_p10_p12(bench):
    millions = max(1, bench.scale.rows // 1_000_000)
    done = subprocess.run([bench.encode_bench, str(millions), str(bench.scale.pairs), bench.work], capture_output=True, text=True, check=True)
    figures = []
    for found in LINE.finditer(done.stdout):
        row, what, copy, bar, goal = MARKS[found[1]]
        figures.append(Figure(row, f"{what}, {millions} M rows: so many times cheaper", [float(found[6]), float(found[7]), float(found[8])],
                              ours=f"{found[2]} us/row, {found[3]} MB", yardstick=f"DuckDB COPY ({copy}): {found[4]} us/row, {found[5]} MB",
                              bar=bar, goal=goal))
    if len(figures) != len(MARKS):
        raise RuntimeError(f"encode_bench says something else:\n{done.stdout}")
    return figures
