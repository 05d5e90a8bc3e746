"""Whether it is night (21 to 8) in a zone, and when the morning comes, by Python's zoneinfo: [[zone, second], ...]."""

import json
import sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

QUARTER = 900


def night(zone, second):
    hour = datetime.fromtimestamp(second, timezone.utc).astimezone(zone).hour
    return hour >= 21 or hour < 8


def morning(zone, second):
    second += QUARTER - second % QUARTER
    while night(zone, second):
        second += QUARTER
    return second


def answer(name, second):
    zone = ZoneInfo(name)
    dark = night(zone, second)
    return [dark, morning(zone, second) if dark else None]


print(json.dumps([answer(*case) for case in json.load(sys.stdin)]))
