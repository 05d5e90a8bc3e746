#!/usr/bin/env python3
"""What the disk alone does: appends 40 KB and waits for fdatasync, again and again, as a database's log does under load.

    ./disk.py [FOLDER] [SECONDS]    default: the current folder, 60 s

Prints how long one write took (ms) and every stall. No service can say what it has stored sooner than this: a p99 of `run.py`
that is far above the one here is the service's, stalls that stand here too are the disk's.
"""
import argparse
import os
import time

PAGE, PAGES, LOG_BYTES, STALL_MS = 4096, 10, 64 << 20, 15


def main():
    about, usage = __doc__.split("\n\n", 1)
    parser = argparse.ArgumentParser(description=about, epilog=usage, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=".", help="where the file is written; it is gone afterwards")
    parser.add_argument("seconds", nargs="?", type=float, default=60)
    args = parser.parse_args()
    folder, seconds = args.folder, args.seconds
    path = os.path.join(folder, f"disk.{os.getpid()}.bin")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    os.unlink(path)  # it is gone even if this is killed
    page, took, stalls, at = os.urandom(PAGE), [], [], 0
    began = time.monotonic()
    while (now := time.monotonic()) - began < seconds:
        at = 0 if at + PAGE * PAGES > LOG_BYTES else at
        for n in range(PAGES):
            os.pwrite(file, page, at + n * PAGE)
        os.fdatasync(file)
        at += PAGE * PAGES
        took.append((time.monotonic() - now) * 1e3)
        if took[-1] > STALL_MS:
            stalls.append(f"{now - began:.1f} s: {took[-1]:.0f}")
        time.sleep(0.0007)
    took.sort()
    of = {name: took[int(len(took) * part)] for name, part in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))}
    print(f"{len(took)} writes in {seconds:.0f} s:", ", ".join(f"{k} {v:.2f}" for k, v in of.items()), f"max {took[-1]:.1f} ms")
    print(f"{len(stalls)} stalls over {STALL_MS} ms", "(at: ms):" if stalls else "", "; ".join(stalls[:50]))


main()
