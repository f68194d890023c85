import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, it, type TestContext } from "node:test";
import { latch, recordingLogger } from "@tutti/kernel/testing";
import { extendBodyTimeout } from "./body-time.ts";
import { operationsErrors } from "./errors.ts";
import { type HttpHandler, OperationsServer, type RequestTimeouts } from "./operations-server.ts";
import type { OperationsResponse, OperationsRoutes } from "./routes.ts";

const never = new AbortController().signal;

function answering(handle: OperationsRoutes["handle"] = async () => answer("ok")): OperationsRoutes {
  return { paths: ["/livez"], handle };
}

function answer(body: string, status = 200): OperationsResponse {
  return { status, contentType: "text/plain; charset=utf-8", body, headers: {} };
}

async function setUp(
  t: TestContext,
  routes = answering(),
  { handler, timeouts = {} }: { handler?: HttpHandler; timeouts?: RequestTimeouts } = {},
) {
  const logger = recordingLogger();
  const server = new OperationsServer({ routes, handler, host: "127.0.0.1", port: 0, logger, timeouts });
  await server.start();
  t.after(() => server.stop(AbortSignal.abort()));
  const port = server.address?.port ?? 0;
  return { server, logger, port, url: `http://127.0.0.1:${port}` };
}

/** Sends one request on a connection of its own. `fetch` would keep the connection open for seconds. */
async function fetchOnce(
  url: string,
  { method = "GET", headers = {} }: { method?: string; headers?: OutgoingHttpHeaders } = {},
) {
  const sent = request(url, { method, headers, agent: false }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Returns the bytes that the server sends in reply, until it closes the connection. */
async function raw(port: number, message: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.end(message);
  return text(socket);
}

function assertProblem(found: string, status: number, code: string): void {
  const [head = "", body = ""] = found.split("\r\n\r\n");
  assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), found);
  assert.match(head, /^content-type: application\/problem\+json$/im, found);
  assert.match(head, /^connection: close$/im, found);
  const document = JSON.parse(body);
  assert.deepEqual([document.status, document.code], [status, code], found);
  assert.match(document.detail, /^[A-Z`].+\. [A-Z].+\.$/s);
}

describe("the operations server", () => {
  it("passes requests to the routes and returns their replies, never from a cache", async (t) => {
    const { url } = await setUp(
      t,
      answering(async ({ method, path, accept }) => answer(`${method} ${path} ${accept}`, 202)),
    );
    const response = await fetchOnce(`${url}/livez?a=b`, { headers: { accept: "text/plain" } });
    assert.equal(response.status, 202);
    assert.equal(response.headers["content-type"], "text/plain; charset=utf-8");
    assert.equal(response.headers["cache-control"], "no-store");
    assert.equal(response.body, "GET /livez?a=b text/plain");
  });

  it("passes other paths and other protocols to the front door", async (t) => {
    const handler: HttpHandler = {
      handle: (request, response) => response.writeHead(201).end(`door ${request.url}`),
      upgrade: (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    };
    const { url, port } = await setUp(t, answering(), { handler });
    assert.equal((await fetchOnce(`${url}/livez?a=b`)).body, "ok");
    const { status, body } = await fetchOnce(`${url}/v1/runs?a=b`, { method: "POST" });
    assert.deepEqual([status, body], [201, "door /v1/runs?a=b"]);
    const upgrade = "GET /v1/events HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert.match(await raw(port, upgrade), /^HTTP\/1.1 101 /);
  });

  it("survives a connection that is reset while its upgrade is decided", async (t) => {
    const upgraded = Promise.withResolvers<Duplex>();
    const handler: HttpHandler = {
      handle: (_request, response) => response.end(),
      upgrade: (_request, socket) => upgraded.resolve(socket),
    };
    const { port } = await setUp(t, answering(), { handler });
    const client = connect({ host: "127.0.0.1", port });
    client.write("GET /v1/link HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const socket = await upgraded.promise;
    // Without a listener the error of a reset connection ends the process.
    const closed = new Promise((resolve) => socket.once("close", resolve));
    client.resetAndDestroy();
    await closed;
    socket.end("HTTP/1.1 401 \r\n\r\n");
  });

  it("survives a client that resets its connection after the answer to CONNECT", async (t) => {
    const { port } = await setUp(t);
    for (let clients = 0; clients < 5; clients++) {
      const client = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
      client.write("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n");
      await once(client, "data");
      client.resetAndDestroy();
      await once(client, "close");
    }
    assert.match(await raw(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1.1 200 /);
  });

  it("answers HEAD with the headers of GET alone", async (t) => {
    const { url } = await setUp(t);
    const response = await fetchOnce(`${url}/livez`, { method: "HEAD" });
    assert.equal(response.headers["content-length"], "2");
    assert.equal(response.body, "");
  });

  it("a route that throws is a 500 problem, and the error is in the log", async (t) => {
    const { url, logger } = await setUp(
      t,
      answering(() => Promise.reject(new Error("broken"))),
    );
    const response = await fetchOnce(`${url}/status`);
    assert.equal(response.status, 500);
    assert.equal(response.headers["content-type"], "application/problem+json");
    assert.equal(logger.messages("error").length, 1);
  });

  it("returns the required authentication scheme with a refusal", async (t) => {
    const received: (string | undefined)[] = [];
    const routes = answering(async ({ authorization }) => {
      received.push(authorization);
      throw operationsErrors.keyNeeded();
    });
    const { url, logger } = await setUp(t, routes);
    const response = await fetchOnce(`${url}/livez`, { headers: { authorization: "Bearer a" } });
    assert.deepEqual([response.status, response.headers["www-authenticate"]], [401, "Bearer"]);
    assert.equal(JSON.parse(response.body).code, "operations.key_needed");
    assert.deepEqual(received, ["Bearer a"]);
    assert.deepEqual(logger.messages("error"), []);
  });

  it("answers an unreadable request with a problem document, and closes the connection", async (t) => {
    const { port } = await setUp(t);
    const get = "GET /livez HTTP/1.1\r\nhost: localhost\r\n";
    for (const [message, status, code] of [
      [`${get}x: ${"y".repeat(20_000)}\r\n\r\n`, 431, "headers_too_long"],
      [`GET /${"y".repeat(20_000)} HTTP/1.1\r\n\r\n`, 431, "headers_too_long"],
      ["hello\r\n\r\n", 400, "request_malformed"],
      ["\x16\x03\x01\x02\x00\x01\x00", 400, "request_malformed"],
      ["BREW /livez HTTP/1.1\r\nhost: a\r\n\r\n", 400, "request_malformed"],
      ["GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", 400, "request_malformed"],
      [`${get}content-length: -1\r\n\r\n`, 400, "request_malformed"],
      [`${get}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n`, 400, "request_malformed"],
      [`${get}a b: c\r\n\r\n`, 400, "request_malformed"],
      ["CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n", 400, "request_malformed"],
      [`${get}expect: tea\r\n\r\n`, 417, "expectation_unknown"],
      ["GET /livez HTTP/1.1\r\n\r\n", 400, "hosts_differ"],
    ] as const) {
      const found = await raw(port, message);
      assertProblem(found, status, `operations.${code}`);
    }
  });

  it("rejects a request that does not arrive in time, and a request whose body stops", async (t) => {
    const timeouts = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 };
    const body = latch();
    const handler: HttpHandler = {
      handle: (incoming) => {
        body.open();
        incoming.on("error", () => {}).resume();
      },
      upgrade: (_request, socket) => socket.destroy(),
    };
    const { port } = await setUp(t, answering(), { handler, timeouts });
    for (const head of ["GET /li", "POST /v1/runs HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{"]) {
      const socket = connect({ host: "127.0.0.1", port });
      socket.write(head);
      assertProblem(await text(socket), 408, "operations.request_late");
      socket.destroy();
    }
    await body.opened;
  });

  it("waits for a slow body if its handler allows it", async (t) => {
    const timeouts = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 };
    const handler: HttpHandler = {
      handle: (incoming, response) => {
        incoming.on("error", () => {});
        if (incoming.url === "/late") return void incoming.resume();
        if (incoming.url === "/answered") return void response.writeHead(401).end();
        extendBodyTimeout(incoming);
        void text(incoming).then((body) => response.setHeader("connection", "close").end(body));
      },
      upgrade: (_request, socket) => socket.destroy(),
    };
    const { port } = await setUp(t, answering(), { handler, timeouts });
    const post = (path: string) => {
      const socket = connect({ host: "127.0.0.1", port });
      socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\na`);
      return socket;
    };
    const patient = post("/upload");
    // This request starts later, and times out while the upload still waits.
    assertProblem(await text(post("/late")), 408, "operations.request_late");
    assert.match(await text(post("/answered")), /^HTTP\/1.1 401 .*HTTP\/1.1 408 /s);
    patient.write("b");
    assert.match(await text(patient), /^HTTP\/1.1 200 .*\r\n\r\nab$/s);
  });

  it("closes a connection if the reply has started and the rest of the request cannot be read", async (t) => {
    const handler: HttpHandler = {
      handle: (_incoming, response) => response.writeHead(200, { "content-length": "9" }).write("half"),
      upgrade: (_request, socket) => socket.destroy(),
    };
    const { port } = await setUp(t, answering(), { handler });
    const socket = connect({ host: "127.0.0.1", port });
    socket.write("POST /v1/runs HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    let received = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += bytes;
      if (received.endsWith("half")) socket.write("no length\r\n");
    });
    await once(socket, "close");
    assert.match(received, /^HTTP\/1\.1 200 OK.*half$/s);
  });

  it("answers a client over HTTP/1.1 that offers HTTP/2", async (t) => {
    const { port } = await setUp(t);
    const offer =
      "connection: Upgrade, HTTP2-Settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQ\r\n";
    assert.match(
      await raw(port, `GET /livez HTTP/1.1\r\nhost: localhost\r\n${offer}\r\n`),
      /^HTTP\/1\.1 200 .*ok$/s,
    );
  });

  it("answers a request with an unexpected body without reading the body", async (t) => {
    const { port } = await setUp(t);
    const message =
      "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
    assert.match(await raw(port, message), /^HTTP\/1\.1 200 /);
  });

  it("answers a browser under the name of this machine alone, and no request with two names", async (t) => {
    const { port } = await setUp(t);
    const answerFor = (...hosts: readonly string[]) =>
      raw(
        port,
        `GET /livez HTTP/1.1\r\n${hosts.map((host) => `host: ${host}\r\n`).join("")}connection: close\r\n\r\n`,
      );
    assert.match(await answerFor(`127.0.0.1:${port}`), /^HTTP\/1\.1 200 /);
    assert.match(await answerFor("[::1]"), /^HTTP\/1\.1 200 /);
    assert.match(await answerFor("evil.example"), /^HTTP\/1\.1 421 .*operations\.host_unknown/s);
    assert.match(await answerFor("localhost", "evil.example"), /^HTTP\/1\.1 400 .*operations\.hosts_differ/s);
  });

  it("knows the client behind a trusted proxy, by a header or by the PROXY protocol", async (t) => {
    const routes = answering(async ({ address = "" }) => answer(`from ${address}`));
    const opened = async (proxyHeader: "x-forwarded-for" | "proxy-protocol", trustedProxies: string[]) => {
      const proxies = { proxyHeader, trustedProxies };
      const server = new OperationsServer({
        ...{ routes, host: "127.0.0.1", port: 0, logger: recordingLogger(), proxies },
      });
      await server.start();
      t.after(() => server.stop(AbortSignal.abort()));
      return server.address?.port ?? 0;
    };
    const requestText =
      "GET /livez HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 198.51.100.1\r\nconnection: close\r\n\r\n";
    const header = "PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n";
    assert.match(
      await raw(await opened("x-forwarded-for", ["127.0.0.0/8"]), requestText),
      /from 198\.51\.100\.1$/,
    );
    assert.match(await raw(await opened("x-forwarded-for", ["10.0.0.2"]), requestText), /from 127\.0\.0\.1$/);
    const port = await opened("proxy-protocol", ["127.0.0.1"]);
    assert.match(await raw(port, `${header}${requestText}`), /from 192\.0\.2\.1$/);
    assert.equal(await raw(port, requestText), "");
    // From another address, the bytes of the proxy header are no HTTP.
    assert.match(
      await raw(await opened("proxy-protocol", ["10.0.0.2"]), `${header}${requestText}`),
      /^HTTP\/1\.1 400 /,
    );
  });
});

