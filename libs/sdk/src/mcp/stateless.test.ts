import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import type { Handler } from "../task/handlers.ts";
import { addMcpServer, type McpQuestions } from "./index.ts";
import { headerArgumentsOf, headersOf } from "./stateless.ts";

type Json = Readonly<Record<string, unknown>>;
interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: Json;
}

const marked = (schema: Json, header: unknown = "Region") => ({
  type: "object",
  properties: { a: { ...schema, "x-mcp-header": header } },
});

describe("the marks of arguments for headers", () => {
  for (const schema of [
    marked({ type: "number" }),
    marked({ type: "object" }),
    marked({ type: "string" }, ""),
    marked({ type: "string" }, 7),
    marked({ type: "string" }, "a b"),
    marked({ type: "string" }, "größe"),
    marked({ type: "string" }, "a\r\nb"),
    { type: "object", "x-mcp-header": "Region" },
    { properties: { a: { type: "array", items: { type: "string", "x-mcp-header": "Region" } } } },
    { anyOf: [marked({ type: "string" })] },
    { $defs: { a: marked({ type: "string" }) } },
    {
      properties: {
        a: { type: "string", "x-mcp-header": "Region" },
        b: { type: "string", "x-mcp-header": "region" },
      },
    },
  ])
    it(`are not valid in ${JSON.stringify(schema)}`, () =>
      assert.equal(headerArgumentsOf(schema), undefined));

  it("name the paths of nested properties, and are no data", () => {
    const nested = { ...marked({ type: "integer" }), default: { "x-mcp-header": 7 } };
    const schema = { properties: { "x-mcp-header": { type: "string" }, deep: nested } };
    assert.deepEqual(headerArgumentsOf(schema), [{ path: ["deep", "a"], header: "Mcp-Param-Region" }]);
    assert.deepEqual(headerArgumentsOf(undefined), []);
  });

  it("are read to any depth of a schema", () => {
    let schema: Json = marked({ type: "string" });
    for (let depth = 0; depth < 20_000; depth++) schema = { properties: { a: schema } };
    assert.equal(headerArgumentsOf(schema), undefined);
  });
});

describe("the headers of a request", () => {
  const path = ["a"];
  for (const [value, header] of [
    ["us-west1", "us-west1"],
    ["us west 1", "us west 1"],
    [42, "42"],
    [false, "false"],
    ["", ""],
    ["Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="],
    [" padded ", "=?base64?IHBhZGRlZCA=?="],
    ["line1\nline2", "=?base64?bGluZTEKbGluZTI=?="],
    ["=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="],
    [null, undefined],
    [{ b: 1 }, undefined],
  ] as const)
    it(`carry ${JSON.stringify(value)} as ${header}`, () => {
      const headers = headersOf("tools/call", { name: "t", arguments: { a: value } }, [
        { path, header: "Mcp-Param-Region" },
      ]);
      assert.equal(headers["Mcp-Param-Region"], header);
    });

  it("carry the method and its target", () => {
    assert.deepEqual(headersOf("tools/list", {}), { "Mcp-Method": "tools/list" });
    assert.deepEqual(headersOf("resources/read", { uri: "file:///größe" }), {
      "Mcp-Method": "resources/read",
      "Mcp-Name": "=?base64?ZmlsZTovLy9ncsO2w59l?=",
    });
  });
});

/** A server of one tool. `discover` answers `server/discover`, `call` a call of the tool. */
class Server {
  readonly requests: Request[] = [];
  readonly headers: Headers[] = [];
  readonly time = new VirtualTime();
  isStateless = true;
  discover: () => Response | Promise<Response> = () =>
    this.isStateless
      ? this.json({ supportedVersions: ["2026-07-28"], capabilities: { tools: {} } })
      : this.json({ code: -32_601, message: "Method not found" }, "error");
  tools: readonly Json[] = [{ name: "t", inputSchema: {} }];
  readonly logger = recordingLogger();
  call: () => Response = () => this.json({ content: [{ type: "text", text: "done" }] });

  get methods(): readonly string[] {
    return this.requests.map(({ method }) => method);
  }

  json(value: unknown, member = "result", status = 200): Response {
    const body = { jsonrpc: "2.0", id: this.requests.at(-1)?.id, [member]: value };
    return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
  }

