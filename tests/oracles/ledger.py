"""Books by the rule alone: a reference is booked once, as it came first. [[reference, from, to, amount], ...] in; after each,
how many entries there are and the balances of both accounts out."""

import json
import sys
from collections import Counter

seen, books, after = set(), Counter(), []
for reference, source, target, amount in json.load(sys.stdin):
    if reference not in seen:
        seen.add(reference)
        books[source] -= amount
        books[target] += amount
    after.append([len(seen), books[source], books[target]])
print(json.dumps(after))
