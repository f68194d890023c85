/** Prints metrics of the installation and of users over a time range. */
import type { Routes } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { drawSparkline } from "../../terminal/sparkline.ts";

type Series = Routes["metrics.series"]["reply"]["series"][number];

const unitDurations: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const defaultRange = "1h";
const columns = 40;

export async function list(context: Context): Promise<Result> {
  const { print, values } = context;
  const server = await connect(context);
  const { source, problem, metrics } = await server.call("metrics.list", {
    query: scopeOf(server.namespace, values),
  });
  return {
    json: { source, metrics },
    quiet: metrics.map(({ name }) => name),
    draw: () => {
      if (metrics.length === 0) print.note("No metrics yet.");
      else
        print.table(
          [
            { title: "metric", widthMin: 20 },
            { title: "kind" },
            { title: "description", yields: 1, widthMin: 20 },
          ],
          metrics.map(({ name, type, help }) => [
            { text: name, tone: "bold" },
            { text: type, tone: "dim" },
            { text: help },
          ]),
        );
      if (problem !== undefined) print.note(`From the memory of running processes: ${problem}.`);
    },
  };
}

export async function query(context: Context): Promise<Result> {
  const { print, values } = context;
  const server = await connect(context);
  const rangeMs = rangeMsOf(values.text("last") ?? defaultRange);
  const by = values.texts("by");
  const over = values.text("over") ?? (by.length > 0 ? "sum" : undefined);
  const name = values.argument("METRIC");
  const { source, problem, series } = await server.call("metrics.series", {
    query: {
      ...scopeOf(server.namespace, values),
      name: [name],
      points: columns,
      fromMs: context.shell.nowMs() - rangeMs,
      label: values.texts("series"),
      by,
      // The cast: the platform rejects an unknown word.
      ...(over !== undefined && { over: over as "sum" }),
    },
  });
  const visible = series
    .filter(({ points }) => points.length > 0)
    .sort((one, other) => maxOf(other) - maxOf(one));
  return {
    json: { source, series },
    quiet: visible.map((entry) => `${entry.figure} ${nameOf(entry)}\t${entry.points.at(-1)?.value}`),
    draw: () => {
      if (visible.length === 0) print.note("No values in this time.");
      else
        print.table(
          [
            { title: "figure" },
            { title: "series", yields: 1, widthMin: 10 },
            { title: "time", widthMin: columns },
            { title: "latest", align: "right" },
            { title: "mean", align: "right" },
            { title: "max", align: "right" },
          ],
          visible.map((entry) => [
            { text: entry.figure ?? "", tone: "dim" },
            { text: nameOf(entry), tone: "bold" },
            { text: drawSparkline(stepsOf(entry, context.shell.nowMs() - rangeMs, rangeMs)) },
            ...[entry.points.at(-1)?.value ?? 0, meanOf(entry), maxOf(entry)].map((value) => ({
              text: numberText(value),
            })),
          ]),
        );
      if (problem !== undefined) print.note(`From the memory of running processes: ${problem}.`);
    },
  };
}

/** Returns the namespace. Default: the metrics of the installation. */
function scopeOf(
  { namespace }: { readonly namespace?: string },
  values: Pick<Context["values"], "flag">,
): { namespace?: string } {
  if (values.flag("own")) return { namespace: namespace ?? "default" };
  return namespace === undefined ? {} : { namespace };
}

function rangeMsOf(text: string): number {
  const [, count = "", unit = ""] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const unitMs = unitDurations[unit];
  if (unitMs === undefined || Number(count) === 0)
    throw usageFailure(`--last: expected a time such as 15m, 6h or 7d, got \`${text}\``);
  return Number(count) * unitMs;
}

/** Returns a value for each column. Undefined without a value. */
function stepsOf({ points }: Series, fromMs: number, rangeMs: number): (number | undefined)[] {
  const steps = Array.from<number | undefined>({ length: columns });
  for (const { timeMs, value } of points) {
    const at = Math.floor(((timeMs - fromMs) / rangeMs) * columns);
    steps[Math.max(0, Math.min(columns - 1, at))] = value;
  }
  return steps;
}

const valuesOf = ({ points }: Series): number[] => points.map(({ value }) => value);
const maxOf = (series: Series): number => Math.max(...valuesOf(series));

function meanOf(series: Series): number {
  const values = valuesOf(series);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function nameOf({ labels }: Series): string {
  const known = Object.entries(labels).filter(([, value]) => value !== "");
  return known.map(([label, value]) => `${label}=${value}`).join(" ") || "all";
}

function numberText(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
