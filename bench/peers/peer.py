"""PyTorch's side of a row: warms up, then answers every line it is sent with one timed round.

Written as one would write it for speed on a CPU: native kernels, torch.autograd.grad with create_graph where a gradient
is differentiated, gradients only where they are used, as many threads as there are physical cores. No torch.compile: it
does not differentiate twice.
"""

import importlib
import json
import platform
import sys
import time

import torch

from numbers_file import read


def main():
    task = json.loads(sys.argv[1])
    row = task["row"]
    torch.set_num_threads(task["threads"])
    torch.manual_seed(2022)
    numbers = read(task["folder"] + "/numbers.safetensors")
    running = importlib.import_module(row["family"]).make(row, numbers)
    check = running.check()
    for _ in range(row["warmUp"]):
        running.round()
    say({"versions": {"torch": torch.__version__, "python": platform.python_version()}, "check": check})
    for _ in sys.stdin:
        start = time.perf_counter()
        loss = running.round()
        say({"milliseconds": 1000 * (time.perf_counter() - start), "loss": loss})


def say(answer):
    print(json.dumps(answer), flush=True)


main()
