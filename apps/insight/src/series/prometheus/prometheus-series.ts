/**
 * Answers metric queries from a Prometheus in place of the store. The answers reach as far back as Prometheus keeps
 * samples, and include other installations that its labels admit.
 *
 * 1. The store knows the kind of a metric. For other metrics the kind follows from the name, as Prometheus names metrics.
 * 2. Labels and steps of an answer are those of the store.
 */
import { type QuerySeriesRequest, Series, type SeriesQuery } from "@tutti/contracts/insight/v1";
import { type MetricKindName, metricErrors, stepsOf } from "@tutti/host/metrics";
import { callOut } from "@tutti/host/outgoing";
import {
  durationText,
  fromTimestamp,
  nearest,
  reasonOf,
  type SecretReference,
  type Timers,
  toTimestamp,
} from "@tutti/kernel";
import * as z from "zod";
import { insightErrors } from "../../errors.ts";
import type { RecordedMetric } from "../sample.ts";
import { namespaceSelector, ownLabels, promQuery } from "./promql.ts";

export interface PrometheusSettings {
  readonly url: string;
  readonly headers?: Readonly<Record<string, SecretReference>> | undefined;
  readonly match: Readonly<Record<string, string>>;
  readonly stepMinMs: number;
  readonly timeoutMs: number;
}

export interface PrometheusParts {
  readonly settings: PrometheusSettings;
  readonly timers: Timers;
  /** Returns the metrics that the store knows in a namespace. */
  readonly declared: (namespace: string) => Promise<readonly RecordedMetric[]>;
}

export type SeriesRequest = Pick<QuerySeriesRequest, "namespace" | "queries" | "span" | "stepMs"> & {
  readonly nowMs: number;
};

const defaultSpanMs = 3_600_000;
/** Maximum number of values per answer, as in the store. */
const valuesMax = 1_000_000;
/** Maximum number of steps that Prometheus returns per query. */
const stepsMax = 11_000;
const answerBytesMax = 64 * 1024 * 1024;

const namesSchema = z.object({ data: z.array(z.string()) });
const matrixSchema = z.object({
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});

export class PrometheusSeries {
  readonly #parts: PrometheusParts;

  constructor(parts: PrometheusParts) {
    this.#parts = parts;
  }

  /** Returns the metrics whose names start with `prefix`, in the order of their names. */
  async metrics(namespace: string, prefix: string): Promise<RecordedMetric[]> {
    const { declared, settings } = this.#parts;
    const [known, names] = await Promise.all([
      declared(namespace),
      this.#names(namespaceSelector(namespace, settings.match)),
    ]);
    const all = new Map(metricsNamed(names, namespace).map((metric) => [metric.name, metric]));
    for (const metric of known) if (isThere(metric, names)) all.set(metric.name, metric);
    // Prometheus lists the parts of a histogram separately, the store knows one metric.
    for (const { name, kind } of known)
      if (kind === "histogram") for (const end of ["_sum", "_count", "_bucket"]) all.delete(`${name}${end}`);
    return [...all.values()]
      .filter(({ name }) => name.startsWith(prefix))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async query({ namespace, queries, span, stepMs, nowMs }: SeriesRequest): Promise<Series[]> {
    const { stepMinMs } = this.#parts.settings;
    const toMs = Math.min(nowMs, span?.to === undefined ? nowMs : fromTimestamp(span.to));
    const fromMs = Math.min(toMs, span?.from === undefined ? toMs - defaultSpanMs : fromTimestamp(span.from));
    const steps = stepsOf({ fromMs, toMs }, stepMs, stepMinMs);
    if (steps.count > stepsMax) throw metricErrors.tooManyValues({ most: stepsMax });
    const metrics = await this.metrics(namespace, "");
    const series: Series[] = [];
    for (const query of queries) {
      const kind = metrics.find(({ name }) => name === query.metric)?.kind;
      if (kind === undefined)
        throw metricErrors.unknown({
          metric: query.metric,
          suggestion: nearest(
            query.metric,
            metrics.map(({ name }) => name),
          ),
        });
      series.push(...(await this.#seriesOf(kind, query, { namespace, steps })));
      if (series.length * steps.count > valuesMax) throw metricErrors.tooManyValues({ most: valuesMax });
    }
    return series;
  }

  async #seriesOf(
    kind: MetricKindName,
    query: SeriesQuery,
    { namespace, steps }: { readonly namespace: string; readonly steps: ReturnType<typeof stepsOf> },
  ): Promise<Series[]> {
    const { match } = this.#parts.settings;
    const { expression, startMs } = promQuery(kind, query, { namespace, match, steps });
    const { stepMs, count, fromMs } = steps;
    const text = await this.#request("query_range", {
      query: expression,
      start: String(startMs / 1_000),
      end: String((startMs + (count - 1) * stepMs) / 1_000),
      step: String(stepMs / 1_000),
    });
    const { data } = parsed(matrixSchema, text);
    return data.result.flatMap(({ metric, values }) => {
      const all = new Array<number>(count).fill(Number.NaN);
      for (const [seconds, value] of values)
        all[Math.round((seconds * 1_000 - startMs) / stepMs)] = Number(value);
      if (all.every((value) => Number.isNaN(value))) return [];
      return [
        Series.fromPartial({
          queryId: query.queryId,
          labels: ownLabels(metric, query, match),
          startTime: toTimestamp(fromMs),
          stepMs,
          values: all,
        }),
      ];
    });
  }

  async #names(selector: string): Promise<readonly string[]> {
    return parsed(namesSchema, await this.#request("label/__name__/values", { "match[]": selector })).data;
  }

  async #request(path: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const { settings, timers } = this.#parts;
    const { url, headers = {}, timeoutMs } = settings;
    const late = new AbortController();
    const timer = timers.after(timeoutMs, () =>
      late.abort(new Error(`no answer in ${durationText(timeoutMs)}`)),
    );
    try {
      const own = Object.entries(headers).map(
        async ([name, secret]) => [name, await secret.reveal()] as const,
      );
      return await callOut({
        method: "GET",
        headers: Object.fromEntries(await Promise.all(own)),
        arePrivateAllowed: true,
        url: `${url.replace(/\/+$/, "")}/api/v1/${path}?${new URLSearchParams(parameters)}`,
        signal: late.signal,
        answerBytesMax,
      });
    } catch (error) {
      throw insightErrors.prometheusFailed({
        reason: reasonOf(error),
      });
    } finally {
      timer.cancel();
    }
  }
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw insightErrors.prometheusFailed({
      reason: `its answer is not one of Prometheus: ${text.slice(0, 100)}`,
    });
  }
}

/** Compares with names of samples: a histogram has no series of its own name, a summary has one. */
function isThere({ name, kind }: RecordedMetric, names: readonly string[]): boolean {
  return names.includes(kind === "histogram" ? `${name}_count` : name);
}

function metricsNamed(names: readonly string[], namespace: string): RecordedMetric[] {
  const found = new Set(names);
  const base = { namespace, help: "", unit: "", labels: [] };
  return names.flatMap((name): RecordedMetric[] => {
    const [, stem = "", end] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
    const isHistogram = found.has(`${stem}_bucket`) && found.has(`${stem}_count`);
    const isSummary = found.has(stem) && found.has(`${stem}_count`);
    if (end !== undefined && (isHistogram || isSummary))
      return end === "count" ? [{ ...base, name: stem, kind: "histogram" }] : [];
    if (found.has(`${name}_count`)) return [];
    return [{ ...base, name, kind: name.endsWith("_total") ? "counter" : "gauge" }];
  });
}
