/** Advice about a workflow: what its recorded runs show, and what a replay of these runs predicts of a change. */
import type { Advice, RecordedData, RecordedRun } from "@tutti/definitions";
import type { Task } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { differencesOf, differenceText } from "../apply/differences.ts";

const runsByDefault = 100;
const togetherMax = 8;

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

export async function adviseWorkflow(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const name = values.argument("NAME");
  const server = await connect(context);
  const { advise, printDefinition, readText } = await import("@tutti/definitions");
  const definition = await server.call("workflows.get", {
    params: { name },
    query: { ...server.namespace, withSource: true },
  });
  const { text = "", format } = definition.source ?? {};
  const { value } = readText({ format: format === "json" ? "json" : "yaml", text, fileName: name });
  if (value === undefined) throw usageFailure(`\`${name}\` has no source in YAML or JSON: register it again`);
  // The cast: it was checked when it was registered.
  const document = value as unknown as Parameters<typeof advise>[0];
  const sinceMs = values.momentMs("since", shell.nowMs());
  const { runs, data } = await recorded(server, {
    ...{ name, hash: definition.hash ?? "", count: values.whole("runs") ?? runsByDefault },
    ...(sinceMs !== undefined && { sinceMs }),
  });
  const found = advise(document, runs, data);
  const diffOf = ({ changed }: Advice) => differencesOf(document, changed).map(differenceText);
  return {
    json: {
      runs: runs.length,
      advice: found.map(({ changed, ...advice }) => ({
        ...{ ...advice, diff: diffOf({ ...advice, changed }) },
        text: printDefinition(changed, "yaml"),
      })),
    },
    quiet: found.map(({ summary }) => summary),
    draw: () => {
      if (found.length === 0)
        print.note(
          `No advice about ${name} from ${runs.length} completed runs of its latest version. At least 5 are needed.`,
        );
      for (const advice of found) {
        const { median, low, high, runs: count } = advice.gain;
        print.line(print.style.bold(advice.summary));
        for (const text of advice.evidence) print.line(`  evidence  ${text}`);
        print.line(
          `  gain      ${percent(median)} less time in a replay of ${count} runs, ${percent(low)} to ${percent(high)} for 8 of 10.`,
        );
        print.line(`  risk      ${advice.risk}`);
        for (const text of diffOf(advice)) print.line(`  change    ${text}`);
        print.line("");
      }
    },
  };
}

interface Wanted {
  readonly name: string;
  readonly hash: string;
  readonly count: number;
  readonly sinceMs?: number;
}

/** Completed runs of this version, the newest first. */
async function recorded(
  server: Server,
  { name, hash, count, sinceMs }: Wanted,
): Promise<{ readonly runs: readonly RecordedRun[]; readonly data: readonly RecordedData[] }> {
  const filter = {
    ...{ definition: name, definitionHash: hash, status: "completed" as const },
    ...(sinceMs !== undefined && { endedFromMs: sinceMs }),
  };
  const ids: string[] = [];
  for (let token = ""; ids.length < count; ) {
    const size = Math.min(100, count - ids.length);
    const { runs, nextToken = "" } = await server.call("runs.list", {
      query: { ...server.namespace, ...filter, size, ...(token !== "" && { token }) },
    });
    ids.push(...runs.map(({ runId }) => runId));
    token = nextToken;
    if (token === "") break;
  }
  const lists: (readonly Task[])[] = [];
  for (let first = 0; first < ids.length; first += togetherMax)
    lists.push(
      ...(await Promise.all(
        ids.slice(first, first + togetherMax).map(async (id) => {
          const query = { ...server.namespace, topOnly: true, withPayloads: true, size: 1_000 };
          return (await server.call("tasks.list", { params: { id }, query })).tasks;
        }),
      )),
    );
  return {
    runs: lists.map((tasks, at) => ({ runId: ids[at] ?? "", tasks: tasks.flatMap(timesOf) })),
    data: lists.flat().flatMap(dataOf),
  };
}

function timesOf({ taskId: task, readyTimeMs: queuedMs, endTimeMs: endedMs }: Task): RecordedRun["tasks"] {
  return queuedMs === undefined || endedMs === undefined ? [] : [{ task, queuedMs, endedMs }];
}

/** An output that came from the cache was not computed. */
function dataOf({ taskId: task, input, outcome, fromCache }: Task): RecordedData[] {
  if (outcome?.completed === undefined || fromCache === true) return [];
  return [{ task, input: JSON.stringify(input ?? null), output: JSON.stringify(outcome.completed) }];
}
