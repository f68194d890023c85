/** A minimal client of the Model Context Protocol. */
import assert from "node:assert/strict";

export type Json = Record<string, unknown>;

const tasksExtension = "io.modelcontextprotocol/tasks";

interface PostReply {
  readonly status: number;
  readonly body: Json;
}

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

export async function post(
  http: string,
  body: string,
  { headers = {}, path = "/mcp" }: CallOptions = {},
): Promise<PostReply> {
  const answer = await fetch(`${http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
}

/** Sends a request of the protocol version with a handshake. */
export async function callRpc(http: string, method: string, params: Json = {}, options: CallOptions = {}) {
  const { body } = await post(http, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), options);
  return body;
}

export async function call(
  http: string,
  name: string,
  args: Json = {},
  options: CallOptions = {},
): Promise<Json> {
  const { result, error } = await callRpc(http, "tools/call", { name, arguments: args }, options);
  assert.equal(error, undefined, JSON.stringify(error));
  return result as Json;
}

/** Capabilities of a client of the protocol version without a handshake. */
export const withTasks: Json = { extensions: { [tasksExtension]: {} } };
export const withForms: Json = { elicitation: {} };

/** Sends a request of the protocol version without a handshake. */
export async function callStateless(
  http: string,
  method: string,
  params: Json = {},
  capabilities: Json = withTasks,
): Promise<Json> {
  const { headers, body } = statelessRequest(method, params, capabilities);
  const { body: reply } = await post(http, body, { headers });
  assert.equal(reply["error"], undefined, JSON.stringify(reply["error"]));
  return reply["result"] as Json;
}

/** Yields the messages in the stream of a response. */
export async function* streamStateless(http: string, method: string, params: Json): AsyncGenerator<Json> {
  const { headers, body } = statelessRequest(method, params, withTasks);
  const answer = await fetch(`${http}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  let rest = "";
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6));
  }
}

function statelessRequest(method: string, params: Json, capabilities: Json) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": capabilities,
  };
  const name = params["name"] ?? params["taskId"] ?? params["uri"];
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(typeof name === "string" && { "mcp-name": name }),
  };
  return {
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
  };
}

export async function register(http: string, text: string): Promise<void> {
  const answer = await fetch(`${http}/v1/workflows`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text, fileName: "fixture.yaml" }),
  });
  assert.equal(answer.status, 201, await answer.text());
}
