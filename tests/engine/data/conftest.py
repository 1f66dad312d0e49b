"""A web server for downloads, with the manners of bad ones."""

import http.server
import threading

import pytest


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`; misbehaves as the path's first part says."""

    def do_GET(self):
        self.server.requests.append((self.path, self.headers.get("Range")))
        how, _, name = self.path.strip("/").partition("/")
        content = self.server.files.get(name)
        if content is None:
            self.send_error(404)
            return
        start = 0
        asked = self.headers.get("Range")
        if asked and how != "plain":
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        if how == "broken" and len(self.server.requests) < 3:
            body = body[: len(body) // 2]
        if how == "silent":
            self.server.wait.wait(20)
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as it:
        it.files = {}
        it.requests = []
        it.wait = threading.Event()
        it.url = f"http://127.0.0.1:{it.server_address[1]}"
        thread = threading.Thread(target=it.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield it
        it.wait.set()
        it.shutdown()
        thread.join()