  readonly fetch = async (_url: unknown, init: RequestInit = {}): Promise<Response> => {
    const request: Request = JSON.parse(String(init.body));
    this.requests.push(request);
    this.headers.push(new Headers(init.headers));
    if (request.method === "server/discover") return this.discover();
    if (this.isStateless !== (this.headers.at(-1)?.get("mcp-protocol-version") === "2026-07-28"))
      if (request.method !== "initialize")
        return this.isStateless
          ? this.json({ code: -32_022, message: "Unsupported protocol version" }, "error", 400)
          : this.json({ code: -32_000, message: "Bad Request: No valid session ID" }, "error", 400);
    if (request.method === "initialize")
      return this.json({ protocolVersion: "2025-11-25", capabilities: { tools: {} } });
    if (request.method === "tools/list") return this.json({ tools: this.tools });
    return request.id === undefined ? new Response(null, { status: 202 }) : this.call();
  };

  async add(questions?: McpQuestions): Promise<() => Promise<unknown>> {
    const handlers: Handler[] = [];
    const worker = { handle: (_name: string, handler: Handler) => handlers.push(handler), describe() {} };
    const options = { fetch: this.fetch as typeof fetch, timers: this.time, logger: this.logger };
    const server = { url: "http://server.test/mcp" };
    await addMcpServer(worker as never, "s", server, {
      ...options,
      ...(questions !== undefined && { questions }),
    });
    const task = { signal: new AbortController().signal, caller: "run r, task t", progress() {} };
    return async () => handlers[0]?.({ a: 1 }, task as never);
  }
}

const modern = ["server/discover", "tools/list", "tools/call"];
const handshake = [
  "server/discover",
  ...["initialize", "notifications/initialized", "tools/list", "tools/call"],
];

describe("the version of an MCP server", () => {
  it("is the stateless one if the server lists it, and each request is complete", async () => {
    const server = new Server();
    const call = await server.add();
    assert.equal(await call(), "done");
    assert.deepEqual(server.methods, modern);
    for (const [index, { method, params }] of server.requests.entries()) {
      assert.deepEqual(params?.["_meta"], {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { name: "tutti", version: "0.1.0" },
        "io.modelcontextprotocol/clientCapabilities": {},
      });
      const headers = server.headers[index];
      const read = ["mcp-protocol-version", "mcp-method", "mcp-name"].map((name) => headers?.get(name));
      assert.deepEqual(read, ["2026-07-28", method, method === "tools/call" ? "t" : null]);
    }
  });

  it("is requested again if the server lists it in the error", async () => {
    const server = new Server();
    const { discover } = server;
    server.discover = () => {
      server.discover = discover;
      const data = { supported: ["2026-07-28"], requested: "" };
      return server.json({ code: -32_022, message: "Unsupported protocol version", data }, "error", 400);
    };
    assert.equal(await (await server.add())(), "done");
    assert.deepEqual(server.methods, ["server/discover", ...modern]);
  });

  for (const [title, discover] of [
    ["does not know the request", (server: Server) => server.json({ code: -32_601 }, "error")],
    ["requires a session", (server: Server) => server.json({ code: -32_000 }, "error", 400)],
    ["has other versions", (server: Server) => server.json({ supportedVersions: ["2099-01-01"] })],
    ["answers every request with nothing", (server: Server) => server.json({})],
    ["refuses the address", () => new Response("<html>", { status: 404 })],
    ["breaks the connection", () => Promise.reject(new TypeError("fetch failed"))],
    [
      "has only versions of the handshake",
      (server: Server) => server.json({ code: -32_022, data: { supported: ["2025-11-25"] } }, "error", 400),
    ],
  ] as const)
    it(`is one of the handshake if the server ${title}`, async () => {
      const server = new Server();
      server.isStateless = false;
      server.discover = () => discover(server);
      server.call = () => {
        assert.equal(server.requests.at(-1)?.params?.["_meta"], undefined);
        return server.json({ content: [{ type: "text", text: "done" }] });
      };
      assert.equal(await (await server.add())(), "done");
      assert.deepEqual(server.methods, handshake);
    });

  it("is refused without a handshake if a server of the stateless version refuses", async () => {
    const server = new Server();
    server.discover = () => server.json({ code: -32_021, message: "Sampling is required" }, "error", 400);
    await assert.rejects(server.add(), { code: "mcp.refused", message: /Sampling is required/ });
    assert.deepEqual(server.methods, ["server/discover"]);
  });

  it("is found again when another server takes the address", async () => {
    const server = new Server();
    const call = await server.add();
    for (const isStateless of [false, true]) {
      server.isStateless = isStateless;
      assert.equal(await call(), "done");
    }
    assert.deepEqual(server.methods, [
      ...["server/discover", "tools/list"],
      ...["tools/call", "server/discover", "initialize", "notifications/initialized", "tools/call"],
      ...["tools/call", "server/discover", "tools/call"],
    ]);
  });
});

