/** Prints findings from recorded work: bottlenecks, causes, patterns, profiles. */
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { printPercent } from "../../terminal/percent.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";

interface Finding {
  readonly summary?: string;
  readonly startTimeMs?: number;
  readonly examples?: readonly { readonly kind?: string; readonly id?: string }[];
  readonly remedies?: readonly { readonly text?: string; readonly command?: string }[];
  readonly evidence?: readonly string[];
}

const timeRangeIn = ({ values, shell }: Context) => values.pastSpan(shell.nowMs());

function definitionIn({ values }: Context): { definition?: string } {
  const definition = values.text("workflow");
  return definition === undefined ? {} : { definition };
}

/** Formats all findings alike: finding, start time, cause, next action, source. */
function result(
  { print, shell }: Context,
  { json, found, emptyText }: { json: object; found: readonly Finding[]; emptyText: string },
): Result {
  return {
    json,
    quiet: found.map(({ summary = "" }) => summary),
    draw: () => {
      if (found.length === 0) print.note(emptyText);
      for (const { summary = "", startTimeMs, evidence = [], remedies = [], examples = [] } of found) {
        print.line(print.style.bold(summary));
        if (startTimeMs !== undefined) print.line(`  since    ${printAge(startTimeMs, shell.nowMs())}`);
        for (const [index, text] of evidence.entries())
          print.line(`  ${index === 0 ? "evidence" : "        "} ${text}`);
        for (const { text = "", command = "" } of remedies)
          print.line(`  do       ${text}${command === "" ? "" : `  ${print.style.cyan(command)}`}`);
        if (examples.length > 0) print.line(`  see      ${examples.map(({ id = "" }) => id).join("  ")}`);
        print.line("");
      }
    },
  };
}

export async function bottlenecks(context: Context): Promise<Result> {
  const { values } = context;
  const server = await connect(context);
  const reply = await server.call("analysis.bottlenecks", {
    query: {
      ...server.namespace,
      ...timeRangeIn(context),
      ...definitionIn(context),
      count: values.integer("size") ?? 10,
    },
  });
  const found = reply.bottlenecks.map((each) => ({
    ...each,
    evidence: (each.improvements ?? []).map(
      ({ faster = 0, lessWaiting = 1 }) =>
        `${lessWaiting < 1 ? "At twice the speed" : "Without it"}, work takes at least ${printPercent(faster)} less time.`,
    ),
    remedies: (each.improvements ?? []).flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])),
  }));
  return result(context, {
    json: { bottlenecks: reply.bottlenecks },
    found,
    emptyText: "No bottlenecks found.",
  });
}

export async function causes(context: Context): Promise<Result> {
  const { values } = context;
  const server = await connect(context);
  const [slow, work] = [values.text("slow-runs"), values.text("like")];
  const reply = await server.call("analysis.causes", {
    query: {
      ...server.namespace,
      ...timeRangeIn(context),
      ...(slow !== undefined
        ? { slowDefinition: slow }
        : work !== undefined
          ? { workKind: "run", workId: work }
          : { errorCode: values.text("error") ?? "*" }),
    },
  });
  return result(context, {
    json: { causes: reply.causes },
    found: reply.causes,
    emptyText: "No causes found: nothing fails often enough, or failures have nothing in common.",
  });
}

export async function patterns(context: Context): Promise<Result> {
  const server = await connect(context);
  const reply = await server.call("analysis.patterns", {
    query: { ...server.namespace, ...timeRangeIn(context), ...definitionIn(context) },
  });
  return result(context, {
    json: { patterns: reply.patterns },
    found: reply.patterns,
    emptyText: "No patterns found.",
  });
}

export async function profile(context: Context): Promise<Result> {
  const { print, values } = context;
  const server = await connect(context);
  const definition = values.argument("WORKFLOW");
  const found = await server.call("analysis.profile", {
    params: { definition },
    query: { ...server.namespace, ...timeRangeIn(context) },
  });
  const tasks = found.tasks ?? [];
  return {
    json: found,
    quiet: tasks.map(({ task = "" }) => task),
    draw: () => {
      if ((found.count ?? 0) === 0) {
        print.note(`No runs of ${definition} ended in this time.`);
        return;
      }
      const [middle = 0, most = 0, all = 0] = found.durationMs ?? [];
      print.line(
        `${found.count} ended, ${printPercent(found.success ?? 0)} completed. Duration: p50 ${printDurationMs(middle)}, p90 ${printDurationMs(most)}, p99 ${printDurationMs(all)}.`,
      );
      print.table(
        [
          { title: "task", widthMin: 10, yields: 1 },
          ...["done", "completed", "attempts", "wait", "p50", "p99", "critical"].map((title) => ({
            title,
            align: "right" as const,
          })),
        ],
        tasks.map((task) => [
          { text: task.task ?? "", tone: "bold" },
          { text: `${task.count ?? 0}` },
          { text: printPercent(task.success ?? 0) },
          { text: (task.attempts ?? 0).toFixed(1) },
          { text: printDurationMs(task.waitedMs ?? 0) },
          { text: printDurationMs(task.runMs?.[0] ?? 0) },
          { text: printDurationMs(task.runMs?.[2] ?? 0) },
          { text: printPercent(task.critical ?? 0) },
        ]),
      );
    },
  };
}
