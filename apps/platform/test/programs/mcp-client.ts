/**
 * Connects to an MCP server as a worker does, and calls each of its tools: `mcp-client.ts URL`. If the scenario asks
 * people, an installation runs the questions, and a person approves each without data.
 */
import { until } from "@tutti/kernel/testing";
import type { HandleOptions, Handler, TaskContext } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { addMcpServer, type McpAuth, type McpQuestions } from "@tutti/sdk/mcp";
import { Installation } from "../installation/installation.ts";

const [, , url = ""] = process.argv;
const tools: { readonly name: string; readonly handler: Handler; readonly schema: unknown }[] = [];
const worker = {
  handle: (name: string, handler: Handler, { inputSchema }: HandleOptions = {}) =>
    void tools.push({ name, handler, schema: inputSchema }),
  describe: () => {},
};
/** The calls that the scenario asks for. Otherwise each tool is called. */
const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly private_key_pem?: string;
};
const { toolCalls, client_id: clientId = "worker", client_secret: clientSecret = "none" } = context;
const scenario = process.env["MCP_CONFORMANCE_SCENARIO"] ?? "";
process.env["KIT_SECRET"] = context.private_key_pem ?? clientSecret;
/** Scenarios without credentials test what the client refuses before it sends any. */
const auth: McpAuth = {
  clientId,
  ...(context.private_key_pem === undefined
    ? { clientSecret: "env:KIT_SECRET" }
    : { signing: { key: "env:KIT_SECRET" } }),
};
// The timers of the client do not keep the process alive. A worker has its link for that.
const alive = setInterval(() => {}, 1_000);
const isAsking = /elicitation|request-state/.test(scenario);
const installation = isAsking ? await Installation.open([], { time: "real" }) : undefined;
const tutti = await installation?.client();

/** Starts the run of a question, and approves it as a person does that leaves the form as it is. */
const questionsOf = (client: Tutti): McpQuestions => ({
  tutti: {
    run: async (...question: Parameters<Tutti["run"]>) => {
      const started = await client.run(...question);
      const run = client.runs.get(started.id);
      await until("the approval", async () => ((await run.approvals()).length > 0 ? true : undefined));
      await run.approve("answer");
      return started;
    },
  } as McpQuestions["tutti"],
});
const questions = tutti === undefined ? {} : { questions: questionsOf(tutti) };
const server = scenario.startsWith("auth/") ? { url, auth } : { url };
const { close } = await addMcpServer(worker as never, "kit", server, questions);
// The arguments of all scenarios: two numbers, the schema of the first tool as the client read it, and a resource.
const input = { a: 5, b: 3, schema: tools[0]?.schema, uri: "file:///path/to/file%20name.txt" };
const calls =
  toolCalls?.map((call) => ({ name: `mcp.kit.${call.name}`, arguments: call.arguments })) ??
  tools.map(({ name }) => ({ name, arguments: input }));
for (const { name, arguments: given } of calls) {
  const task = { signal: AbortSignal.timeout(60_000), caller: "run kit, task call", progress() {} };
  const { handler } = tools.find((tool) => tool.name === name) ?? {};
  // The servers of some scenarios list tools that they do not have.
  console.log(name, await Promise.resolve(handler?.(given, task as unknown as TaskContext)).catch(String));
}
close();
await tutti?.close();
await installation?.[Symbol.asyncDispose]();
clearInterval(alive);