describe("an operations server that cannot listen", () => {
  it("on a port in use reports the port and the setting in one line", async (t) => {
    const other = createServer();
    other.listen({ host: "127.0.0.1", port: 0 });
    await once(other, "listening");
    t.after(() => other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const server = new OperationsServer({
      routes: answering(),
      host: "127.0.0.1",
      port,
      logger: recordingLogger(),
    });
    await assert.rejects(server.start(), {
      code: "operations.port_in_use",
      message:
        `Port ${port} of 127.0.0.1 is in use. ` +
        "Stop the process that listens there, or set `operations.port` to another port.",
    });
    await server.stop(never);
  });

  it("on an address of another machine reports the settings", async () => {
    const server = new OperationsServer({
      routes: answering(),
      host: "192.0.2.1",
      port: 0,
      logger: recordingLogger(),
    });
    await assert.rejects(server.start(), {
      code: "operations.listen_refused",
      message: /Cannot listen on 192\.0\.2\.1 .*Set operations\.host and operations\.port/,
    });
  });
});

describe("an operations server that is stopped", () => {
  it("finishes running requests and refuses new requests", async (t) => {
    const entered = latch();
    const release = latch();
    const routes = answering(async () => {
      entered.open();
      await release.opened;
      return answer("done");
    });
    const { server, url } = await setUp(t, routes);
    const pending = fetchOnce(`${url}/status`);
    await entered.opened;
    const stopped = server.stop(never);
    await assert.rejects(fetchOnce(`${url}/livez`));
    release.open();
    assert.equal((await pending).body, "done");
    await stopped;
  });

  it("closes running requests when time is up", async (t) => {
    const entered = latch();
    const routes = answering(() => {
      entered.open();
      return new Promise(() => {});
    });
    const { server, url } = await setUp(t, routes);
    const pending = assert.rejects(fetchOnce(`${url}/status`));
    await entered.opened;
    const patience = new AbortController();
    const stopped = server.stop(patience.signal);
    patience.abort();
    await stopped;
    await pending;
  });

  it("does not wait for connections that are idle", async (t) => {
    const { server, url } = await setUp(t);
    const agent = new Agent({ keepAlive: true });
    const sent = request(`${url}/livez`, { agent }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    await text(response);
    await server.stop(never);
    agent.destroy();
    assert.equal(server.address, undefined);
  });

  it("does not wait for connections without a request", async (t) => {
    const { server } = await setUp(t);
    const silent = connect({ host: "127.0.0.1", port: server.address?.port ?? 0 });
    await once(silent, "connect");
    const closed = once(silent, "close");
    await server.stop(never);
    await closed;
  });
});
