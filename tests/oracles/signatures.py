"""Twilio's own Python library: as signatures.cjs."""

import json
import sys

from twilio.request_validator import RequestValidator


class Fields(dict):
    """A form as web frameworks hand it over: several values for one name."""

    def getlist(self, name):
        return sorted(set(self[name]))


def signature(token, url, pairs):
    fields = Fields()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return RequestValidator(token).compute_signature(url, fields)


print(json.dumps([signature(*case) for case in json.load(sys.stdin)]))
