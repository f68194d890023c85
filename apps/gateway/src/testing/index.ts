/** For tests of other packages. */

export { type A2aCall, A2aServer } from "../a2a/a2a-server.ts";
export { PushAgent } from "../a2a/push/push-agent.ts";
export { RouteCalls } from "../calls/route-calls.ts";
export { type McpCall, McpServer } from "../mcp/mcp-server.ts";