describe("the marks of a tool", () => {
  const refusal = (server: Server) => server.json({ code: -32_020, message: "Missing header" }, "error", 400);

  it("are read again if the server refuses the headers of a call, and the call is repeated", async () => {
    const server = new Server();
    const call = await server.add();
    server.tools = [{ name: "t", inputSchema: marked({ type: "integer" }) }];
    const { call: done } = server;
    server.call = () => (server.headers.at(-1)?.get("mcp-param-region") === "1" ? done() : refusal(server));
    assert.equal(await call(), "done");
    assert.deepEqual(server.methods, [...modern, "tools/list", "tools/call"]);
    await server.time.advanceAsync(1_000);
    assert.equal(server.methods.at(-1), "tools/list", "the worker offers the changed schema");
  });

  it("are read again once", async () => {
    const server = new Server();
    const call = await server.add();
    server.call = () => refusal(server);
    await assert.rejects(call(), { code: "mcp.refused", message: /Missing header/ });
    assert.deepEqual(server.methods, [...modern, "tools/list", "tools/call"]);
  });

  it("are warned of once if they are not valid", async () => {
    const server = new Server();
    const invalid = { inputSchema: marked({ type: "number" }) };
    server.tools = [{ name: "t" }, { name: "u", ...invalid }, { name: "v", ...invalid }];
    const call = await server.add();
    const listAgain = async () => {
      server.call = () => refusal(server);
      await assert.rejects(call());
    };
    await listAgain();
    server.tools = [...server.tools, { name: "w", ...invalid }];
    await listAgain();
    assert.deepEqual(
      server.logger.lines.map(({ level, fields }) => [level, fields]),
      [
        ["warn", { server: "s", tools: "u, v" }],
        ["warn", { server: "s", tools: "w" }],
      ],
    );
  });
});

describe("a call of the stateless version that asks a person", () => {
  const asked = (message: string) => ({ method: "elicitation/create", params: { message } });
  /** People that answer a question with its message. */
  const questions = {
    tutti: {
      run: async (_workflow: unknown, { input }: { readonly input: Json }) => ({
        existed: false,
        result: async () => ({ data: { answer: input["message"] } }),
        cancel: async () => {},
      }),
    } as never,
  };

  it("is repeated with the answers and the state of the server", async () => {
    const server = new Server();
    const results: Json[] = [
      {
        resultType: "input_required",
        inputRequests: { x: asked("x?"), y: asked("y?") },
        requestState: " s ",
      },
      { resultType: "input_required", inputRequests: { z: asked("z?") } },
      { resultType: "complete", content: [{ type: "text", text: "paid" }] },
    ];
    server.call = () => server.json(results.shift());
    assert.equal(await (await server.add(questions))(), "paid");
    const calls = server.requests.filter(({ method }) => method === "tools/call");
    const accepted = (answer: string) => ({ action: "accept", content: { answer } });
    assert.deepEqual(
      calls.map(({ params: { _meta, ...params } = {} }) => params),
      [
        { name: "t", arguments: { a: 1 } },
        {
          ...{ name: "t", arguments: { a: 1 }, requestState: " s " },
          inputResponses: { x: accepted("x?"), y: accepted("y?") },
        },
        { name: "t", arguments: { a: 1 }, inputResponses: { z: accepted("z?") } },
      ],
    );
    assert.equal(new Set(calls.map(({ id }) => id)).size, 3);
    const capabilities = { elicitation: { form: {} } };
    const meta = calls[0]?.params?.["_meta"] as Json;
    assert.deepEqual(meta["io.modelcontextprotocol/clientCapabilities"], capabilities);
  });

  for (const [title, inputRequests, from] of [
    ["people are not asked", { x: asked("x?") }, undefined],
    ["the server asks for a model", { x: { method: "sampling/createMessage", params: {} } }, questions],
    ["the request is none", { x: 7 }, questions],
    ["the server asks for ever", {}, questions],
  ] as const)
    it(`is refused if ${title}`, async () => {
      const server = new Server();
      server.call = () => server.json({ resultType: "input_required", inputRequests, requestState: "s" });
      await assert.rejects((await server.add(from))(), { code: "mcp.refused", retry: "never" });
      assert.ok(server.requests.length <= 102);
    });
});
