"""A customer's web site: pages of a test's own, on an origin of their own, with a strict content security policy."""

import http.server
import json
import threading


class Host:
    """Serves registered pages on loopback; the same port answers for `localhost`, `127.0.0.1` and `*.localhost`."""

    def __init__(self, service_url):
        self.service_url = service_url
        self.pages, self.kinds = {}, {}
        self.seen = []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                host.answer(self)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def origin(self, name="localhost"):
        return f"http://{name}:{self.port}"

    def page(self, path, body, script="", attributes="", headers=None, frames="*", widget="/widget/v1.js"):
        """Registers a page that loads the widget's script; gives its path."""
        policy = (
            f"default-src 'none'; script-src {self.service_url} 'nonce-n'; connect-src 'self' {self.service_url}; "
            f"frame-src {frames}; img-src 'self'"
        )
        tag = f'<script src="{self.service_url}{widget}" {attributes}></script>' if widget else ""
        text = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>'
            f'<link rel="icon" href="/icon">{tag}</head><body><main><h1>Host</h1>{body}</main>'
            f'<script nonce="n">{script}</script></body></html>'
        )
        self.pages[path] = (text.encode(), {"Content-Security-Policy": policy, **(headers or {})})
        return path

    def answer(self, request):
        length = int(request.headers.get("Content-Length") or 0)
        request.rfile.read(length)
        path = request.path.split("?")[0]
        self.seen.append((request.command, request.path, dict(request.headers)))
        status, kind, fields = 200, "application/json", {}
        if path in self.pages:
            (body, fields), kind = self.pages[path], self.kinds.get(path, "text/html; charset=utf-8")
        elif path == "/api/echo":
            body = json.dumps({"authorization": request.headers.get("Authorization")}).encode()
        elif path.startswith("/away/"):
            status, body, fields = 302, b"", {"Location": self.pages["away"]}
        elif path == "/icon":
            body, kind = b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"
        else:
            status, body = 404, b"{}"
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Cache-Control", "no-store")
        for name, value in fields.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
