/** The tools of MCP servers as capabilities of a worker. */
import { systemTimers } from "@tutti/kernel";
import type { Worker } from "../worker/worker.ts";
import { McpClient, type McpPorts } from "./client.ts";
import type { McpServer } from "./connection.ts";

export type { McpServer } from "./connection.ts";
export { mcpErrors } from "./errors.ts";

export interface McpTools {
  /** Of the worker, in the order of the server's list. */
  readonly capabilities: readonly string[];
  close(): void;
}

/**
 * Connects to an MCP server, and has the worker do its tools as `mcp.NAME.TOOL`. Tools that it has later are added when
 * it says so.
 */
export async function addMcpServer(
  worker: Pick<Worker, "handle">,
  name: string,
  server: McpServer,
  ports: Partial<McpPorts> = {},
): Promise<McpTools> {
  const { fetch: ask = fetch, timers = systemTimers } = ports;
  const known = new Set<string>();
  const add = async () => {
    for (const { name: tool, description, inputSchema } of await client.tools()) {
      const capability = `mcp.${name}.${tool.replace(/[^A-Za-z0-9_-]/g, "_")}`;
      if (known.has(capability)) continue;
      known.add(capability);
      worker.handle(capability, (input, { signal }) => client.callTool(tool, input, signal), {
        ...(description !== "" && { description }),
        inputSchema: inputSchema as Readonly<Record<string, unknown>>,
      });
    }
  };
  const client = new McpClient(name, server, { fetch: ask, timers }, () => void add().catch(() => {}));
  try {
    await add();
  } catch (error) {
    client.close();
    throw error;
  }
  return { capabilities: [...known], close: () => client.close() };
}
