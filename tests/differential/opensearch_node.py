"""A live OpenSearch, and the little of its HTTP API that the differential test asks of it."""
import http.client
import json
import urllib.parse

TIMEOUT_SECONDS = 120


class OpenSearchError(Exception):
    pass


class OpenSearchNode:
    def __init__(self, url, timeout_seconds=TIMEOUT_SECONDS):
        address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout_seconds)

    def ask(self, method, path, body=None):
        """The answer's JSON. `body`: text, or what becomes JSON."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        status, answer = self.exchange(method, path, text.encode() if text is not None else None)
        if status >= 400:
            raise OpenSearchError(f"{method} {path}: {answer}")
        return answer

    def exchange(self, method, path, body):
        try:
            self.connection.request(method, path, body, {"Content-Type": "application/json"})
            response = self.connection.getresponse()
            return response.status, json.loads(response.read() or "{}")
        except (OSError, http.client.HTTPException):
            self.connection.close()  # an answer that comes late is not the next request's
            raise

    def version(self):
        return self.ask("GET", "/")["version"]["number"]

    def build(self, index, mapping, lines):
        """An index of one segment without deletions. All lines come in one request without a refresh, because a forced merge of
        several segments shuffles them."""
        self.delete(index)
        self.ask("PUT", f"/{index}", {"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}} | mapping)
        answer = self.ask("POST", f"/{index}/_bulk", lines) if lines else {"errors": False}
        if answer["errors"]:  # a delete of what is not there is none
            raise OpenSearchError(next(str(row) for item in answer["items"] for row in item.values() if "error" in row))
        self.merge(index)

    def merge(self, index):
        """Deleted documents are kept for replicas that may ask for them, until the next quiet half minute or opening."""
        for path in ("_flush?force=true", "_close", "_open", "_forcemerge?max_num_segments=1&flush=true", "_refresh"):
            self.ask("POST", f"/{index}/{path}")
        if self.shape(index) not in ((1, 0), (0, 0)):
            raise OpenSearchError(f"{index} has {self.shape(index)} segments and deleted documents")

    def shape(self, index):
        """(segments, deleted documents): (1, 0) once it is merged, (0, 0) where it is empty."""
        facts = self.ask("GET", f"/{index}/_stats/docs,segments")["_all"]["primaries"]
        return facts["segments"]["count"], facts["docs"]["deleted"]

    def search(self, index, bodies):
        """An answer, or {"error": ...}, for each body."""
        lines = "".join("{}\n" + json.dumps(body) + "\n" for body in bodies)
        try:
            return self.ask("POST", f"/{index}/_msearch?max_concurrent_searches=1", lines)["responses"]
        except OpenSearchError as error:  # one body may fail them all
            if len(bodies) == 1:
                return [{"error": {"reason": str(error)}}]
        half = len(bodies) // 2
        return self.search(index, bodies[:half]) + self.search(index, bodies[half:])

    def delete(self, index):
        self.ask("DELETE", f"/{index}?ignore_unavailable=true")
