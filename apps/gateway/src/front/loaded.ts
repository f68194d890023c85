/**
 * The code of the front door. Only a gateway imports it, while the process is assembled: memory of the loading is
 * returned before the first request, which is impossible later.
 */
export { a2aPlugin } from "../a2a/a2a-plugin.ts";
export { PushAgent } from "../a2a/push/push-agent.ts";
export { alertmanagerPlugin } from "../alertmanager/alertmanager-plugin.ts";
export { callsPlugin } from "../calls/calls-plugin.ts";
export { LinkEndpoint } from "../link/link-endpoint.ts";
export { mcpPlugin } from "../mcp/mcp-plugin.ts";
export { metricsPlugin } from "../metrics/metrics-plugin.ts";
export { otlpPlugin } from "../otlp/otlp-plugin.ts";
export { Realtime } from "../realtime/realtime.ts";
export { webhooksPlugin } from "../webhooks/webhooks-plugin.ts";
export { openFront } from "./front.ts";
