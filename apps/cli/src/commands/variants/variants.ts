/**
 * Two variants of a capability behind one workflow.
 *
 * 1. The variants are the versions `old` and `new` of the workflow. Its rollout divides new runs between them.
 * 2. The task `old` or `new` of a run calls the capability of its variant. With a comparison, a run has both tasks, and the
 *    other one may fail. It has 2 s to start and a minute to end.
 */
import { isDeepStrictEqual } from "node:util";
import { counted } from "@tutti/kernel";
import type { Definition } from "@tutti/rest/types";
import {
  endComparison,
  type VariantName,
  type Variants,
  type VariantTask,
  variantDocument,
  variantNames,
  variantsIn,
} from "@tutti/rest/variants";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { readAll } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { offered } from "../platform/capabilities.ts";

export interface VariantSetting {
  readonly percent: number;
  readonly compares: boolean;
}

const percentMax = 100;

export async function setVariant(context: Context): Promise<Result> {
  const { values, print } = context;
  const name = values.argument("NAME");
  const percent = percentIn(context);
  const compares = values.flag("compare");
  const server = await connect(context);
  const variants = { old: calling(values.argument("OLD")), new: calling(values.argument("NEW")) };
  await registerVariants(server, name, variants, { percent, compares });
  const missing = await notOffered(server, variants);
  return {
    json: { workflow: name, percent, compares },
    quiet: [name],
    draw: () => {
      print.line(`${print.style.green("✓")} ${safe(name)}: the new variant takes ${percent} % of new runs`);
      if (compares) print.line(`Each run calls both variants. Next: tutti variant show ${safe(name)}`);
      for (const capability of missing)
        print.note(`No worker offers ${safe(capability)}: its runs wait for one.`);
    },
  };
}

/** Returns the variants that no worker offers. Without permission to list capabilities there is no warning. */
async function notOffered(server: Server, { old, new: other }: Variants): Promise<readonly string[]> {
  const entries = await offered(server).catch(() => undefined);
  const names = entries && new Set(entries.map(({ name }) => name));
  return [old["uses"], other["uses"]].filter(
    (name): name is string => typeof name === "string" && names?.has(name) === false,
  );
}

export function percentIn({ values }: Pick<Context, "values">): number {
  const percent = values.integer("percent") ?? 0;
  if (percent <= percentMax) return percent;
  throw new Failure(`\`--percent\`: expected 0 to ${percentMax}, got ${percent}.`, {
    exitCode: exitCodes.usage,
    code: "percent",
  });
}

export function calling(capability: string): VariantTask {
  return { uses: capability, with: "${{ input }}" };
}

/** Registers both versions. In the meantime new runs use the old one. */
export async function registerVariants(
  server: Server,
  name: string,
  variants: Variants,
  { percent, compares, label }: VariantSetting & { readonly label?: string | undefined },
): Promise<void> {
  for (const variant of variantNames)
    await server.call("workflows.register", {
      query: server.namespace,
      body: {
        format: "json",
        text: variantDocument(name, variant, variants, compares),
        fileName: `${name}.json`,
        versionLabels: [variant],
        // The new version gets no runs before its percentage is set.
        ...(variant === "new" && { keepLatest: true }),
        ...(variant === "new" && label !== undefined && { versionLabels: [variant, label] }),
      },
    });
  await rollOut(server, name, "new", percent);
}

export async function rollOut(
  server: Server,
  name: string,
  version: VariantName,
  percent: number,
): Promise<void> {
  await server.call("workflows.rollOut", {
    params: { name },
    query: server.namespace,
    body: { version, percent, reason: "tutti variant" },
  });
}

export async function rollBackVariant(context: Context): Promise<Result> {
  const { values, print } = context;
  const name = values.argument("NAME");
  const server = await connect(context);
  await rollBack(server, name);
  return {
    json: { workflow: name, percent: 0, compares: false },
    quiet: [name],
    draw: () => print.line(`${print.style.green("✓")} ${safe(name)}: all new runs take the old variant`),
  };
}

/** Rolls back: the first call gives all new runs to the old version, and the second ends the comparison. */
export async function rollBack(server: Server, name: string): Promise<void> {
  await requireVariants(server, name);
  await rollOut(server, name, "old", percentMax);
  const { namespace } = server;
  await endComparison(
    {
      old: (old) =>
        server.call("workflows.get", {
          params: { name: old },
          query: { ...namespace, label: "old", withSource: true, withoutLiveCount: true },
        }),
      register: (body) => server.call("workflows.register", { query: namespace, body }),
    },
    name,
  );
}

/** Returns the percentage of the new variant. */
async function requireVariants(server: Server, name: string): Promise<number> {
  const found = variantsIn(await versionsOf(server, name));
  if (found !== undefined) return found.percent;
  throw new Failure(`Workflow \`${name}\` has no variants. Set them with \`tutti variant set\`.`, {
    exitCode: exitCodes.refused,
    code: "no_variants",
  });
}

export async function versionsOf(server: Server, name: string): Promise<readonly Definition[]> {
  return await readAll(
    (page) =>
      server.call("workflows.versions", { params: { name }, query: { ...server.namespace, ...page } }),
    ({ versions }) => versions,
  );
}

