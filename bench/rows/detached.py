"""What polls cost a warehouse where queries run on without the server."""

import asyncio
import json

from measuring.figures import Figure, number

CLIENTS, QUERIES, PAUSE = 1_000, 50, 5.0


async def poll(server, ids, seconds):
    """Every client has a connection and asks for one query's status, again and again; returns how many answers said RUNNING."""
    ends = asyncio.get_running_loop().time() + seconds
    fields = "".join(f"{name}: {value}\r\n" for name, value in server.authorization.items())

    async def client(n):
        await asyncio.sleep(PAUSE * n / CLIENTS)  # Not all at one moment.
        reader, writer = await asyncio.open_connection(*server.address)
        answered = 0
        while asyncio.get_running_loop().time() < ends:
            writer.write(f"GET /v1/queries/{ids[n % len(ids)]} HTTP/1.1\r\nHost: bench\r\n{fields}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:"))
            body = json.loads(await reader.readexactly(length))
            assert body["status"] == "RUNNING", body
            answered += 1
            await asyncio.sleep(PAUSE)
        writer.close()
        return answered

    return sum(await asyncio.gather(*(client(n) for n in range(CLIENTS))))


def cost(bench, what, looks_max, **settings):
    seconds = bench.scale.polling_seconds
    # Waiting takes no processor and no place in the upstream's own warehouse.
    with bench.server() as upstream:
        secret = upstream.directory / "key"
        secret.write_text(upstream.key)
        warehouse = {"kind": "snowflake", "url": upstream.url(""), "authentication": "token", "secret_file": str(secret),
                     "max_running": QUERIES, **settings}
        with bench.server(warehouse=warehouse) as server:
            with server.connect() as connection:
                ids = [connection.submit("SELECT SYSTEM$WAIT(1, 'HOURS')")["id"] for _ in range(QUERIES)]
            label = 'coatcheck_warehouse_status_requests_total{warehouse="main"}'
            upstream.await_metric("coatcheck_queries_submitted_total", lambda n: n >= QUERIES)
            before = server.metrics()[label]
            polls = asyncio.run(poll(server, ids, seconds))
            looks = server.metrics()[label] - before
    return Figure("poll_cost", f"requests to the warehouse for each poll of a client, {what}", [looks / polls],
                  ours=f"{number(looks)} requests in {seconds} s for {QUERIES} statements that run",
                  yardstick=f"{number(polls)} polls of {CLIENTS:,} clients, each a statement the article's way",
                  bar=looks_max(seconds) / polls, goal=looks_max(seconds) / polls, more_is_better=False)


def poll_cost(bench):
    # One more than fit into the time: the first may come at its beginning.
    each = lambda seconds: QUERIES * (seconds / PAUSE + 1)  # noqa: E731
    once = lambda seconds: seconds / PAUSE + 1  # noqa: E731
    # A tenth of the age from 0.25 s to 10 s: ten looks in the first 2.5 s, then each a tenth later than the one before.
    aging = lambda seconds: QUERIES * 50  # noqa: E731
    pause = {"poll_min": "5s", "poll_max": "5s"}
    return [
        cost(bench, "one for each statement every 5 s (`statements`)", each, status="statements", **pause),
        cost(bench, "one for all every 5 s (`history`)", once, status="history", **pause),
        cost(bench, "with the standing pauses, 0.25 s to 10 s by age (`statements`)", aging),
    ]
