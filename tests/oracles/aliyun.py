"""Alibaba's own Python library: a JSON list of [id, secret, [[name, value] ...], [[header, value] ...]] on stdin, a JSON
list of [canonical query, Authorization] on stdout."""

import json
import sys

from alibabacloud_openapi_util import client


class Request:
    """What the library reads of a request."""

    method = "POST"
    pathname = "/"

    def __init__(self, query, headers):
        self.query = dict(query)
        self.headers = dict(headers)


def signed(key, secret, query, headers):
    algorithm = "ACS3-HMAC-SHA256"
    request = Request(query, headers)
    payload = client.Client.hex_encode(client.Client.hash(b"", algorithm))
    authorization = client.Client.get_authorization(request, algorithm, payload, key, secret)
    return [client.get_canonical_query_string(request.query), authorization]


print(json.dumps([signed(*case) for case in json.load(sys.stdin)]))
