/** Connects to an MCP server as a worker does, and calls each of its tools: `mcp-client.ts URL`. */
import type { HandleOptions, Handler, TaskContext } from "@tutti/sdk";
import { addMcpServer } from "@tutti/sdk/mcp";

const [, , url = ""] = process.argv;
const tools: { readonly name: string; readonly handler: Handler; readonly schema: unknown }[] = [];
const worker = {
  handle: (name: string, handler: Handler, { inputSchema }: HandleOptions = {}) =>
    void tools.push({ name, handler, schema: inputSchema }),
  describe: () => {},
};
// The timers of the client do not keep the process alive. A worker has its link for that.
const alive = setInterval(() => {}, 1_000);
const { close } = await addMcpServer(worker as never, "kit", { url });
for (const { name, handler } of tools) {
  const task = { signal: AbortSignal.timeout(10_000), progress() {} };
  // The arguments of all scenarios: two numbers, and the schema of the first tool as the client read it.
  const input = name.includes("echo") ? { schema: tools[0]?.schema } : { a: 5, b: 3 };
  console.log(name, await handler(input, task as unknown as TaskContext));
}
close();
clearInterval(alive);
