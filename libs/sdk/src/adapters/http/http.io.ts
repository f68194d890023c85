import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { gzipSync } from "node:zlib";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import {
  type AdapterCall,
  adapterProblems,
  graphqlAdapter,
  type HttpOperation,
  httpAdapter,
} from "@tutti/sdk/adapters";
import { Busy } from "../../task/failure.ts";
import { adapterErrors } from "../errors.ts";

const call: AdapterCall = {
  ...{ idempotencyKey: "run-1/pay", signal: new AbortController().signal },
  secret: async (reference) => `value of ${reference}`,
};

interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = (response: ServerResponse, received: ReceivedRequest) => void;

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));

/** Header and claims of a JWT whose signature is right. */
function verified(token: string | null, key: KeyObject): readonly Record<string, unknown>[] {
  const [header = "", claims = "", signature = ""] = token?.split(".") ?? [];
  const options = { key, dsaEncoding: "ieee-p1363" } as const;
  assert.ok(
    verify("sha256", Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, "base64url")),
  );
  return [header, claims].map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
}

describe("an HTTP adapter", () => {
  const received: ReceivedRequest[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const { method = "", url = "", headers } = request;
    const entry = { method, url, headers, body };
    received.push(entry);
    const answer = answers.get(new URL(url, "http://x").pathname);
    if (answer === undefined) json(response, { url, body }, 200);
    else answer(response, entry);
  });
  let base = "";
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const createAdapter = (
    operation: Partial<HttpOperation>,
    options: Partial<Parameters<typeof httpAdapter>[0]> = {},
  ) => {
    const operations = { go: { method: "GET", path: "/go", ...operation } as HttpOperation };
    return httpAdapter({ name: "shop", url: base, operations, ...options });
  };
  const execute = (adapter: ReturnType<typeof createAdapter>, input: Record<string, unknown> = {}) => {
    const done = adapter.operations["go"]?.call(input, call);
    return done?.finally(() => adapter.close?.());
  };
  const last = () => received.at(-1) as ReceivedRequest;

  it("writes each parameter in its declared place, and rejects a value that would leave the path", async () => {
    const parameters = {
      tags: { in: "query" },
      filter: { in: "query", style: "deepObject" },
      trace: { in: "header", name: "X-Trace" },
    } as const;
    const adapter = () => createAdapter({ path: "/orders/{id}", parameters });
    await execute(adapter(), { id: "a/../b?", tags: ["x", "y z"], filter: { from: 1 }, trace: "t" });
    assert.equal(last().url, "/orders/a%2F..%2Fb%3F?tags=x&tags=y%20z&filter%5Bfrom%5D=1");
    assert.equal(last().headers["x-trace"], "t");
    await assert.rejects(async () => execute(adapter(), { id: ".." }), { code: "adapter.input_invalid" });
    await assert.rejects(
      async () => execute(adapter(), { id: "1", idd: "2" }),
      /`idd` has no place in the request/,
    );
  });

  it("sends JSON with the idempotency key of the task", async () => {
    await execute(createAdapter({ method: "POST", idempotencyHeader: "Idempotency-Key" }), {
      body: { a: 1 },
    });
    assert.equal(last().headers["idempotency-key"], "run-1/pay");
    assert.deepEqual([last().body, last().headers["content-type"]], ['{"a":1}', "application/json"]);
    // A body without a length would be read as the next request.
    await execute(createAdapter({ method: "DELETE", body: { type: "json" } }), { body: { a: "é" } });
    assert.deepEqual([last().body, last().headers["content-length"]], ['{"a":"é"}', "10"]);
  });

  it("authenticates with secrets", async () => {
    await execute(createAdapter({}, { auth: { basic: { user: "ada", password: "env:P" } } }));
    assert.equal(
      last().headers.authorization,
      `Basic ${Buffer.from("ada:value of env:P").toString("base64")}`,
    );
    await execute(createAdapter({}, { auth: { bearer: "secret:token" } }));
    assert.equal(last().headers.authorization, "Bearer value of secret:token");
    await execute(createAdapter({}, { auth: { apiKey: { in: "query", name: "key", value: "env:K" } } }));
    assert.equal(last().url, "/go?key=value+of+env%3AK");
  });

  it("answers a Digest challenge, counts its requests, and answers a new challenge when the nonce is stale", async () => {
    const requests: string[] = [];
    let nonce = "first";
    answers.set("/vault", (response, { headers, body }) => {
      const { authorization = "" } = headers;
      if (!authorization.includes(`nonce="${nonce}"`)) {
        const challenge = `Digest realm="vault", nonce="${nonce}", qop="auth", algorithm=SHA-256`;
        return void response.writeHead(401, { "www-authenticate": challenge }).end();
      }
      requests.push(
        `${/nc=(\d+)/.exec(authorization)?.[1]} ${/uri="([^"]+)"/.exec(authorization)?.[1]} ${body}`,
      );
      json(response, "open");
    });
    const auth = { digest: { user: "ada", password: "env:P" } } as const;
    const adapter = createAdapter({ method: "POST", path: "/vault" }, { auth });
    const open = adapter.operations["go"];
    for (const body of [1, 2]) assert.equal(await open?.call({ body }, call), "open");
    nonce = "second";
    assert.equal(await open?.call({ body: 3 }, call), "open");
    assert.deepEqual(requests, ["00000001 /vault 1", "00000002 /vault 2", "00000001 /vault 3"]);
    adapter.close?.();
  });

  it("fails after one answer to a Digest server that rejects every answer", async () => {
    let requestCount = 0;
    answers.set("/shut", (response) => {
      requestCount++;
      response
        .writeHead(401, { "www-authenticate": `Digest realm="x", nonce="${requestCount}", qop=auth` })
        .end();
    });
    const auth = { digest: { user: "ada", password: "env:P" } } as const;
    await assert.rejects(async () => execute(createAdapter({ path: "/shut" }, { auth })), /status 401/);
    assert.equal(requestCount, 2);
  });

  it("proves a service account, or a client, by a JWT that the token server can verify", async () => {
    const keys = {
      rsa: generateKeyPairSync("rsa", { modulusLength: 2_048 }),
      ec: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    };
    let form = new URLSearchParams();
    answers.set("/jwt", (response, { body }) => {
      form = new URLSearchParams(body);
      json(response, { access_token: "granted", expires_in: 60 });
    });
    const callWith = (key: KeyObject): AdapterCall => ({
      ...call,
      secret: async () => key.export({ type: "pkcs8", format: "pem" }).toString(),
    });
    const signing = { key: "secret:key", keyId: "k1", subject: "ada@example.org" } as const;
    const oauth2 = { tokenUrl: `${base}/jwt`, clientId: "robot", scope: "read", signing } as const;
    const account = createAdapter({}, { auth: { oauth2 } });
    await account.operations["go"]?.call({}, callWith(keys.rsa.privateKey));
    account.close?.();
    assert.equal(last().headers.authorization, "Bearer granted");
    assert.equal(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const [header, claims = {}] = verified(form.get("assertion"), keys.rsa.publicKey);
    assert.deepEqual(header, { alg: "RS256", typ: "JWT", kid: "k1" });
    const { iat, exp, jti, ...answered } = claims;
    assert.deepEqual(answered, { iss: "robot", sub: "ada@example.org", aud: `${base}/jwt`, scope: "read" });
    assert.ok(Number(exp) > Number(iat) && typeof jti === "string");
    const client = createAdapter({}, { auth: { oauth2: { ...oauth2, clientAuth: "jwt" } } });
    await client.operations["go"]?.call({}, callWith(keys.ec.privateKey));
    client.close?.();
    assert.equal(form.get("grant_type"), "client_credentials");
    const [{ alg } = {}, { sub } = {}] = verified(form.get("client_assertion"), keys.ec.publicKey);
    assert.deepEqual([alg, sub, form.get("scope")], ["ES256", "robot", "read"]);
  });

  it("renews a rejected OAuth2 token with one request for concurrent calls, and stores the new refresh token", async () => {
    let tokens = 0;
    const forms: URLSearchParams[] = [];
    answers.set("/token", (response, { body }) => {
      forms.push(new URLSearchParams(body));
      tokens++;
      json(response, {
        access_token: `token-${tokens}`,
        expires_in: 3_600,
        refresh_token: `refresh-${tokens}`,
      });
    });
    answers.set("/mine", (response, { headers }) =>
      headers.authorization === "Bearer token-2"
        ? json(response, "mine")
        : json(response, {}, tokens === 1 ? 401 : 200),
    );
    const oauth2 = { tokenUrl: `${base}/token`, clientId: "app", refreshToken: "secret:refresh" } as const;
    const adapter = createAdapter({ path: "/mine" }, { auth: { oauth2 } });
    const mine = adapter.operations["go"];
    assert.deepEqual(await Promise.all([mine?.call({}, call), mine?.call({}, call)]), ["mine", "mine"]);
    assert.equal(tokens, 2);
    assert.deepEqual(
      forms.map((form) => form.get("refresh_token")),
      ["value of secret:refresh", "refresh-1"],
    );
    adapter.close?.();
  });

  it("does not renew an OAuth2 token again for a concurrent call with the old one", async () => {
    let tokens = 0;
    const old = Promise.withResolvers<void>();
    answers.set("/token", (response) => json(response, { access_token: `late-${++tokens}` }));
    answers.set("/late", (response, { headers, body }) => {
      if (headers.authorization === "Bearer late-2") return void json(response, "done");
      if (body === "1") void old.promise.then(() => json(response, {}, 401));
      else json(response, {}, 401);
    });
    const oauth2 = { tokenUrl: `${base}/token`, clientId: "app" } as const;
    const adapter = createAdapter({ method: "PUT", path: "/late" }, { auth: { oauth2 } });
    const first = adapter.operations["go"]?.call({ body: 1 }, call);
    assert.equal(await adapter.operations["go"]?.call({ body: 2 }, call), "done");
    old.resolve();
    assert.equal(await first, "done");
    assert.equal(tokens, 2);
    adapter.close?.();
  });

  it("uses the stored refresh token again if it has changed, or if the token server rejects the issued one", async () => {
    const refreshTokens: (string | null)[] = [];
    let valid = "one";
    answers.set("/token", (response, { body }) => {
      const refreshToken = new URLSearchParams(body).get("refresh_token");
      refreshTokens.push(refreshToken);
      if (refreshToken !== valid) return void json(response, { error: "invalid_grant" }, 400);
      valid = `after ${refreshToken}`;
      json(response, { access_token: "t", refresh_token: valid });
    });
    let hasExpired = false;
    answers.set("/go", (response) => {
      json(response, "done", hasExpired ? 401 : 200);
      hasExpired = false;
    });
    let stored = "one";
    const oauth2 = { tokenUrl: `${base}/token`, clientId: "app", refreshToken: "secret:r" } as const;
    const adapter = createAdapter({}, { auth: { oauth2 } });
    const mine = () => adapter.operations["go"]?.call({}, { ...call, secret: async () => stored });
    await mine();
    [hasExpired, stored, valid] = [true, "two", "two"];
    assert.equal(await mine(), "done");
    [hasExpired, valid] = [true, "two"];
    assert.equal(await mine(), "done");
    assert.deepEqual(refreshTokens, ["one", "two", "after two", "two"]);
    adapter.close?.();
  });

  it("makes a call retryable if the token server is busy or fails", async () => {
    const oauth2 = { tokenUrl: `${base}/token`, clientId: "app" } as const;
    const failure = async (status: number, headers: Record<string, string> = {}, body = "{}") => {
      answers.set("/token", (response) => response.writeHead(status, headers).end(body));
      return execute(createAdapter({}, { auth: { oauth2 } }))?.catch((error: unknown) => error);
    };
    const busy = await failure(429, { "retry-after": "3" });
    assert.ok(busy instanceof Busy && busy.retryAfterMs === 3_000);
    assert.ok((await failure(503, { "retry-after": "3" })) instanceof Busy);
    assert.ok(adapterErrors.failed.is(await failure(500)));
    const refused = await failure(400, {}, '{"error":"invalid_grant","error_description":"expired"}');
    assert.ok(adapterErrors.notSignedIn.is(refused));
    assert.match(String(refused), /answered 400 \(invalid_grant: expired\)/);
    answers.set("/token", (response) => response.destroy());
    const broken = await execute(createAdapter({}, { auth: { oauth2 } }))?.catch((error: unknown) => error);
    assert.ok(adapterErrors.unreachable.is(broken));
  });

  it("uses the clock of a token server that rejects the times of an assertion", async () => {
    const serverMs = Date.UTC(2030, 0, 1);
    let attempts = 0;
    answers.set("/jwt", (response, { body }) => {
      attempts++;
      const [, claims = ""] = (new URLSearchParams(body).get("assertion") ?? "").split(".");
      const { iat } = JSON.parse(Buffer.from(claims, "base64url").toString());
      response.setHeader("date", new Date(serverMs).toUTCString());
      if (Math.abs(iat * 1_000 - serverMs) > 60_000) json(response, { error: "invalid_grant" }, 400);
      else json(response, { access_token: "granted" });
    });
    const signing = { key: "env:KEY" } as const;
    const oauth2 = { tokenUrl: `${base}/jwt`, clientId: "robot", signing } as const;
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    answers.delete("/go");
    const adapter = createAdapter({}, { auth: { oauth2 } });
    await adapter.operations["go"]?.call({}, { ...call, secret: async () => pem });
    assert.equal(attempts, 2);
    adapter.close?.();
  });

  it("renews an OAuth2 token that expires between two pages, and reads each page once", async () => {
    let tokens = 0;
    const served: number[] = [];
    const signed: string[] = [];
    answers.set("/token", (response, { headers, body }) => {
      signed.push(Buffer.from(headers.authorization?.slice(6) ?? "", "base64").toString(), body);
      json(response, { access_token: `page-${++tokens}`, expires_in: 3_600 });
    });
    answers.set("/pages", (response, { url, headers }) => {
      const page = Number(new URL(url, base).searchParams.get("page") ?? 1);
      // The second page takes the second token alone.
      if (page === 2 && headers.authorization !== "Bearer page-2") return void json(response, {}, 401);
      served.push(page);
      json(response, page > 2 ? [] : [page]);
    });
    const client = { clientId: "a p", clientSecret: "env:S", clientAuth: "basic" } as const;
    const oauth2 = { tokenUrl: `${base}/token`, ...client };
    const pages = { by: "page", parameter: "page" } as const;
    const adapter = createAdapter({ path: "/pages", pages }, { auth: { oauth2 } });
    assert.deepEqual(await execute(adapter), [1, 2]);
    assert.deepEqual([served, tokens], [[1, 2, 3], 2]);
    assert.deepEqual(signed.slice(0, 2), ["a+p:value+of+env%3AS", "grant_type=client_credentials"]);
  });

  it("returns calls with status 429, or 503 with a time, to the queue", async () => {
    answers.set("/go", (response) => response.writeHead(429, { "retry-after": "7" }).end());
    await assert.rejects(
      async () => execute(createAdapter({})),
      (error) => error instanceof Busy && error.retryAfterMs === 7_000,
    );
    // By the clock of the server, which is a day behind.
    const date = "Fri, 27 Nov 2026 10:00:00 GMT";
    const at = "Fri, 27 Nov 2026 10:50:00 GMT";
    answers.set("/go", (response) => response.writeHead(503, { "retry-after": at, date }).end());
    await assert.rejects(
      async () => execute(createAdapter({})),
      (error) => error instanceof Busy && error.retryAfterMs === 3_000_000,
    );
    answers.delete("/go");
  });

  for (const [by, pages] of [
    ["link", { by: "link" }],
    ["cursor", { by: "cursor", cursor: "meta.next", parameter: "cursor", items: "data" }],
    ["page", { by: "page", parameter: "page", items: "data" }],
  ] as const)
    it(`reads all pages by ${by}`, async () => {
      answers.set("/list", (response, { url }) => {
        const query = new URL(url, base).searchParams;
        const at = Number(query.get("cursor") ?? query.get("page") ?? 1);
        const data = at > 3 ? [] : [at, at * 10];
        if (by === "link" && at < 3)
          response.setHeader("link", `</list?page=${at + 1}>; rel="next", </list>; rel=first`);
        json(response, by === "link" ? data : { data, meta: { next: at < 3 ? at + 1 : "" } });
      });
      assert.deepEqual(await execute(createAdapter({ path: "/list", pages })), [1, 10, 2, 20, 3, 30]);
      await assert.rejects(
        async () => execute(createAdapter({ path: "/list", pages }, { pagesMax: 2 })),
        /more than 2 pages/,
      );
    });

  it("refuses link-local addresses, and redirects into private networks and to other protocols", async () => {
    const before = received.length;
    await assert.rejects(async () => execute(createAdapter({}, { url: "http://169.254.169.254/latest" })), {
      code: "adapter.address_refused",
    });
    await assert.rejects(
      async () => execute(createAdapter({}, { url: "http://[::ffff:169.254.169.254]/" })),
      {
        code: "adapter.address_refused",
      },
    );
    assert.equal(received.length, before);
    for (const location of [
      "http://169.254.169.254/",
      "http://127.0.0.1:1/",
      "http://10.0.0.1/",
      "http://[::1]:1/",
      "file:///etc/passwd",
    ]) {
      answers.set("/away", (response) => response.writeHead(302, { location }).end());
      await assert.rejects(
        async () => execute(createAdapter({ path: "/away" })),
        { code: "adapter.address_refused" },
        location,
      );
    }
    answers.set("/away", (response) => response.writeHead(302, { location: "/there" }).end());
    assert.deepEqual(await execute(createAdapter({ path: "/away" })), { url: "/there", body: "" });
    answers.set("/away", (response) => response.writeHead(307, { location: "/away" }).end());
    await assert.rejects(async () => execute(createAdapter({ path: "/away" })), /more than 5 redirects/);
  });

  it("distinguishes a retryable failure from an unknown outcome by whether the operation can be repeated", async () => {
    answers.set("/half", (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"half":', () => response.destroy());
    });
    answers.set("/dead", (response) => response.destroy());
    answers.set("/five", (response) => json(response, { why: "disk" }, 500));
    const repeated = { code: "adapter.unreachable", retry: "same-key" };
    const unknown = { code: "adapter.outcome_unknown", retry: "never" };
    for (const path of ["/half", "/dead"]) {
      await assert.rejects(async () => execute(createAdapter({ path })), repeated);
      await assert.rejects(
        async () => execute(createAdapter({ path, method: "POST" }), { body: {} }),
        unknown,
      );
      const idempotencyHeader = "Idempotency-Key";
      await assert.rejects(
        async () => execute(createAdapter({ path, method: "POST", idempotencyHeader }), { body: {} }),
        repeated,
      );
    }
    await assert.rejects(async () => execute(createAdapter({ path: "/five" })), {
      code: "adapter.failed",
      message: /disk/,
    });
    await assert.rejects(
      async () => execute(createAdapter({ path: "/five", method: "POST" }), { body: {} }),
      unknown,
    );
    // A port that nothing listens at: not sent, so another attempt is harmless.
    await assert.rejects(
      async () => execute(createAdapter({ method: "POST" }, { url: "http://127.0.0.1:1" }), { body: {} }),
      repeated,
    );
  });

  it("sends no request to a server whose certificate has expired or is not trusted", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tutti-certificates-"));
    const clock = { now: () => Date.now() - 400 * 86_400_000, monotonic: () => performance.now() };
    const { ca } = await createDevelopmentCertificates({ directory, services: ["old"], clock });
    await createDevelopmentCertificates({ directory, services: ["shop"] });
    let requests = 0;
    const secure = createSecureServer((_, response) => {
      requests++;
      json(response, "paid");
    });
    await once(secure.listen(0, "127.0.0.1"), "listening");
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const use = (service: string) =>
      secure.setSecureContext({
        cert: readFileSync(join(directory, `${service}.crt`)),
        key: readFileSync(join(directory, `${service}.key`)),
      });
    const pay = async () => execute(createAdapter({ method: "POST" }, { url }), { body: { a: 1 } });
    // Nothing was sent: the call may be repeated when the certificate is renewed.
    const refused = (message: RegExp) =>
      assert.rejects(pay, { code: "adapter.unreachable", retry: "same-key", message });
    const trusted = getCACertificates();
    try {
      use("shop");
      await refused(/certificate/);
      setDefaultCACertificates([...trusted, readFileSync(ca, "utf8")]);
      use("old");
      await refused(/the TLS certificate of \S+ has expired/);
      assert.equal(requests, 0);
      use("shop");
      assert.equal(await pay(), "paid");
      assert.equal(requests, 1);
    } finally {
      setDefaultCACertificates(trusted);
      secure.close();
      secure.closeAllConnections();
      rmSync(directory, { recursive: true });
    }
  });

  it("authenticates with a client certificate, trusts its own authority, and uses a renewed certificate", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tutti-certificates-"));
    const certificateOptions = { directory, services: ["shop", "worker"] };
    const { ca } = await createDevelopmentCertificates(certificateOptions);
    const textOf = (name: string) => readFileSync(join(directory, name), "utf8");
    const serials: string[] = [];
    const secure = createSecureServer(
      { cert: textOf("shop.crt"), key: textOf("shop.key"), ca: readFileSync(ca), requestCert: true },
      (request, response) => {
        serials.push((request.socket as TLSSocket).getPeerCertificate().serialNumber);
        json(response, "mine");
      },
    );
    await once(secure.listen(0, "127.0.0.1"), "listening");
    const url = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
    const tls = { ca: "file:/ca.crt", cert: "file:/worker.crt", key: "file:/worker.key" } as const;
    const withFiles = { ...call, secret: async (reference: string) => textOf(reference.slice(6)) };
    const adapter = createAdapter({}, { url, tls });
    const callGo = (target: typeof adapter, own = withFiles) => target.operations["go"]?.call({}, own);
    try {
      assert.equal(await callGo(adapter), "mine");
      assert.equal(await callGo(adapter), "mine");
      await createDevelopmentCertificates({ ...certificateOptions, rotate: true });
      assert.equal(await callGo(adapter), "mine");
      assert.equal(serials[0], serials[1]);
      assert.notEqual(serials[1], serials[2]);
      await assert.rejects(async () => callGo(createAdapter({}, { url, tls: { ca: tls.ca } })), {
        code: "adapter.unreachable",
      });
      assert.equal(serials.length, 3);
      const wrong = { ...withFiles, secret: async () => "no certificate" };
      await assert.rejects(async () => callGo(adapter, wrong), { code: "adapter.not_signed_in" });
    } finally {
      adapter.close?.();
      secure.close();
      secure.closeAllConnections();
      rmSync(directory, { recursive: true });
    }
  });

  it("refuses HTML in the place of JSON, and an answer without an end", async () => {
    answers.set("/html", (response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<p>Sign in</p>"),
    );
    await assert.rejects(async () => execute(createAdapter({ path: "/html" })), {
      code: "adapter.answer_unreadable",
      message: /text\/html/,
    });
    assert.equal(await execute(createAdapter({ path: "/html", answer: "text" })), "<p>Sign in</p>");
    answers.set("/endless", (response) => {
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.writeHead(200, { "content-type": "application/json" }).on("drain", more);
      more();
    });
    const small = createAdapter({ path: "/endless" }, { answerBytesMax: 100_000 });
    await assert.rejects(async () => execute(small), /more than 100000 bytes/);
    // The head has the length, so none of the 10 GB are read.
    answers.set("/long", (response) =>
      response.writeHead(200, { "content-length": "10000000000" }).flushHeaders(),
    );
    await assert.rejects(async () => execute(createAdapter({ path: "/long" })), /more than 16777216 bytes/);
    // The adapter asks for no compression, and unpacks none.
    const bomb = gzipSync(Buffer.alloc(20_000_000, " "));
    answers.set("/bomb", (response) =>
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb),
    );
    await assert.rejects(async () => execute(createAdapter({ path: "/bomb" })), {
      code: "adapter.answer_unreadable",
    });
  });

  it("sends GraphQL documents, and fails on errors that come with data", async () => {
    const secret = { bearer: "env:T" } as const;
    const operations = {
      order: { document: "query ($id: ID!) { order(id: $id) { id } }" },
      pay: { document: "# once\nmutation { pay { id } }" },
    };
    const adapter = graphqlAdapter({ name: "shop", url: `${base}/graphql`, auth: secret, operations });
    answers.set("/graphql", (response, { body }) => json(response, { data: JSON.parse(body) }));
    const output = await adapter.operations["order"]?.call({ id: "7" }, call);
    assert.deepEqual(output, { query: operations.order.document, variables: { id: "7" } });
    assert.deepEqual(
      [adapter.operations["order"]?.repeat, adapter.operations["pay"]?.repeat],
      ["safe", "never"],
    );
    await adapter.check(call);
    answers.set("/graphql", (response) =>
      json(response, { data: { order: null }, errors: [{ message: "no access" }] }),
    );
    await assert.rejects(async () => adapter.operations["order"]?.call({}, call), {
      code: "adapter.refused",
      message: /no access/,
    });
    await assert.rejects(adapter.check(call), /no access/);
    adapter.close?.();
    const wrong = { name: "x", url: base, operations: { watch: { document: "subscription { a }" } } };
    assert.throws(() => graphqlAdapter(wrong), { code: "adapter.invalid" });
  });

  it("follows the adapter rules", async () => {
    const keys = new Set<unknown>();
    answers.set("/pay", (response, { headers }) => {
      keys.add(headers["idempotency-key"]);
      json(response, { paid: true });
    });
    const operations = {
      pay: { method: "POST", path: "/pay", idempotencyHeader: "Idempotency-Key" },
      find: { method: "GET", path: "/find/{id}" },
    } as const;
    const adapter = httpAdapter({ name: "shop", url: base, operations });
    const samples = { pay: { input: { body: {} }, effects: () => keys.size }, find: { input: { id: 7 } } };
    const disconnect = () => {
      server.close();
      server.closeAllConnections();
    };
    assert.deepEqual(await adapterProblems(adapter, { samples, disconnect }), []);
    adapter.close?.();
  });
});
