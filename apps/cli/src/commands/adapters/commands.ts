/** Adapters that workers offer. */
import { adapterCheck, adaptersIn, type OfferedAdapter } from "@tutti/rest/adapters";
import type { CapabilityEntry } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { followRun } from "../../follow/follow.ts";
import type { Server } from "../../server/calls.ts";
import { meantOf } from "../../server/names.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { offered } from "../platform/capabilities.ts";
import { register } from "../workflows/register.ts";
import { type IdleAdapter, idleAdapters } from "./applied.ts";

const retryMs = 250;
const waitMaxMs = 2_000;

export async function listAdapters(context: Context): Promise<Result> {
  const { print, values } = context;
  const adapterName = values.optionalArgument("NAME");
  const server = await connect(context);
  const all = adaptersIn(await offered(server));
  const idle = await idleAdapters(server, all);
  const adapters = adapterName === undefined ? [...all, ...idle] : [adapterNamed(all, adapterName, idle)];
  const rows = adapters.flatMap(({ name, operations }) =>
    operations.map(({ name: operation, description }) => [
      { text: `${name}.${operation}`, tone: "bold" as const },
      { text: description, tone: "dim" as const },
    ]),
  );
  return {
    json: { adapters },
    quiet:
      adapterName === undefined ? adapters.map(({ name }) => name) : rows.map(([{ text = "" } = {}]) => text),
    empty:
      adapters.length === 0
        ? "No adapters yet. Apply a file of the kind `adapter`, or call addAdapter() in a worker."
        : undefined,
    draw: () => {
      if (adapters.length === 0)
        return print.note(
          "No adapters yet. Apply a file of the kind `adapter`, or call addAdapter() in a worker.",
        );
      if (adapterName !== undefined)
        return print.table(
          [
            { title: "operation", widthMin: 12 },
            { title: "description", yields: 1 },
          ],
          rows,
        );
      print.table(
        [
          { title: "adapter", widthMin: 8 },
          { title: "version" },
          { title: "operations", align: "right" },
          { title: "workers", align: "right" },
        ],
        adapters.map(({ name, version, operations, workers }) => [
          { text: name, tone: "bold" },
          version,
          String(operations.length),
          String(workers),
        ]),
      );
      for (const { name, problem } of idle) print.note(`${safe(name)} does not run: ${safe(problem)}`);
    },
  };
}

export async function checkAdapter(context: Context): Promise<Result> {
  const name = context.values.argument("NAME");
  const server = await connect(context);
  await offeredAdapter(context, server, name);
  const { name: workflow, text } = adapterCheck(name);
  const { definition } = await register(context, server, {
    fileName: `${workflow}.yaml`,
    format: "yaml",
    text,
  });
  const { run } = await server.call("runs.start", {
    query: server.namespace,
    body: {
      definition: { name: definition.name, ...(definition.hash !== undefined && { hash: definition.hash }) },
    },
  });
  return await followRun(context, { server, id: run?.runId ?? "" });
}

function adapterNamed(
  adapters: readonly OfferedAdapter[],
  name: string,
  idle: readonly IdleAdapter[],
): OfferedAdapter {
  const found = adapters.find((adapter) => adapter.name === name);
  if (found !== undefined) return found;
  const applied = idle.find((adapter) => adapter.name === name);
  if (applied !== undefined)
    throw new Failure(`Adapter \`${name}\` does not run: ${applied.problem}`, {
      next: [[`tutti scaler show ${name}`, "shows the processes that run it"]],
      exitCode: exitCodes.refused,
      code: "adapter_not_running",
    });
  throw new Failure(`Adapter \`${name}\` not found. No worker offers it.`, {
    next: [
      ...meantOf(
        name,
        adapters.map((adapter) => adapter.name),
      ),
      ["tutti adapter list", "lists the adapters of the namespace"],
    ],
    exitCode: exitCodes.refused,
    code: "adapter_unknown",
  });
}

/** Finds an adapter by name. Waits for a missing one, because a new worker is listed a moment after it is ready. */
export async function offeredAdapter(
  { shell }: Pick<Context, "shell">,
  server: Server,
  name: string,
): Promise<{ readonly adapter: OfferedAdapter; readonly entries: readonly CapabilityEntry[] }> {
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const entries = await offered(server);
    const all = adaptersIn(entries);
    if (all.some((adapter) => adapter.name === name))
      return { adapter: adapterNamed(all, name, []), entries };
    if (waitedMs >= waitMaxMs || shell.interrupted.aborted)
      return { adapter: adapterNamed(all, name, await idleAdapters(server, all)), entries };
    await shell.pause(retryMs, shell.interrupted);
  }
}
