"""Test that a reader of the log that hangs does not stop the service."""

import json
import subprocess
import sys
import threading

PATIENCE = 60
LINES = 5_000
CHILD = f"""
import logging
from api.http import request_log
request_log.configure("info")
log = logging.getLogger("x")
for number in range({LINES}):
    text = "x" * (10_000 if number % 50 == 7 else 10)
    log.info("request", extra={{"fields": {{"number": number, "text": text}}}})
print("done", flush=True)
input()
log.info("after")
"""


def test_a_hanging_reader_of_the_log_costs_lines_that_are_counted() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        limit = threading.Timer(PATIENCE, process.kill)
        limit.start()
        assert process.stdout.readline() == b"done\n", "the log blocked the process"
        limit.cancel()
        lines: list[bytes] = []
        reader = threading.Thread(target=lines.extend, args=(process.stderr,))
        while not lines:  # read what the pipe has, so that the next line has room
            lines.append(process.stderr.readline())
        reader.start()
        process.stdin.write(b"\n")
        process.stdin.close()
        reader.join()
    log = [json.loads(line) for line in lines]
    numbers = [line["number"] for line in log if line["message"] == "request"]
    assert numbers == sorted(set(numbers))
    assert sum(line.get("dropped", 0) for line in log) == LINES - len(numbers) > LINES / 2
    assert (log[-2]["level"], log[-1]["message"]) == ("warning", "after")
