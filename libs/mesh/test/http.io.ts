/** Calls over HTTP: hostile callers, answers of proxies, and gateways that disappear in the middle of a call. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, it } from "node:test";
import { kernelErrors, silentLogger, type Timers } from "@tutti/kernel";
import { latch, until, VirtualTime } from "@tutti/kernel/testing";
import { InProcessNetwork, Mesh, meshErrors, StaticDiscovery } from "../src/index.ts";
import type { Handlers } from "../src/server/types.ts";
import { HttpGateway, type HttpGatewayOptions } from "../src/testing/http-gateway.ts";
import { type Note, note, noteHandlers, noteService } from "../src/testing/index.ts";
import { envelope, envelopes, flags, mediaTypes } from "../src/transport/http/wire.ts";
import { errorOf, never } from "./notes.ts";
import { quietFoundation } from "./pairs.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function gatewayBefore(
  handlers: Partial<Handlers<typeof noteService>> = {},
  options: HttpGatewayOptions = {},
): Promise<HttpGateway> {
  const network = new InProcessNetwork();
  const settings = { transport: "in-process" as const, limits: { messageBytes: 4_096 } };
  const server = new Mesh({ foundation: quietFoundation, network, settings });
  server.serve(noteService, noteHandlers(handlers));
  const gateway = await HttpGateway.open(
    new Mesh({ foundation: quietFoundation, network, settings }),
    [noteService],
    options,
  );
  closing.push(
    () => server.stop(),
    () => gateway.close(),
  );
  return gateway;
}

function clientOf(url: string, timers?: Timers, attempts = 1) {
  const mesh = new Mesh({
    foundation: { logger: silentLogger, ...(timers && { timers }) },
    settings: { transport: "grpc", retry: { attempts } },
    discovery: new StaticDiscovery({ notes: [url] }),
  });
  closing.push(() => mesh.stop());
  return mesh.client(noteService);
}

interface PostOptions {
  readonly method?: string;
  readonly type?: string;
  readonly body?: Uint8Array;
  readonly headers?: Record<string, string>;
}

async function post({ url }: HttpGateway, { method = "Get", type, body, headers = {} }: PostOptions) {
  const answer = await fetch(`${url}/v1/calls/test.v1.NoteService/${method}`, {
    method: "POST",
    body: Uint8Array.from(body ?? encoded(note({}))),
    headers: { "content-type": type ?? mediaTypes.one, ...headers },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, type: answer.headers.get("content-type"), bytes };
}

const encoded = (message: Note) => noteService.methods.get.request.encode(message);

async function errorIn(bytes: Buffer): Promise<{ readonly code: string; readonly message: string }> {
  async function* source() {
    yield bytes;
  }
  for await (const { flag, bytes: last } of envelopes(source(), () => {}))
    if (flag === flags.end) return JSON.parse(last.toString()).error;
  throw new Error("expected an end with an error");
}

describe("an HTTP server that a foreign client calls", () => {
  it("answers a call of any client that speaks Connect", async () => {
    const gateway = await gatewayBefore();
    const sent = note({ text: "hello" });
    const { status, type, bytes } = await post(gateway, { body: encoded(sent) });
    assert.deepEqual([status, type], [200, mediaTypes.one]);
    assert.deepEqual(noteService.methods.get.reply.decode(bytes), sent);
  });

  const bad = Buffer.from("no note");
  const four = Buffer.from([0, 255, 255, 255, 255]);
  const two = Buffer.concat([envelope(0, encoded(note())), envelope(0, encoded(note()))]);
  const refused: readonly [
    what: string,
    asked: PostOptions,
    status: number,
    code: string,
    message: RegExp,
  ][] = [
    ["of an unknown rpc", { method: "Destroy" }, 501, "unimplemented", /does not serve test.v1/],
    ["of an rpc that is not offered", { method: "Edit" }, 501, "unimplemented", /does not serve/],
    ["of JSON", { type: "application/json" }, 400, "invalid_argument", /expected application\/proto/],
    ["of a page's form", { type: "text/plain" }, 400, "invalid_argument", /expected application\/proto/],
    ["of another kind", { type: mediaTypes.stream }, 400, "invalid_argument", /expected application\/proto/],
    [
      "that is compressed",
      { headers: { "content-encoding": "gzip" } },
      400,
      "invalid_argument",
      /compressed/,
    ],
    ["without a time", { headers: { "connect-timeout-ms": "1e3" } }, 400, "invalid_argument", /10 digits/],
    ["of what is no message", { body: bad }, 400, "invalid_argument", /cannot be decoded/],
    ["that is too large", { body: Buffer.alloc(4_097) }, 429, "resource_exhausted", /4,097 bytes/],
    [
      "of an unknown service",
      { headers: { "tutti-service": "nothing" } },
      503,
      "unavailable",
      /service nothing/,
    ],
    ["that breaks its contract", { body: encoded(note({ count: -1 })) }, 400, "invalid_argument", /count/],
  ];
  for (const [title, options, status, code, message] of refused)
    it(`refuses a call ${title}`, async () => {
      const gateway = await gatewayBefore();
      const answer = await post(gateway, options);
      const json = JSON.parse(answer.bytes.toString());
      assert.deepEqual([answer.status, answer.type, json.code], [status, mediaTypes.error, code]);
      assert.match(json.message, message);
      assert.equal(json.details[0].type, "tutti.types.v1.ErrorDetail");
    });

  const broken: readonly [what: string, body: Uint8Array, message: RegExp][] = [
    ["claims four gigabytes", four, /4,294,967,295 bytes/],
    ["ends within its length", Buffer.from([0, 0]), /ended within a message, after 2 bytes/],
    ["ends within a message", Buffer.from([0, 0, 0, 0, 9, 1]), /ended within a message/],
    ["is compressed", envelope(flags.compressed, bad), /flags 1/],
    ["has unknown flags", envelope(64, bad), /flags 64/],
    ["has two messages", two, /expected one message/],
    ["has none", Buffer.alloc(0), /expected one message/],
  ];
  for (const [title, body, message] of broken)
    it(`refuses a stream whose body ${title}`, async () => {
      const gateway = await gatewayBefore();
      const answer = await post(gateway, { method: "List", type: mediaTypes.stream, body });
      assert.match(JSON.parse(answer.bytes.toString()).message, message);
    });

  it("reports an error in a later message at the end of the stream", async () => {
    const gateway = await gatewayBefore();
    const body = Buffer.concat([envelope(0, encoded(note({ text: "first" }))), four]);
    const answer = await post(gateway, { method: "Talk", type: mediaTypes.stream, body });
    assert.equal(answer.status, 200);
    const { code, message } = await errorIn(answer.bytes);
    assert.deepEqual([code, /4,294,967,295/.test(message)], ["resource_exhausted", true]);
  });

  it("refuses messages that are too large for their caller, alone and in a stream", async () => {
    const gateway = await gatewayBefore({}, { bytesMax: 10 });
    const { bytes } = await post(gateway, {});
    assert.equal(JSON.parse(bytes.toString()).code, "resource_exhausted");
    const body = envelope(0, encoded(note()));
    const streamed = await post(gateway, { method: "Talk", type: mediaTypes.stream, body });
    assert.equal((await errorIn(streamed.bytes)).code, "resource_exhausted");
  });

  it("reads no more of an endless body than a message may have, and closes", async () => {
    const gateway = await gatewayBefore();
    const socket = connect(gateway.port, "127.0.0.1");
    socket.on("error", () => {});
    let answer = "";
    socket.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    const head = `POST /v1/calls/test.v1.NoteService/Get HTTP/1.1\r\nHost: x\r\nContent-Type: ${mediaTypes.one}\r\n`;
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    let isClosed = false;
    socket.once("close", () => {
      isClosed = true;
    });
    let sent = 0;
    await until("the end of the connection", () => {
      if (!socket.destroyed && sent < 1_000_000)
        sent += Number(socket.write(`400\r\n${"x".repeat(1_024)}\r\n`)) * 1_024;
      return isClosed;
    });
    assert.match(answer, /^HTTP\/1.1 429 .*connection: close.*resource_exhausted/is);
  });

  it("cancels the call of a caller that closes its connection", async () => {
    const [entered, aborted] = [latch(), latch()];
    const gateway = await gatewayBefore({
      put(_request, { signal }) {
        signal.addEventListener("abort", () => aborted.open());
        entered.open();
        return never;
      },
    });
    const controller = new AbortController();
    const url = `${gateway.url}/v1/calls/test.v1.NoteService/Put`;
    const calling = fetch(url, {
      ...{ method: "POST", body: Uint8Array.from(encoded(note())), signal: controller.signal },
      headers: { "content-type": mediaTypes.one },
    });
    await entered.opened;
    controller.abort();
    await assert.rejects(calling);
    await aborted.opened;
  });
});

describe("a call whose gateway disconnects", () => {
  it("has an unknown outcome in the midst of it, and is repeated if that does no harm", async () => {
    const [putEntered, first] = [latch(), latch()];
    let calls = 0;
    const handlers = {
      put() {
        putEntered.open();
        return never;
      },
      get(request: Note) {
        calls++;
        first.open();
        return calls === 1 ? never : request;
      },
    };
    const gateway = await gatewayBefore(handlers);
    const putting = clientOf(gateway.url).put(note());
    const lost = errorOf(putting);
    const safe = clientOf(gateway.url, undefined, 50).get(note({ text: "again" }));
    await Promise.all([putEntered.opened, first.opened]);
    await gateway.kill();
    assert.ok(meshErrors.connectionLost.is(await lost));
    await gatewayBefore(handlers, { port: gateway.port });
    assert.equal((await safe).text, "again");
    assert.equal(calls, 2);
  });

  it("has no effect if the gateway is unreachable", async () => {
    const gateway = await gatewayBefore();
    await gateway.kill();
    const error = await errorOf(clientOf(gateway.url).put(note()));
    assert.ok(meshErrors.noConnection.is(error), error.message);
  });

  it("ends its stream with an error, after the replies that arrived", async () => {
    const gateway = await gatewayBefore({
      async *follow() {
        yield note({ text: "before" });
        await never;
      },
    });
    const stream = clientOf(gateway.url).follow(note());
    assert.equal((await stream.next()).value?.text, "before");
    const next = errorOf(stream.next());
    await gateway.kill();
    assert.ok(meshErrors.connectionLost.is(await next));
  });

  it("fails as draining if the process is about to stop during a stream", async () => {
    const gateway = await gatewayBefore({
      async *follow() {
        yield note();
        await never;
      },
    });
    const stream = clientOf(gateway.url).follow(note());
    await stream.next();
    const next = errorOf(stream.next());
    gateway.stopping.abort();
    assert.ok(meshErrors.draining.is(await next));
  });
});

describe("a silent stream", () => {
  const silent = {
    async *follow() {
      yield note();
      await never;
    },
  };

  it("shows every 15 s that it is alive", async () => {
    const time = new VirtualTime();
    const gateway = await gatewayBefore(silent, { timers: time });
    const answer = await fetch(`${gateway.url}/v1/calls/test.v1.NoteService/Follow`, {
      ...{ method: "POST", body: Uint8Array.from(envelope(0, encoded(note()))) },
      headers: { "content-type": mediaTypes.stream, "tutti-alive": "1" },
    });
    assert.ok(answer.body);
    const read = envelopes(answer.body as unknown as AsyncIterable<Uint8Array>, () => {});
    assert.equal((await read.next()).value?.flag, flags.message);
    await time.advanceAsync(15_000);
    assert.equal((await read.next()).value?.flag, flags.alive);
    await read.return();
  });

  it("breaks after 45 s without a heartbeat", async () => {
    const time = new VirtualTime();
    const gateway = await gatewayBefore(silent);
    const stream = clientOf(gateway.url, time).follow(note());
    await stream.next();
    const next = errorOf(stream.next());
    await time.advanceAsync(45_000);
    assert.match((await next).message, /broke during NoteService.Follow \(silent for 45 s\)/);
  });
});

describe("an answer that is none of a gateway", () => {
  const answers: readonly [status: number, body: string, code: string][] = [
    [502, "<html>Bad Gateway</html>", meshErrors.connectionLost.code],
    [301, "", meshErrors.noConnection.code],
    [404, "<html>nothing here</html>", meshErrors.noHandler.code],
    [413, "", meshErrors.tooLargeForPeer.code],
    [401, "who are you?", kernelErrors.foreignStatus.code],
    [200, "<html>welcome</html>", meshErrors.connectionLost.code],
    [
      503,
      JSON.stringify({ code: "unavailable", message: "later", details: [{ type: "x" }] }),
      kernelErrors.foreignStatus.code,
    ],
  ];
  for (const [status, body, code] of answers)
    it(`is ${code} for ${status} ${body}`, async () => {
      const server = createServer((_request, response) => response.writeHead(status).end(body));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closing.push(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      assert.equal((await errorOf(clientOf(url).put(note()))).code, code);
    });
});
