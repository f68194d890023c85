"""An embedded Tutti without a platform: the tokens of calls, and the sources of settings."""

import asyncio
import base64
import json
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from tutti import Unauthenticated
from tutti.embed import EmbeddedTutti, TuttiMiddleware, read_settings


def request(**headers: str) -> dict[str, object]:
    pairs = [(name.encode(), text.encode()) for name, text in headers.items()]
    return {"type": "http", "headers": pairs}


class An_embedded_tutti(unittest.TestCase):
    def test_shows_the_token_of_the_request_and_never_its_own_in_place_of_it(self) -> None:
        tutti = EmbeddedTutti(environment={"TUTTI_API_KEY": "own"})
        self.assertEqual(tutti.token(), "own")
        with tutti.during(request(authorization="Bearer ann")):
            self.assertEqual(tutti.token(), "ann")
            with tutti.as_application():
                self.assertEqual(tutti.token(), "own")
            with tutti.as_user("bob"):
                self.assertEqual(tutti.token(), "bob")
            self.assertEqual(tutti.token(), "ann")
        with tutti.during(request()), self.assertRaises(Unauthenticated) as refused:
            tutti.token()
        self.assertEqual(refused.exception.code, "sdk.request_without_token")
        with EmbeddedTutti(environment={}).during(request()):
            pass

    def test_keeps_requests_that_run_at_once_apart(self) -> None:
        tutti = EmbeddedTutti(environment={"TUTTI_API_KEY": "own"})
        seen: dict[str, str | None] = {}

        async def application(scope, _receive, _send) -> None:
            await asyncio.sleep(0)
            seen[scope["name"]] = tutti.token()

        async def serve() -> None:
            served = TuttiMiddleware(application, tutti)
            scopes = [{**request(authorization=f"Bearer {name}"), "name": name} for name in ("ann", "bob", "eve")]
            await asyncio.gather(*(served(scope, None, None) for scope in scopes))

        asyncio.run(serve())
        self.assertEqual(seen, {name: name for name in ("ann", "bob", "eve")})

    def test_hands_on_the_trace_of_the_request_or_what_the_application_injects(self) -> None:
        parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        tutti = EmbeddedTutti(environment={})
        with tutti.during(request(traceparent=parent)):
            self.assertEqual(tutti._trace_headers(), {"traceparent": parent})
        injecting = EmbeddedTutti(environment={}, inject=lambda headers: headers.update(traceparent="00-own"))
        with injecting.during(request(traceparent=parent)):
            self.assertEqual(injecting._trace_headers(), {"traceparent": "00-own"})


class Store(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert self.path == "/v1/kv/shop/tutti/?recurse=true"
        keys = {"url": "http://of-the-store:7400", "pool": "of the store", "api-key": "of the store"}
        entries = [{"Key": "shop/tutti/", "Value": None}]
        for key, value in keys.items():
            entries.append({"Key": f"shop/tutti/{key}", "Value": base64.b64encode(value.encode()).decode()})
        body = json.dumps(entries).encode()
        self.send_response(200 if self.headers["x-consul-token"] == "acl" else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class Settings_of_an_application(unittest.TestCase):
    def test_come_from_the_environment_then_a_folder_then_the_store(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), Store)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        environment = {"TUTTI_API_KEY": "of the environment", "PATH": "/bin"}
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "TUTTI_POOL").write_text("of the folder\n", encoding="utf-8")
            found = read_settings(
                environment=environment, folder=folder, consul=url, prefix="/shop/tutti", token="acl"
            )
        self.assertEqual(
            found,
            {
                "TUTTI_URL": "http://of-the-store:7400",
                "TUTTI_POOL": "of the folder",
                "TUTTI_API_KEY": "of the environment",
            },
        )
        with self.assertRaisesRegex(ValueError, "no keys below shop/tutti/"):
            read_settings(environment={}, consul=url, prefix="shop/tutti")


if __name__ == "__main__":
    unittest.main()
