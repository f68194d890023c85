/** Starts a run for each message of a queue of another system. */
import { counted } from "@tutti/kernel";
import {
  bullmqQueue,
  celeryQueue,
  type MovedMessages,
  type MovedQueue,
  moveQueue,
  postgresTable,
  type RunStarter,
} from "@tutti/sdk/adapters";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { failureOf, interruptionOf, openedReference, warningsOf } from "../../server/messages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { definitionNamed } from "../definition.ts";

type Reference = Parameters<typeof bullmqQueue>[0]["url"];

export async function adoptQueue(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const [name, dryRun] = [values.argument("QUEUE"), values.flag("dry-run")];
  const queue = queueOf(context, name);
  const workflows = workflowsOf(values.manyArguments("WORKFLOW"));
  const server = await connect(context);
  await requireWorkflows(server, Object.values(workflows));
  const frames = print.frames("errors");
  try {
    const result = await moveQueue({
      queue,
      workflows,
      dryRun,
      signal: shell.interrupted,
      logger: warningsOf(context),
      prefix: values.text("run-prefix") ?? name,
      labels: { queue: name },
      tutti: starterOf(server),
      secret: (reference) => openedReference(context, reference),
      onProgress: (moved) => frames.draw(() => [`${counted(moved, "message")} moved`]),
    });
    return outcomeOf(context, { name, dryRun, result });
  } catch (error) {
    throw failureOf(error);
  } finally {
    frames.close();
  }
}

function queueOf({ values }: Context, name: string): MovedQueue {
  const url = values.text("connection") as Reference | undefined;
  if (url === undefined || !/^(env|file):./.test(url))
    throw usageFailure("--connection: expected a reference such as env:SHOP_REDIS, which has the URL");
  const [keyPrefix, condition, mark] = [
    values.text("key-prefix"),
    values.text("condition"),
    values.text("mark"),
  ];
  const columns = pairsOf("--column", values.texts("column"));
  const kinds: Readonly<Record<string, () => MovedQueue>> = {
    bullmq: () => bullmqQueue({ url, name, ...(keyPrefix !== undefined && { keyPrefix }) }),
    celery: () => celeryQueue({ url, name }),
    postgres: () =>
      postgresTable({
        url,
        name,
        columns,
        ...(condition !== undefined && { condition }),
        ...(mark !== undefined && { mark }),
      }),
  };
  const kind = values.argument("KIND");
  if (!Object.hasOwn(kinds, kind))
    throw usageFailure(`Kind \`${kind}\` not found. Kinds: ${Object.keys(kinds).join(", ")}.`);
  const unknown = Object.keys(columns).find((part) => !["id", "input", "name", "time"].includes(part));
  if (unknown !== undefined)
    throw usageFailure(`--column: expected id, input, name or time before \`=\`, got \`${unknown}\``);
  return (kinds[kind] as () => MovedQueue)();
}

/** Returns the workflows by message. A single workflow is for all messages. */
function workflowsOf(args: readonly string[]): Readonly<Record<string, string>> {
  return pairsOf(
    "WORKFLOW",
    args.map((arg) => (arg.includes("=") ? arg : `*=${arg}`)),
  );
}

function pairsOf(label: string, args: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    args.map((arg) => {
      const [, name = "", value = ""] = /^([^=]+)=(.+)$/s.exec(arg) ?? [];
      if (name === "") throw usageFailure(`${label}: expected NAME=VALUE, got \`${arg}\``);
      return [name, value];
    }),
  );
}

/** Throws if a workflow is missing, because each message would fail. */
async function requireWorkflows(server: Server, names: readonly string[]): Promise<void> {
  for (const each of new Set(names)) {
    const { name, ...version } = definitionNamed(each);
    const query = { ...server.namespace, ...version, withoutLiveCount: true };
    await server.call("workflows.get", { params: { name }, query });
  }
}

function starterOf(server: Server): RunStarter {
  return {
    async run(workflow, { id = "", input, startTime, priority, labels = {} }) {
      const definition = definitionNamed(workflow);
      try {
        await server.call("runs.start", {
          query: server.namespace,
          body: {
            runId: id,
            input,
            labels,
            definition,
            ...(startTime !== undefined && { startTimeMs: startTime.getTime() }),
            ...(priority !== undefined && { priority }),
          },
        });
      } catch (error) {
        throw interruptionOf(error) ?? error;
      }
    },
  };
}

interface Moved {
  readonly name: string;
  readonly dryRun: boolean;
  readonly result: MovedMessages;
}

function outcomeOf({ print }: Context, { name, dryRun, result }: Moved): Result {
  const { moved, byWorkflow, failed, left } = result;
  return {
    json: { queue: name, dryRun, ...result },
    quiet: [String(moved)],
    exitCode: failed.length > 0 ? exitCodes.failed : exitCodes.completed,
    draw: () => {
      print.line(
        dryRun ? `${counted(moved, "message")} would be moved` : `${counted(moved, "message")} moved`,
      );
      for (const [workflow, count] of Object.entries(byWorkflow))
        print.line(`  ${safe(workflow)}: ${counted(count, "run")}`);
      for (const { id, reason } of failed)
        print.line(`${print.style.red("✗")} ${safe(id)} is held and has no run: ${safe(reason)}`);
      for (const { reason, count } of left)
        print.line(`${print.style.yellow("!")} ${counted(count, "message")} not moved: ${safe(reason)}`);
      if (failed.length > 0) print.note("Correct the cause and run the command again.");
    },
  };
}
