/** The tools of MCP servers as capabilities of a worker. */
import { systemTimers } from "@tutti/kernel";
import type { Worker } from "../worker/worker.ts";
import { McpClient, type McpPorts } from "./client.ts";
import type { McpServer } from "./connection.ts";
import type { McpQuestions } from "./questions.ts";

export type { McpServer } from "./connection.ts";
export { mcpErrors } from "./errors.ts";
export type { McpQuestions } from "./questions.ts";

export interface McpServerOptions extends Partial<McpPorts> {
  /** Passes questions of the server to people. Without it, such questions are refused. */
  readonly questions?: McpQuestions;
}

export interface McpTools {
  /** Capabilities of the worker, in the order of the server's list. */
  readonly capabilities: readonly string[];
  close(): void;
}

/**
 * Connects to an MCP server, and adds its tools to the worker as `mcp.NAME.TOOL`. Tools that the server reports later
 * are added too. The capabilities `mcp.NAME.resources.list` and `mcp.NAME.resources.read` read its resources.
 */
export async function addMcpServer(
  worker: Pick<Worker, "handle">,
  name: string,
  server: McpServer,
  options: McpServerOptions = {},
): Promise<McpTools> {
  const { fetch: fetchFunction = fetch, timers = systemTimers, questions } = options;
  const known = new Set<string>();
  const add = async () => {
    for (const { name: tool, description, inputSchema } of await client.tools()) {
      const capability = `mcp.${name}.${tool.replace(/[^A-Za-z0-9_-]/g, "_")}`;
      if (known.has(capability)) continue;
      known.add(capability);
      worker.handle(capability, (input, task) => client.callTool(tool, input, task), {
        ...(description !== "" && { description }),
        inputSchema: inputSchema as Readonly<Record<string, unknown>>,
      });
    }
  };
  const changed = () => void add().catch(() => {});
  const client = new McpClient(
    name,
    server,
    { fetch: fetchFunction, timers },
    { changed, ...(questions !== undefined && { questions }) },
  );
  try {
    await add();
    if (client.hasResources) for (const resource of addResources(worker, name, client)) known.add(resource);
  } catch (error) {
    client.close();
    throw error;
  }
  return { capabilities: [...known], close: () => client.close() };
}

/** Tools have no dot in their names, so the names of these two are free. */
function addResources(worker: Pick<Worker, "handle">, name: string, client: McpClient): readonly string[] {
  const list = `mcp.${name}.resources.list`;
  const read = `mcp.${name}.resources.read`;
  worker.handle(list, async (_input, { signal }) => ({ resources: await client.resources(signal) }), {
    description: `Lists the resources of ${name}, each with its URI.`,
    inputSchema: { type: "object", properties: {} },
  });
  worker.handle(
    read,
    async ({ uri }: { readonly uri: string }, { signal }) => ({
      contents: await client.readResource(uri, signal),
    }),
    {
      description: `Reads a resource of ${name} by its URI.`,
      inputSchema: { type: "object", properties: { uri: { type: "string" } }, required: ["uri"] },
    },
  );
  return [list, read];
}
