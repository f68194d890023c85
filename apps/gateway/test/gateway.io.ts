import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { routes } from "@tutti/rest";
import { gateway } from "../src/service.ts";
import { requestOf, requestRaw, spellingsOf } from "./support/raw-request.ts";
import {
  type GatewayRequest,
  type GatewayResponse,
  StandaloneGateway,
  scrapeKey,
} from "./support/standalone-gateway.ts";

const json = { "content-type": "application/json" };
const codeIn = ({ text }: GatewayResponse): string => JSON.parse(text).code;

describe("the gateway on a loopback address", () => {
  let gateway: StandaloneGateway;
  before(async () => {
    gateway = await StandaloneGateway.open();
  });
  after(() => gateway?.[Symbol.asyncDispose]());

  const asPage = (headers: GatewayRequest["headers"] = {}) => ({
    ...{ origin: `http://127.0.0.1:${gateway.port}`, "sec-fetch-site": "same-origin" },
    ...headers,
  });
  const newLink = async () => {
    const { text } = await gateway.request("/v1/sign-in/link", { method: "POST" });
    const { pathname, search } = new URL(JSON.parse(text).url);
    return `${pathname}${search}`;
  };
  const signedIn = async () => {
    const { headers } = await gateway.request(await newLink());
    return String(headers["set-cookie"]?.[0]).split(";", 1)[0];
  };

  it("answers probes and metrics on the same port", async () => {
    assert.equal((await gateway.request("/livez")).status, 200);
    assert.match((await gateway.request("/metrics")).text, /^# HELP/m);
  });

  it("returns the identity of a program, and of a page with a sign-in", async () => {
    const program = JSON.parse((await gateway.request("/v1/whoami")).text);
    assert.deepEqual(program, {
      kind: "person",
      id: "local-admin",
      roles: ["admin"],
      by: "loopback",
      version: "1.2.3",
    });
    assert.equal(
      codeIn(await gateway.request("/v1/whoami", { headers: asPage() })),
      "gateway.sign_in_needed",
    );
    const page = await gateway.request("/v1/whoami", { headers: asPage({ cookie: await signedIn() }) });
    assert.equal(JSON.parse(page.text).by, "cookie");
  });

  it("serves the documentation without a sign-in, and returns 404 for a missing page", async () => {
    const { status, headers } = await gateway.request("/docs");
    assert.deepEqual([status, headers.location], [308, "/docs/"]);
    const index = await gateway.request("/docs/");
    assert.match(index.text, /Documentation/);
    assert.match(String(index.headers["content-security-policy"]), /script-src 'self'/);
    assert.match(
      String((await gateway.request("/docs/start.md")).headers["content-type"]),
      /^text\/markdown/,
    );
    const missing = await gateway.request("/docs/nothing.html");
    assert.equal(missing.status, 404);
    assert.match(missing.text, /<h1>Page not found<\/h1>/);
    assert.equal((await gateway.request("/docs/../index.html")).status, 404);
  });

  it("exchanges the link for a cookie at once, and redirects to a URL without the token", async () => {
    const { status, headers, text } = await gateway.request(await newLink());
    assert.deepEqual([status, headers.location, text], [303, "/", ""]);
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.match(String(headers["set-cookie"]), /; HttpOnly; SameSite=Strict$/);
  });

  it("explains why a link is rejected, on a page without scripts", async () => {
    const link = await newLink();
    await gateway.request(link);
    for (const [path, pattern] of [
      [link, /The sign-in link was already used\. Get a new link/],
      ["/sign-in?token=%3Cscript%3Ealert(1)%3C/script%3E", /The sign-in link is unknown\./],
    ] as const) {
      const { status, headers, text } = await gateway.request(path);
      assert.equal(status, 401);
      assert.match(String(headers["content-type"]), /^text\/html/);
      assert.match(text, pattern);
      assert.match(text, /npx tutti sign-in/);
      assert.doesNotMatch(text, /<script/);
    }
  });

  it("signs in and out over REST as well", async () => {
    const token = new URL(`http://a${await newLink()}`).searchParams.get("token");
    const body = JSON.stringify({ token });
    const { status, headers } = await gateway.request("/v1/sign-in", {
      method: "POST",
      headers: asPage(json),
      body,
    });
    assert.equal(status, 200);
    const cookie = String(headers["set-cookie"]?.[0]).split(";", 1)[0];
    assert.equal((await gateway.request("/v1/whoami", { headers: asPage({ cookie }) })).status, 200);
    assert.equal(
      (await gateway.request("/v1/sign-out", { method: "POST", headers: asPage({ cookie }) })).status,
      204,
    );
    assert.equal(
      codeIn(await gateway.request("/v1/whoami", { headers: asPage({ cookie }) })),
      "gateway.sign_in_expired",
    );
    for (const wrong of [{}, { token: 7 }, { token: "a", more: 1 }]) {
      const refused = await gateway.request("/v1/sign-in", {
        method: "POST",
        headers: json,
        body: JSON.stringify(wrong),
      });
      assert.equal(codeIn(refused), "rest.request_invalid");
    }
  });

  it("refuses pages of other origins and other names of this machine, signed in or not", async () => {
    const cookie = await signedIn();
    const foreign = await gateway.request("/v1/whoami", {
      headers: { origin: "http://evil.example", cookie },
    });
    assert.deepEqual([foreign.status, codeIn(foreign)], [403, "gateway.origin_foreign"]);
    const silent = await gateway.request("/v1/runs/x/cancel", {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site", cookie },
    });
    assert.deepEqual([silent.status, codeIn(silent)], [403, "gateway.origin_foreign"]);
    const rebound = await gateway.request("/v1/whoami", {
      headers: { host: `evil.example:${gateway.port}` },
    });
    assert.deepEqual([rebound.status, codeIn(rebound)], [421, "gateway.host_unknown"]);
    assert.equal((await gateway.request("/", { headers: { host: "evil.example" } })).status, 421);
  });

  it("serves the dashboard at its own addresses, with only its own resources allowed", async () => {
    for (const path of [
      "/",
      "/runs/order-7",
      "/missions/race-1..p1..0",
      "/workflows/a.b",
      "/sign-in",
      "/workflows?text=%3Cb%3E",
    ]) {
      const { status, headers, text } = await gateway.request(path);
      assert.deepEqual([status, text], [200, "<!doctype html><title>Tutti</title>"], path);
      assert.equal(headers["cache-control"], "no-cache");
      const policy = String(headers["content-security-policy"]);
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    }
  });

  it("lets browsers cache only files whose names contain a hash of the content", async () => {
    const script = await gateway.request("/assets/index-Bx3kz91a.js");
    assert.equal(script.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.match(String(script.headers["content-type"]), /javascript/);
    assert.equal((await gateway.request("/logo.svg")).headers["cache-control"], "no-cache");
    assert.equal((await gateway.request("/v1/whoami")).headers["cache-control"], "no-store");
  });

  it("serves no file outside of the dashboard", async () => {
    for (const path of [
      "/../package.json",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/assets/..%2f..%2fetc%2fpasswd.txt",
      "/.env",
      "/assets/none-12345678.js",
    ]) {
      const { status, text } = await gateway.request(path);
      const isPage = status === 200 && text === "<!doctype html><title>Tutti</title>";
      assert.ok(isPage || status === 404 || status === 400, `${path}: ${status} ${text}`);
    }
  });

  it("does not return the dashboard for metadata that it does not have", async () => {
    for (const path of ["/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/v1/mcp"])
      assert.equal((await gateway.request(path)).status, 404, path);
  });

  it("forbids scripts, framing and content sniffing in every response", async () => {
    for (const path of ["/v1/whoami", "/v1/nothing", "/v1/openapi.json", "/v1/runs/%3Cscript%3E?x=1"]) {
      const { headers } = await gateway.request(path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["x-frame-options"], "DENY", path);
      assert.match(
        String(headers["content-security-policy"]),
        /^default-src 'none'; frame-ancestors 'none'; sandbox$/,
        path,
      );
      assert.match(String(headers["content-type"]), /json/, path);
    }
  });

  it("rejects invalid requests with an explanation", async () => {
    const large = `{"a":"${"x".repeat(4_194_304)}"}`;
    for (const [scenario, path, options, status, code] of [
      ["an unknown path", "/v1/runs/a/b/c/d", {}, 404, "gateway.path_unknown"],
      ["another method", "/v1/whoami", { method: "DELETE" }, 405, "gateway.method_unknown"],
      ["another version of the API", "/v2/runs", {}, 404, "gateway.path_unknown"],
      ["a GET of MCP", "/mcp", {}, 405, "gateway.method_unknown"],
      ["another method of MCP", "/mcp", { method: "PUT" }, 405, "gateway.method_unknown"],
      ["a GET of A2A", "/a2a", {}, 405, "gateway.method_unknown"],
      ["a link without a WebSocket", "/v1/link", {}, 400, "gateway.handshake_invalid"],
      ["an unknown parameter of its own", "/v1/status?x=1", {}, 400, "rest.request_invalid"],
      ["one that was meant otherwise", "/v1/metrics/series?nam=a", {}, 400, "rest.request_invalid"],
      ["half an escape", "/v1/runs/%zz", {}, 400, "gateway.address_malformed"],
      ["bytes in a query that are no UTF-8", "/v1/runs?text=%ff", {}, 400, "gateway.address_malformed"],
      [
        "a large body",
        "/v1/runs",
        { method: "POST", headers: json, body: large },
        413,
        "gateway.body_too_large",
      ],
      ["no JSON", "/v1/runs", { method: "POST", headers: json, body: "{" }, 400, "rest.body_not_json"],
      [
        "bytes that are not UTF-8",
        "/v1/runs",
        { method: "POST", headers: json, body: Buffer.from('{"runId":"\xe9"}', "latin1") },
        400,
        "rest.body_not_json",
      ],
      [
        "deep JSON",
        "/v1/runs",
        { method: "POST", headers: json, body: "[".repeat(9_999) },
        400,
        "rest.body_not_json",
      ],
      [
        "another media type",
        "/v1/runs",
        { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" },
        415,
        "gateway.media_type_unknown",
      ],
      [
        "a compressed body",
        "/v1/runs",
        { method: "POST", headers: { ...json, "content-encoding": "gzip" }, body: "{}" },
        415,
        "gateway.media_type_unknown",
      ],
      [
        "a body that unpacks to more than the limit",
        "/v1/otlp/v1/metrics",
        {
          method: "POST",
          headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
          body: gzipSync(Buffer.alloc(8_388_608)),
        },
        413,
        "gateway.body_too_large",
      ],
      ["no time", "/v1/runs", { headers: { "request-timeout": "soon" } }, 400, "gateway.timeout_invalid"],
      ["a wrong key", "/v1/whoami", { headers: { authorization: "Bearer x" } }, 401, "gateway.key_wrong"],
    ] as const) {
      const response = await gateway.request(path, options);
      assert.equal(response.status, status, `${scenario}: ${response.text}`);
      assert.equal(codeIn(response), code, scenario);
      const { detail } = JSON.parse(response.text);
      assert.match(detail, /^[A-Z`].+[.?] [A-Z].+\.$/s, `${scenario}: ${detail}`);
    }
    const { headers } = await gateway.request("/v1/whoami", { method: "DELETE" });
    assert.equal(headers.allow, "GET");
  });

  it("returns a problem document also for a request that reaches no route", async () => {
    const host = "Host: 127.0.0.1";
    const post = ["POST /v1/runs HTTP/1.1", host, "Content-Type: application/json"].join("\r\n");
    const socket = [host, "Connection: Upgrade", "Upgrade: websocket"];
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for (const [message, status, code] of [
      [`GET /${"x".repeat(40_000)} HTTP/1.1\r\n${host}\r\n\r\n`, 431, "operations.headers_too_long"],
      [requestOf("GET", "/v1/runs", [host, `X: ${"x".repeat(40_000)}`]), 431, "operations.headers_too_long"],
      [requestOf("GET", `/v1/runs/${"x".repeat(1_001)}`, [host]), 414, "gateway.parameter_too_long"],
      [requestOf("GET", "/v1/runs", []), 400, "operations.hosts_differ"],
      [requestOf("GET", "/v1/runs", [host, "Expect: tea"]), 417, "operations.expectation_unknown"],
      [requestOf("FETCH", "/v1/runs", [host]), 400, "operations.request_malformed"],
      ["\x16\x03\x01\x02\x00\x01\x00\x01", 400, "operations.request_malformed"],
      [`${post}\r\nContent-Length: 5000000\r\n\r\n{`, 413, "gateway.body_too_large"],
      [`${post}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400, "operations.request_malformed"],
      [requestOf("GET", "/v1/runs", [...socket, key]), 404, "gateway.upgrade_unknown"],
      [requestOf("GET", "/v1/events", socket), 400, "gateway.handshake_invalid"],
      [requestOf("GET", "/v1/link", socket), 400, "gateway.handshake_invalid"],
      [requestOf("GET", "/v1/events", [...socket, key, "Authorization: Bearer x"]), 401, "gateway.key_wrong"],
    ] as const) {
      const { status: found, answer } = await requestRaw(gateway.port, message);
      assert.equal(found, status, answer);
      assert.match(answer, /^content-type: application\/problem\+json/im);
      const problem = JSON.parse(answer.slice(answer.indexOf("{")));
      assert.deepEqual([problem.status, problem.code], [status, code]);
      assert.match(problem.detail, /^[A-Z`].+\. [A-Z].+\.$/s);
    }
  });

  it("reads the rest of a body that it has refused, and serves the next request of the connection", async () => {
    const body = Buffer.alloc(5_000_000, "x");
    const type = "Content-Type: application/json";
    const head = `POST /v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const socket = connect(gateway.port, "127.0.0.1");
    let received = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      received += text;
    });
    socket.write(head);
    await until("the refusal", () => received.startsWith("HTTP/1.1 413"));
    socket.write(body);
    socket.write("GET /v1/none HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    await once(socket, "close");
    assert.match(received, /HTTP\/1\.1 404/);
  });

  it("suggests the route for an unknown path, and leads to the description of the API", async () => {
    const { text } = await gateway.request("/v1/runs/order-7/watch");
    assert.match(JSON.parse(text).detail, /Did you mean \/v1\/watch\/runs\/order-7\?/);
    for (const path of ["/openapi.json", "/swagger.json", "/v1/openapi"]) {
      const { status, headers } = await gateway.request(path);
      assert.deepEqual([status, headers.location], [308, "/v1/openapi.json"], path);
    }
  });

  it("names unknown fields of a request as the request spells them", async () => {
    const body = '{"spec":{},"run_id":"a"}';
    const response = await gateway.request("/v1/runs", { method: "POST", headers: json, body });
    const { fields } = JSON.parse(response.text);
    assert.deepEqual(
      fields.map(({ field }: { field: string }) => field),
      ["spec", "run_id"],
    );
    assert.match(fields[0].message, /^unknown field: expected runId, definition, tasks, input, /);
    assert.equal(fields[1].message, "unknown field. Did you mean `runId`?");
  });

  it("accepts JSON from programs under any content type, and from pages only under its own", async () => {
    const body = '{"token":"x"}';
    const form = { "content-type": "application/x-www-form-urlencoded" };
    assert.equal(
      codeIn(await gateway.request("/v1/sign-in", { method: "POST", headers: form, body })),
      "gateway.link_unknown",
    );
    const page = await gateway.request("/v1/sign-in", { method: "POST", headers: asPage(form), body });
    assert.equal(codeIn(page), "gateway.media_type_unknown");
  });

  it("continues the caller's trace, and returns its id", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const { headers } = await gateway.request("/v1/blobs/none", { headers: { traceparent } });
    assert.match(String(headers["traceparent"]), /^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  });

  it("counts its answers by route", async () => {
    await gateway.request("/v1/whoami");
    assert.match(
      (await gateway.request("/metrics")).text,
      /^tutti_gateway_requests_total\{route="whoami",status="2xx"\} [1-9]/m,
    );
  });
});

describe("the gateway without an audit log that accepts records", () => {
  let gateway: StandaloneGateway;
  before(async () => {
    gateway = await StandaloneGateway.open({ enforce: true });
  });
  after(() => gateway?.[Symbol.asyncDispose]());

  it("rejects the sign-in, explains how to find the cause without one, and leaves the link valid", async () => {
    const { text } = await gateway.request("/v1/sign-in/link", { method: "POST" });
    const { pathname, search } = new URL(JSON.parse(text).url);
    for (const _ of ["first", "again"]) {
      const page = await gateway.request(`${pathname}${search}`);
      assert.deepEqual([page.status, page.headers["set-cookie"]], [503, undefined]);
      assert.match(page.text, /You are not signed in.*npx tutti status/s);
    }
    const body = JSON.stringify({ token: new URLSearchParams(search).get("token") });
    const refused = await gateway.request("/v1/sign-in", { method: "POST", headers: json, body });
    assert.deepEqual([refused.status, codeIn(refused)], [503, "gateway.sign_in_unrecorded"]);
    assert.equal(refused.headers["set-cookie"], undefined);
    assert.deepEqual(JSON.parse((await gateway.request("/v1/sign-ins?mine=true")).text).signIns, []);
    // A user at the machine can still read the status.
    assert.equal((await gateway.request("/v1/status")).status, 200);
  });
});

describe("the gateway on any other address", () => {
  it("does not open without a key", async () => {
    const open = (...flags: readonly string[]) =>
      ServiceHost.open({
        ...{ name: "door", version: "1.0.0", services: [gateway] },
        sources: memorySources({
          arguments: ["--operations.port=0", "--mesh.transport=in-process", "--log.level=fatal", ...flags],
        }),
      });
    await assert.rejects(open("--operations.host=0.0.0.0"), { code: "gateway.key_needed" });
    await assert.rejects(open("--operations.host=0.0.0.0", "--gateway.key=open-sesame"), {
      message: /gateway\.key.+is a secret: expected a reference, `env:NAME` or `file:\/path`/,
    });
    await open("--operations.host=0.0.0.0", "--gateway.enabled=false");
  });

  it("accepts the key, and requires it except for the page, the API description and probes", async () => {
    await using gateway = await StandaloneGateway.open({
      flags: ["--operations.host=0.0.0.0", "--gateway.key=env:DOOR_KEY"],
    });
    const bearer = { authorization: "Bearer open sesame", host: "tutti.example" };
    assert.equal(JSON.parse((await gateway.request("/v1/whoami", { headers: bearer })).text).by, "key");
    for (const { method, path, ...route } of routes) {
      if ("open" in route) continue;
      const refused = await gateway.request(path.replaceAll(/\{\w+\}/g, "x"), { method });
      assert.equal(codeIn(refused), "gateway.sign_in_needed", `${method} ${path}`);
    }
    for (const path of ["/", "/livez", "/v1/openapi.json"])
      assert.equal((await gateway.request(path)).status, 200, path);
  });

  it("serves nothing without a key at any other spelling of a route", async () => {
    await using gateway = await StandaloneGateway.open({
      flags: ["--operations.host=0.0.0.0", "--gateway.key=env:DOOR_KEY"],
    });
    const responses: string[] = [];
    for (const { method, path, ...route } of routes) {
      const address = path.replaceAll(/\{\w+\}/g, "x");
      const requests = spellingsOf(address).map((spelling) => requestOf(method, spelling));
      if (!("open" in route)) requests.push(`${method} ${address} HTTP/1.0\r\n\r\n`);
      const answers = await Promise.all(requests.map((message) => requestRaw(gateway.port, message)));
      for (const [at, { status, answer }] of answers.entries())
        if (!(status >= 400) && !answer.endsWith("<title>Tutti</title>"))
          responses.push(`${requests[at]}${answer}`);
    }
    assert.deepEqual(responses, []);
  });

  it("explains the spelling of an address, and rejects several Host headers", async () => {
    await using gateway = await StandaloneGateway.open();
    for (const address of ["/%761/status", "/v1/st%61tus", "http://x/v1/status", "/v1/status#x", "*"]) {
      const { status, answer } = await requestRaw(
        gateway.port,
        requestOf("GET", address, ["Host: 127.0.0.1"]),
      );
      assert.equal(status, 400, `${address}: ${answer}`);
      assert.match(answer, /"code":"gateway.address_not_plain"/, address);
    }
    const duplicated = requestOf("GET", "/v1/status", ["Host: 127.0.0.1", "Host: evil.example"]);
    assert.match(
      (await requestRaw(gateway.port, duplicated)).answer,
      /400 Bad Request.*operations\.hosts_differ/s,
    );
    // Ids may contain escapes.
    assert.notEqual(codeIn(await gateway.request("/v1/runs/a%20b")), "gateway.address_not_plain");
  });

  it("opens WebSockets at two addresses alone", async () => {
    await using gateway = await StandaloneGateway.open();
    const headers = [
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
    ];
    for (const address of ["/v1/runs", "/v1/%65vents", "/x/events", "http://x/v1/events"]) {
      const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
      const upgrade = `GET ${address} HTTP/1.1\r\n${[...headers, key].join("\r\n")}\r\n\r\n`;
      assert.equal((await requestRaw(gateway.port, upgrade)).status, 404, address);
    }
  });

  it("shows metrics and state only to callers with the key of the operations endpoints", async () => {
    await using gateway = await StandaloneGateway.open({
      flags: ["--operations.host=0.0.0.0", "--gateway.key=env:DOOR_KEY", "--operations.key=env:SCRAPE_KEY"],
    });
    const fetchText = async (path: string, key?: string) => {
      const { status, text } = await gateway.request(
        path,
        key ? { headers: { authorization: `Bearer ${key}` } } : {},
      );
      return status === 200 ? "shown" : JSON.parse(text).code;
    };
    for (const path of ["/metrics", "/status"]) {
      assert.equal(await fetchText(path), "operations.key_needed", path);
      assert.equal(await fetchText(path, "open sesame"), "operations.key_wrong", path);
      assert.equal(await fetchText(path, scrapeKey), "shown", path);
    }
    assert.equal(await fetchText("/v1/status", scrapeKey), "gateway.key_wrong");
    assert.equal(await fetchText("/readyz"), "shown");
  });
});

describe("the gateway of an installation without a built dashboard", () => {
  it("explains how to build it, and serves REST", async () => {
    await using gateway = await StandaloneGateway.open({ hasPage: false });
    const { status, text, headers } = await gateway.request("/");
    assert.equal(status, 503);
    assert.match(text, /The dashboard has not been built.+npx nx build @tutti\/dashboard/s);
    assert.match(String(headers["content-type"]), /^text\/html/);
    assert.equal((await gateway.request("/v1/whoami")).status, 200);
  });
});
