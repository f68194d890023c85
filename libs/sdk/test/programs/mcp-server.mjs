// An MCP server over its pipes. `echo` returns its input, `fail` reports a failure, `vanish` ends the program. `slow`
// answers when it is cancelled, `ask` sends a request to its client first, `flood` writes a line without an end.
// `look` has no effects and answers after 100 ms. With the argument `stubborn` it ends with SIGKILL alone, and ignores
// requests that it does not know. With `strict` it ends if its first request is not the handshake. With `stateless` it
// has the version without a handshake. With `changing` it has this version too, and reports changes of its tools: each
// call of `look` adds a tool.
import { createInterface } from "node:readline";

const tool = (name, description) => ({
  ...{ name, description },
  inputSchema: { type: "object", properties: { text: { type: "string" } } },
});
const tools = [
  tool("echo", "Returns its input."),
  tool("fail", ""),
  tool("vanish", ""),
  tool("slow", ""),
  tool("ask", ""),
  tool("flood", ""),
  { ...tool("look", ""), annotations: { readOnlyHint: true } },
];
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const text = (value, more = {}) => ({ content: [{ type: "text", text: value }], ...more });
/** A notification of the subscription. */
const tell = (method, params = {}) =>
  say({
    method: `notifications/${method}`,
    params: { _meta: { "io.modelcontextprotocol/subscriptionId": subscriptionId }, ...params },
  });
const waiting = new Map();
const [isStubborn, isStrict, isChanging] = ["stubborn", "strict", "changing"].map((mode) =>
  process.argv.includes(mode),
);
const isStateless = isChanging || process.argv.includes("stateless");
let subscriptionId;
if (isStubborn) {
  process.on("SIGTERM", () => {});
  process.stdout.on("error", () => {});
  setInterval(() => {}, 1_000);
}

console.log("a line that is no message");
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params = {}, error, result } = JSON.parse(line);
  if (isStrict && id !== undefined && method === "server/discover") process.exit(1);
  if (isStateless && id !== undefined && method !== undefined) {
    const stated = params._meta?.["io.modelcontextprotocol/protocolVersion"];
    if (stated !== "2026-07-28") {
      say({ id, error: { code: -32022, message: "no handshake", data: { supported: ["2026-07-28"] } } });
      continue;
    }
    if (method === "server/discover")
      say({
        id,
        result: {
          supportedVersions: ["2026-07-28"],
          capabilities: { tools: isChanging ? { listChanged: true } : {} },
        },
      });
    if (method === "subscriptions/listen") {
      subscriptionId = id;
      tell("subscriptions/acknowledged", { notifications: params.notifications });
    }
  } else if (method === "server/discover" && !isStubborn)
    say({ id, error: { code: -32601, message: "unknown method" } });
  if (method === "initialize")
    say({
      id,
      result: {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "t", version: "1" },
      },
    });
  if (method === "tools/list") {
    const isFirst = params.cursor === undefined;
    say({ id, result: isFirst ? { tools: tools.slice(0, 2), nextCursor: "2" } : { tools: tools.slice(2) } });
  }
  if (method === undefined && waiting.has(id))
    say({ id: waiting.get(id), result: text(error ? `refused: ${error.message}` : JSON.stringify(result)) });
  if (method === "notifications/cancelled") console.error("cancelled");
  if (method !== "tools/call") continue;
  const { name, arguments: given } = params;
  if (name === "echo")
    say({ id, result: text("", { structuredContent: { printed: given.text, pid: process.pid } }) });
  else if (name === "fail") say({ id, result: text("the disk is full", { isError: true }) });
  else if (name === "vanish") process.exit(3);
  else if (name === "flood") process.stdout.write("x".repeat(20 * 1024 * 1024));
  else if (name === "look") {
    setTimeout(() => say({ id, result: text(`look of ${process.pid}`) }), 100);
    if (isChanging) tools.push(tool(`more-${tools.length}`, ""));
    if (subscriptionId !== undefined) tell("tools/list_changed");
  } else if (name === "ask") {
    waiting.set("ask-1", id);
    say({ id: "ask-1", method: "elicitation/create", params: { message: "your key?" } });
  } else if (name !== "slow") say({ id, error: { code: -32602, message: `unknown tool ${name}` } });
}
