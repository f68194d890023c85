/** A server of the stateless version that reports changes of its tools: over memory, in virtual time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { addMcpServer } from "./index.ts";

type Json = Readonly<Record<string, unknown>>;
interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: Json;
}

const json = ({ id }: Request, result: Json, member = "result", status = 200) =>
  new Response(JSON.stringify({ jsonrpc: "2.0", id, [member]: result }), { status });

const listen = "subscriptions/listen";
const changed = { method: "notifications/tools/list_changed" };

class Server {
  readonly time = new VirtualTime();
  readonly requests: Request[] = [];
  tools = ["a"];
  capabilities: Json = { tools: { listChanged: true } };
  /** Answers a subscription. Default: it is acknowledged, and stays open. */
  listen: (request: Request) => Response | Promise<Response> = (request) => this.open(request);
  /** Streams of subscriptions that are open. */
  readonly streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  readonly handled = new Set<string>();

  /** The last subscription. */
  get last(): Request {
    const found = this.requests.findLast(({ method }) => method === listen);
    assert.ok(found);
    return found;
  }

  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  open({ id }: Request, notifications: Json = { toolsListChanged: true }): Response {
    const stream = new ReadableStream<Uint8Array>({ start: (opened) => void this.streams.push(opened) });
    const _meta = { "io.modelcontextprotocol/subscriptionId": id };
    this.write({ method: "notifications/subscriptions/acknowledged", params: { _meta, notifications } });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }

  write(message: Json): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.streams.at(-1)?.enqueue(new TextEncoder().encode(`:\n\ndata: ${text}\n\n`));
  }

  cancel(): void {
    this.write({ method: "notifications/cancelled", params: { requestId: this.last.id } });
  }

  async add() {
    const worker = { handle: (name: string) => this.handled.add(name), describe() {} };
    const answer = async (_url: unknown, init: RequestInit) => {
      const request: Request = JSON.parse(String(init.body));
      this.requests.push(request);
      if (request.method === "server/discover")
        return json(request, { supportedVersions: ["2026-07-28"], capabilities: this.capabilities });
      if (request.method === "subscriptions/listen") return this.listen(request);
      return json(request, { tools: this.tools.map((name) => ({ name, inputSchema: {} })) });
    };
    const ports = { fetch: answer as typeof fetch, timers: this.time };
    return addMcpServer(worker as never, "s", { url: "http://server.test/mcp" }, ports);
  }
}

describe("the tools of a server of the stateless version", () => {
  it("are listed again when the server reports a change", async () => {
    const server = new Server();
    const { close } = await server.add();
    await server.time.advanceAsync(1_000);
    assert.deepEqual(server.last.params["notifications"], { toolsListChanged: true });
    server.tools = ["a", "b"];
    server.write(changed);
    await server.time.advanceAsync(1_000);
    assert.deepEqual([...server.handled], ["mcp.s.a", "mcp.s.b"]);
    assert.equal(server.count(listen), 1);
    close();
  });

  for (const [title, end] of [
    ["its stream ends", (server: Server) => server.streams.at(-1)?.close()],
    ["its stream breaks", (server: Server) => server.streams.at(-1)?.error(new TypeError("terminated"))],
    ["the server closes it", (server: Server) => server.write({ id: server.last.id, result: {} })],
    ["the server cancels it", (server: Server) => server.cancel()],
  ] as const)
    it(`are followed again, and listed, after ${title}`, async () => {
      const server = new Server();
      const { close } = await server.add();
      await server.time.advanceAsync(1_000);
      server.tools = ["a", "b"];
      end(server);
      await server.time.advanceAsync(999);
      assert.equal(server.count(listen), 1);
      await server.time.advanceAsync(1);
      assert.equal(server.count(listen), 2);
      await server.time.advanceAsync(1_000);
      assert.deepEqual([...server.handled], ["mcp.s.a", "mcp.s.b"]);
      close();
    });

  it("are followed again after 1 s to 30 s, and after 1 s if there was a change", async () => {
    const server = new Server();
    const pausesMs: number[] = [];
    let lastMs = 0;
    server.listen = (request) => {
      pausesMs.push(server.time.monotonic() - lastMs);
      lastMs = server.time.monotonic();
      if (pausesMs.length === 3) return json(request, { code: -32_603, message: "busy" }, "error");
      if (pausesMs.length % 2 === 0) throw new TypeError("fetch failed");
      return new Response("starting", { status: 503 });
    };
    const { close } = await server.add();
    await server.time.advanceAsync(91_000);
    assert.deepEqual(pausesMs, [0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    server.listen = (request) => server.open(request);
    await server.time.advanceAsync(30_000);
    assert.equal(server.count(listen), 9);
    server.write(changed);
    server.streams.at(-1)?.close();
    await server.time.advanceAsync(1_000);
    assert.equal(server.count(listen), 10);
    close();
    await server.time.advanceAsync(60_000);
    assert.equal(server.count(listen), 10, "a closed client does not subscribe");
  });

  for (const [title, answer] of [
    ["does not know the request", (_server, request) => json(request, { code: -32_601 }, "error", 404)],
    ["does not report changes of tools", (server, request) => server.open(request, {})],
  ] satisfies readonly (readonly [string, (server: Server, request: Request) => Response])[])
    it(`are not followed if the server ${title}`, async () => {
      const server = new Server();
      server.listen = (request) => answer(server, request);
      const { close } = await server.add();
      await server.time.advanceAsync(120_000);
      assert.deepEqual([server.count(listen), server.count("tools/list")], [1, 1]);
      close();
    });

  it("are not followed if the server does not announce changes", async () => {
    const server = new Server();
    server.capabilities = { tools: { listChanged: false } };
    await server.add();
    await server.time.advanceAsync(60_000);
    assert.equal(server.count(listen), 0);
  });
});