interface VariantFigures {
  readonly calls: number;
  readonly failed: number;
  /** Completed calls without a recorded start: an attempt below `swarm.links.startedAfterMs` reports none. */
  readonly short: number;
  /** Median duration of the completed calls. Undefined without one, or if it is short. */
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  /** The most frequent error codes, with their counts. */
  readonly errors: Readonly<Record<string, number>>;
}

interface Compared {
  readonly percent: number;
  readonly variants: Readonly<Record<VariantName, VariantFigures>>;
  /** Runs in which both variants have completed. */
  readonly both: number;
  readonly equal: number;
  /** Some of the runs whose outputs differ. */
  readonly different: readonly string[];
}

export async function showVariant(context: Context): Promise<Result> {
  const { values, print } = context;
  const name = values.argument("NAME");
  const runs = Math.min(values.integer("runs") ?? 100, runsMax);
  const server = await connect(context);
  const percent = await requireVariants(server, name);
  const compared = await comparedIn(server, name, { percent, runs });
  const { variants, both, equal, different } = compared;
  return {
    json: { workflow: name, ...compared },
    quiet: different,
    exitCode: both > equal ? exitCodes.failed : exitCodes.completed,
    draw: () => {
      const titles = ["new runs", "calls", "failed", "p50", "p95"] as const;
      print.table(
        [
          { title: "variant", widthMin: 7 },
          ...titles.map((title) => ({ title, align: "right" as const, widthMin: title.length })),
          { title: "errors", yields: 1 },
        ],
        variantNames.map((variant) => {
          const { calls, failed, short, p50Ms, p95Ms, errors } = variants[variant];
          const part = variant === "new" ? percent : percentMax - percent;
          return [
            { text: variant, tone: "bold" as const },
            ...[
              `${part} %`,
              String(calls),
              String(failed),
              ...[p50Ms, p95Ms].map((ms) => (ms === undefined && short > 0 ? "short" : msOf(ms))),
            ],
            Object.entries(errors)
              .map(([code, count]) => `${safe(code)} ${count}`)
              .join(", "),
          ];
        }),
      );
      if (variantNames.some((variant) => variants[variant].short > 0))
        print.note(
          "short: calls below `swarm.links.startedAfterMs` (default: 20 ms), whose duration is not recorded.",
        );
      print.line(`${equal} of ${counted(both, "compared output")} equal`);
      for (const run of different)
        print.line(`${print.style.red("✗")} the outputs of run ${safe(run)} differ`);
    },
  };
}

function msOf(ms: number | undefined): string {
  return ms === undefined ? "" : printDurationMs(ms);
}

const runsMax = 500;
const rowsMax = 10;
const readersMax = 8;

interface Call {
  /** Undefined without a recorded start. */
  readonly ms: number | undefined;
  readonly output?: unknown;
  readonly error?: string;
}

async function comparedIn(
  server: Server,
  name: string,
  { percent, runs }: { readonly percent: number; readonly runs: number },
): Promise<Compared> {
  const list = await server.call("runs.list", {
    query: { ...server.namespace, definition: [name], size: runs },
  });
  const waiting = list.runs.filter(({ endTimeMs }) => endTimeMs !== undefined).map(({ runId }) => runId);
  const calls: Record<VariantName, Call[]> = { old: [], new: [] };
  let [both, equal] = [0, 0];
  const different: string[] = [];
  const read = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const callByVariant = await callsOf(server, run);
      for (const variant of variantNames) {
        const call = callByVariant[variant];
        if (call !== undefined) calls[variant].push(call);
      }
      const { old, new: young } = callByVariant;
      if (old === undefined || young === undefined || old.error !== undefined || young.error !== undefined)
        continue;
      both++;
      if (isDeepStrictEqual(old.output, young.output)) equal++;
      else different.push(run);
    }
  };
  await Promise.all(Array.from({ length: readersMax }, read));
  return {
    percent,
    both,
    equal,
    different: different.sort().slice(0, rowsMax),
    variants: { old: figuresOf(calls.old), new: figuresOf(calls.new) },
  };
}

async function callsOf(server: Server, run: string): Promise<Partial<Record<VariantName, Call>>> {
  const { tasks } = await server.call("tasks.list", {
    params: { id: run },
    query: { ...server.namespace, withPayloads: true, topOnly: true },
  });
  const calls: Partial<Record<VariantName, Call>> = {};
  for (const { taskId, outcome, startTimeMs, endTimeMs } of tasks) {
    if ((taskId !== "old" && taskId !== "new") || endTimeMs === undefined) continue;
    const ms = startTimeMs === undefined ? undefined : endTimeMs - startTimeMs;
    const ended = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
    calls[taskId] = {
      ms,
      ...(ended === undefined ? { output: outcome?.completed } : { error: ended.code ?? "" }),
    };
  }
  return calls;
}

/** Calls without a recorded duration are shorter than all others. */
export function figuresOf(calls: readonly Call[]): VariantFigures {
  const completed = calls.filter(({ error }) => error === undefined);
  const times = completed.map(({ ms = 0 }) => ms).sort((one, two) => one - two);
  const short = completed.filter(({ ms }) => ms === undefined).length;
  const at = (part: number) => {
    const place = Math.min(times.length - 1, Math.floor(times.length * part));
    return place < short ? undefined : times[place];
  };
  const errors: Record<string, number> = {};
  for (const { error } of calls) if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1;
  return {
    calls: calls.length,
    failed: calls.length - times.length,
    errors,
    short,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
  };
}
