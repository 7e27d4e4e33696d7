"""A storm of guesses against a running product while somebody works: what is refused, what is hashed, how pages fare.

    .venv/bin/python -m bench.login_storm --seconds 60 --rate 200 --addresses 1
    .venv/bin/python -m bench.login_storm --seconds 60 --rate 200 --addresses 1000

Starts gunicorn on loopback with a database of its own (PostgreSQL when DATABASE_URL names one) and demo data.
Addresses are those a trusted proxy would report. Pass (reliability P7): p95 of pages <= 1 s, no 5xx, at most 30 hashes
per address.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prm.settings")
import django

django.setup()

from tests.live import LiveProduct, start  # noqa: E402
from workspace.demo.load import PASSWORD  # noqa: E402

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
PAGE = "/app/partners/"


class Worker:
    """Somebody with a session who loads a page four times a second."""

    def __init__(self, url: str) -> None:
        self.url, self.jar = url, CookieJar()
        self.opener = build_opener(HTTPCookieProcessor(self.jar))
        self.times: list[float] = []
        self.failures: Counter[int] = Counter()

    def log_in(self, email: str) -> int:
        page = self.opener.open(f"{self.url}/accounts/login/").read().decode()
        token = TOKEN.search(page)
        assert token
        form = urlencode({"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}).encode()
        request = Request(f"{self.url}/accounts/login/", data=form, headers={"Referer": self.url})
        try:
            return int(self.opener.open(request).status)
        except HTTPError as error:
            return error.code

    def load(self) -> None:
        started = time.perf_counter()
        try:
            self.opener.open(self.url + PAGE, timeout=30).read()
        except HTTPError as error:
            self.failures[error.code] += 1
        except OSError:
            self.failures[0] += 1
        self.times.append(time.perf_counter() - started)

    def work(self, until: float) -> None:
        while time.monotonic() < until:
            self.load()
            time.sleep(0.25)


async def storm(url: str, *, rate: int, addresses: int, seconds: float) -> tuple[Counter[int], Counter[str]]:
    """Statuses of all guesses, and per address those that reached the hasher."""
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 80
    opener = build_opener(HTTPCookieProcessor(jar := CookieJar()))
    token = TOKEN.search(opener.open(f"{url}/accounts/login/").read().decode())
    assert token
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
    statuses: Counter[int] = Counter()
    hashed: Counter[str] = Counter()

    async def guess(number: int) -> None:
        account = number if addresses > 1 else number % 50
        form = urlencode({"login": f"person{account}@storm.test", "password": "wrong", "csrfmiddlewaretoken": token[1]})
        address = f"198.18.{number % addresses // 250}.{number % addresses % 250}"
        head = (
            f"POST /accounts/login/ HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookies}\r\n"
            f"X-Forwarded-For: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\nConnection: close\r\n\r\n"
        )
        try:
            reader, writer = await asyncio.open_connection(host, port)
            writer.write((head + form).encode())
            status = int((await asyncio.wait_for(reader.readline(), 30)).split()[1])
            await reader.read()
            writer.close()
        except (OSError, IndexError, ValueError, TimeoutError):
            status = 0
        statuses[status] += 1
        hashed[address] += status == 200

    tasks, begun, number = set(), time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        while number < (time.monotonic() - begun) * rate:
            task = asyncio.create_task(guess(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            number += 1
        await asyncio.sleep(0.005)
    await asyncio.gather(*tasks)
    return statuses, hashed


async def both(product: LiveProduct, worker: Worker, options: argparse.Namespace) -> tuple[Counter[int], Counter[str]]:
    until = time.monotonic() + options.seconds
    working = asyncio.create_task(asyncio.to_thread(worker.work, until))
    found = await storm(product.url, rate=options.rate, addresses=options.addresses, seconds=options.seconds)
    await working
    return found


def cpu_seconds(process_id: int) -> float:
    """What a process and its children have used: on a busy machine the figure that does not depend on the others."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if process_id in {int(stat.parent.name), int(fields[1])}:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--addresses", type=int, default=1)
    options = parser.parse_args()
    os.environ["PROXY_COUNT"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        product = start(Path(folder), name="storm")
        try:
            product.manage("demo", "load")
            worker = Worker(product.url)
            worker.log_in("ana@demo.example")
            for _ in range(20):
                worker.load()
            calm, worker.times = p95(worker.times), []
            before = cpu_seconds(product.process.pid)
            statuses, hashed = asyncio.run(both(product, worker, options))
            used = cpu_seconds(product.process.pid) - before
            again = worker.log_in("ana@demo.example")
        finally:
            product.stop()
    failed = sum(count for status, count in statuses.items() if status >= 500) + sum(worker.failures.values())
    done = sum(statuses.values())
    print(f"guesses                {done} in {options.seconds:.0f} s from {options.addresses} addresses")
    print(f"refused per second     {statuses[429] / options.seconds:.1f}")
    print(
        f"hashes reached         {statuses[200]} ({statuses[200] / options.seconds:.1f}/s),"
        f" most per address {max(hashed.values())}"
    )
    print(f"CPU of the web         {used / done * 1000:.2f} ms per guess, hashes and pages included")
    print(f"no answer              {statuses[0]}")
    print(f"pages                  {len(worker.times)}, p95 {p95(worker.times):.0f} ms (calm {calm:.0f} ms)")
    print(f"5xx and failed pages   {failed}")
    print(f"log-in afterwards      {again}")
    passed = p95(worker.times) <= 1000 and failed == 0 and max(hashed.values()) <= 30
    print("pass" if passed else "FAIL")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
