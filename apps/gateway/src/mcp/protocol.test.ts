import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agreedVersion, errorMessage, RpcError, readMessage, sessionOf } from "./protocol.ts";

const meta = (fields: Readonly<Record<string, unknown>> = {}) => ({
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    ...fields,
  },
});
const request = (fields: Readonly<Record<string, unknown>> = {}) => ({
  ...{ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "greet", ...meta() } },
  ...fields,
});
const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "greet" };

const refused: readonly (readonly [
  what: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  code: number,
  id: unknown,
])[] = [
  ["a batch", [request()], headers, -32_600, null],
  ["no object", 7, headers, -32_600, null],
  ["an id that is no integer", request({ id: 1.5 }), headers, -32_600, null],
  ["an id of null", request({ id: null }), headers, -32_600, null],
  ["an id that is too long", request({ id: "x".repeat(257) }), headers, -32_600, null],
  ["another version of JSON-RPC", request({ jsonrpc: "1.0" }), headers, -32_600, 7],
  ["a method that is no text", request({ method: 7 }), headers, -32_600, 7],
  ["a method that is too long", request({ method: "x".repeat(129) }), headers, -32_600, 7],
  ["params that are a list", request({ params: [] }), headers, -32_602, 7],
  ["no version in the body", request({ params: { name: "greet" } }), headers, -32_602, 7],
  [
    "no capabilities of the client",
    request({ params: meta({ "io.modelcontextprotocol/clientCapabilities": 7 }) }),
    headers,
    -32_602,
    7,
  ],
  [
    "a version in the header alone that is unknown",
    request({ params: {} }),
    { "mcp-protocol-version": "9" },
    -32_022,
    7,
  ],
  [
    "an unknown version",
    request({ params: meta({ "io.modelcontextprotocol/protocolVersion": "9" }) }),
    { "mcp-protocol-version": "9" },
    -32_022,
    7,
  ],
  ["no header with the version", request(), { ...headers, "mcp-protocol-version": "" }, -32_020, 7],
  ["another method in the header", request(), { ...headers, "mcp-method": "tools/list" }, -32_020, 7],
  ["another name in the header", request(), { ...headers, "mcp-name": "Greet" }, -32_020, 7],
];

describe("a message of a client", () => {
  for (const [scenario, body, requestHeaders, code, id] of refused)
    it(`is refused with ${code}: ${scenario}`, () => {
      try {
        readMessage(body, requestHeaders);
      } catch (error) {
        assert.ok(error instanceof RpcError);
        const message = errorMessage(error);
        assert.deepEqual([message["id"], (message["error"] as { code: number }).code], [id, code]);
        return;
      }
      assert.fail("expected an error");
    });

  it("is a request without a handshake if it states its version, with a name in base64 too", () => {
    const name = "grüß";
    const encoded = `=?base64?${Buffer.from(name).toString("base64")}?=`;
    const read = readMessage(request({ params: { name, ...meta() } }), { ...headers, "mcp-name": encoded });
    assert.ok(read.kind === "request" && read.stateless && !read.hasTasks);
  });

  it("is a request after a handshake if it states none", () => {
    const read = readMessage(request({ params: { name: "greet" } }), {
      "mcp-protocol-version": "2025-11-25",
    });
    assert.ok(read.kind === "request" && !read.stateless);
  });

  it("is ignored if it is a notification", () => {
    assert.equal(readMessage({ jsonrpc: "2.0", method: "notifications/initialized" }, {}).kind, "ignored");
  });

  it("is a response if it answers a question, also by an error", () => {
    const response = { kind: "response", id: "q" };
    const result = { action: "cancel" };
    assert.deepEqual(readMessage({ jsonrpc: "2.0", id: "q", result }, {}), { ...response, result });
    const error = { code: -1, message: "no" };
    assert.deepEqual(readMessage({ jsonrpc: "2.0", id: "q", error }, {}), { ...response, result: undefined });
  });

  it("knows a client with forms by its capabilities, or after a handshake by its session", () => {
    const formsOf = (elicitation: unknown) => {
      const capabilities = { "io.modelcontextprotocol/clientCapabilities": { elicitation } };
      const read = readMessage(request({ params: { name: "greet", ...meta(capabilities) } }), headers);
      return read.kind === "request" && read.hasForms;
    };
    const modes = [undefined, {}, { form: {} }, { url: {} }, { form: {}, url: {} }];
    assert.deepEqual(modes.map(formsOf), [false, true, true, false, true]);
    assert.equal(sessionOf({ capabilities: {} }), undefined);
    const session = sessionOf({ capabilities: { elicitation: {} } }) ?? "";
    const read = readMessage(request({ params: {} }), { "mcp-session-id": session });
    assert.ok(read.kind === "request" && read.hasForms);
  });

  it("uses the newest version with a handshake if the client requests an unknown one", () => {
    assert.equal(agreedVersion("2025-06-18"), "2025-06-18");
    assert.equal(agreedVersion("1999-01-01"), "2025-11-25");
  });
});
