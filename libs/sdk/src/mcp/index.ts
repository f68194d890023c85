/** The tools of MCP servers as capabilities of a worker. */
import { lineLogger, systemClock, systemTimers, type Timer } from "@tutti/kernel";
import type { Worker } from "../worker/worker.ts";
import { requireAuth } from "./authorization.ts";
import { McpClient, type McpPorts, type McpTool, toolsMax } from "./client.ts";
import type { McpServer } from "./connection.ts";
import type { McpQuestions } from "./questions.ts";

export type { McpAuth } from "./authorization.ts";
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
 * are added too, and changed descriptions and schemas are offered. The capabilities `mcp.NAME.resources.list` and `mcp.NAME.resources.read` read its resources.
 */
export async function addMcpServer(
  worker: Pick<Worker, "handle" | "describe">,
  name: string,
  server: McpServer,
  options: McpServerOptions = {},
): Promise<McpTools> {
  const { fetch: fetchFunction = fetch, timers = systemTimers, clock = systemClock, questions } = options;
  const { logger = lineLogger({ clock: systemClock, form: process.stderr.isTTY ? "text" : "json" }) } =
    options;
  if ("auth" in server && server.auth !== undefined) await requireAuth(name, server, server.auth);
  const known = new Map<string, string>();
  const add = async () => {
    for (const listed of await client.tools()) {
      const { name: tool } = listed;
      const offered = known.get(tool);
      if (offered !== undefined) worker.describe(offered, textsOf(listed));
      if (tool === "" || offered !== undefined || known.size >= toolsMax) continue;
      const capability = capabilityOf(name, tool, new Set(known.values()));
      worker.handle(capability, (input, task) => client.callTool(tool, input, task), textsOf(listed));
      known.set(tool, capability);
    }
  };
  let next: Timer | undefined;
  // A server may report changes without end.
  const changed = () => {
    next ??= timers.after(changeMs, () => {
      next = undefined;
      if (!isClosed) void add().catch(() => {});
    });
  };
  let isClosed = false;
  const close = () => {
    isClosed = true;
    next?.cancel();
    client.close();
  };
  const client = new McpClient(
    name,
    server,
    { fetch: fetchFunction, timers, clock, logger },
    { changed, ...(questions !== undefined && { questions }) },
  );
  try {
    await add();
    const resources = client.hasResources ? addResources(worker, name, client) : [];
    return { capabilities: [...known.values(), ...resources], close };
  } catch (error) {
    close();
    throw error;
  }
}

const nameLengthMax = 200;
const descriptionLengthMax = 4_096;
const schemaLengthMax = 262_144;
/** Pause between a change of the tools and the next list. */
const changeMs = 1_000;

function textsOf({ description, inputSchema }: McpTool) {
  return {
    ...(description !== "" && { description: description.slice(0, descriptionLengthMax) }),
    ...(JSON.stringify(inputSchema).length <= schemaLengthMax && {
      inputSchema: inputSchema as Readonly<Record<string, unknown>>,
    }),
  };
}

/** Returns the capability of a tool. Capabilities have no capitals: `readFile` is `mcp.files.readfile`. */
function capabilityOf(server: string, tool: string, used: ReadonlySet<string>): string {
  const base = `mcp.${server}.${tool.toLowerCase().replace(/[^a-z0-9_-]/g, "_")}`.slice(0, nameLengthMax);
  let capability = base;
  for (let count = 2; used.has(capability); count++)
    capability = `${base.slice(0, nameLengthMax - 5)}_${count}`;
  return capability;
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
