/** Analyses of facts and series, converted to the contract. */
import {
  type BottleneckFound,
  type CauseFound,
  changesOf,
  driftOf,
  type PatternFound,
  type Point,
  type Regression,
  type Unexplained,
} from "@tutti/analysis";
import {
  type analysisService,
  Bottleneck,
  type FindRootCausesRequest,
  Pattern,
  RootCause,
  type Series,
  Trend,
  WorkProfile,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type TimeRange, WaitCause } from "@tutti/contracts/types/v1";
import { type Clock, durationText, fromTimestamp, grouped, toTimestamp } from "@tutti/kernel";
import type { Handlers } from "@tutti/mesh";
import type { AnalysisFound, AnalysisQuery, FailedTask } from "../analysis/analyse.ts";
import { insightErrors } from "../errors.ts";
import type { FactCollector } from "../facts/collector.ts";
import type { QueryProcess } from "../facts/query/query-process.ts";
import { getHealthHistory } from "../health/history.ts";
import type { Reports } from "../reports/reports.ts";
import type { Recorder } from "../series/recorder.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";
import { getCapacity } from "./capacity.ts";
import { type ReplayParts, replayPool } from "./replay.ts";

export interface AnalysisParts extends Pick<ReplayParts, "replays" | "pools"> {
  readonly collector: Pick<FactCollector, "catchUp">;
  readonly queries: Pick<QueryProcess, "analyse" | "load" | "query">;
  readonly series: Pick<SeriesThread, "request">;
  readonly recorder: Pick<Recorder, "catchUp">;
  readonly reports: Pick<Reports, "create" | "get" | "list" | "remove">;
  readonly file: string;
  readonly clock: Clock;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Approximate number of points in the series of a trend. */
const trendPoints = 500;
const stepMinMs = 10_000;
const examplesMax = 10;

type Distributed<T> = T extends unknown ? Omit<T, "file" | "namespace"> : never;

/** An analysis of the facts of a namespace. */
type AnalysisOf = Distributed<AnalysisQuery>;

/** Causes of the failures in a span, and the failed work. */
export interface FailuresExplained {
  readonly causes: RootCause[];
  readonly count: number;
  readonly latest: ReturnType<typeof worksNamed>;
  readonly tasks: readonly FailedTask[];
}

export async function explainFailures(
  { collector, queries, file }: Pick<AnalysisParts, "collector" | "queries" | "file">,
  span: { readonly namespace: string; readonly fromMs: number; readonly toMs: number },
): Promise<FailuresExplained> {
  await collector.catchUp();
  const found = await queries.analyse({
    what: "causes",
    ...span,
    definition: "",
    work: "",
    errorCode: "*",
    failedWork: "",
    file,
  });
  const { count, latest, tasks } = found.failed;
  return { causes: causesIn(found), count, latest: worksNamed(latest, latest.length), tasks };
}

/** Returns the causes, most likely first. */
function causesIn({ causes, unexplained, regressions }: AnalysisFound): RootCause[] {
  const found = [...regressions.map(regressionCause), ...causes.map(causeOf), ...unexplained.map(errorOf)];
  const sum = found.reduce((all, { weight }) => all + weight, 0);
  return found
    .sort((one, other) => other.weight - one.weight)
    .map(({ cause, weight }) => ({ ...cause, likelihood: sum === 0 ? 0 : weight / sum }));
}

export function analysisHandlers(parts: AnalysisParts): Handlers<typeof analysisService> {
  const { collector, queries, series, reports, file, clock } = parts;
  const rangeOf = (span: TimeRange | undefined, lengthMs: number) => {
    const toMs = span?.to === undefined ? clock.now() : fromTimestamp(span.to);
    const fromMs = span?.from === undefined ? toMs - lengthMs : fromTimestamp(span.from);
    if (fromMs >= toMs) throw insightErrors.spanEmpty();
    return { fromMs, toMs };
  };
  const analyse = async (namespace: string, request: AnalysisOf): Promise<AnalysisFound> => {
    await collector.catchUp();
    return queries.analyse({ ...request, namespace: namespace || defaultNamespace, file });
  };
  return {
    async findBottlenecks({ namespace, span, definition, work, count }) {
      const request = { definition, work: work?.id ?? "", most: count || 10, ...rangeOf(span, hourMs) };
      const { bottlenecks } = await analyse(namespace, { what: "bottlenecks", ...request });
      return { bottlenecks: bottlenecks.map((found) => bottleneckOf(found)) };
    },
    async findRootCauses({ namespace, subject, span }) {
      const request = { what: "causes", work: "", ...rangeOf(span, dayMs) } as const;
      return { causes: causesIn(await analyse(namespace, { ...request, ...failuresOf(subject) })) };
    },
    async findPatterns({ namespace, span, definition }) {
      const request = { definition, work: "", ...rangeOf(span, 7 * dayMs) };
      const { patterns } = await analyse(namespace, { what: "patterns", ...request });
      return { patterns: patterns.map(patternOf) };
    },
    async getWorkProfile({ namespace, definition, definitionHash: version, span }) {
      const request = { definition, work: "", version, ...rangeOf(span, 7 * dayMs) };
      const { profile } = await analyse(namespace, { what: "profile", ...request });
      return { profile: profile && profileOf(definition, profile) };
    },
    getCapacity: (request) => getCapacity(parts, request),
    replayPool: (request, context) => replayPool(parts, request, context),
    getHealthHistory: (request) => getHealthHistory(parts, request),
    createWorkReport: (request, context) => reports.create(request, context),
    getWorkReport: (request, context) => reports.get(request, context),
    listWorkReports: (request, context) => reports.list(request, context),
    deleteWorkReport: (request, context) => reports.remove(request, context),
    async getTrends({ namespace, queries: requested, span }) {
      const { fromMs, toMs } = rangeOf(span, 7 * dayMs);
      const found = await series.request("query", {
        namespace: namespace || defaultNamespace,
        queries: requested,
        nowMs: clock.now(),
        span: { from: toTimestamp(fromMs), to: toTimestamp(toMs) },
        stepMs: Math.max(stepMinMs, (toMs - fromMs) / trendPoints),
      });
      return { trends: found.map(trendOf) };
    },
  };
}

/** Returns which failures to explain: those of an error, of a definition, of one run or mission, or all. */
function failuresOf(subject: FindRootCausesRequest["subject"]) {
  const isSlow = subject?.$case === "slowDefinition";
  const errorCode = subject?.$case === "errorCode" ? subject.value : "*";
  return {
    errorCode: isSlow ? undefined : errorCode,
    failedWork: subject?.$case === "work" ? subject.value.id : "",
    definition: isSlow ? subject.value : "",
  };
}

function profileOf(
  definition: string,
  { tokens, money, tasks, paths, durationMs, ...counts }: NonNullable<AnalysisFound["profile"]>,
): WorkProfile {
  return WorkProfile.fromPartial({
    definition,
    ...counts,
    durationMs: [...durationMs],
    use: { tokens, money },
    paths: paths.map((path) => ({ ...path, tasks: [...path.tasks] })),
    tasks: tasks.map(({ partsMs, runMs, ...task }) => ({
      ...task,
      runMs: [...runMs],
      waits: Object.fromEntries(Object.entries(partsMs)),
    })),
  });
}

function trendOf(series: Series): Trend {
  const startMs = series.startTime === undefined ? 0 : fromTimestamp(series.startTime);
  const points = series.values.flatMap((value, index): Point[] =>
    Number.isNaN(value) ? [] : [{ timeMs: startMs + index * series.stepMs, value }],
  );
  const changes = changesOf(points);
  const drift = driftOf(points);
  return Trend.fromPartial({
    series,
    slopePerDay: drift?.perDay ?? 0,
    changePerDay: drift?.sharePerDay ?? 0,
    confidence: drift === undefined ? 0 : 1 - drift.chance,
    changePoints: changes.map(({ timeMs, before, after }) => ({ time: toTimestamp(timeMs), before, after })),
  });
}

/** Rounds a share, but shows 100 % only for the whole and 0 % only for nothing. */
const percent = (share: number): string => {
  if (share <= 0 || share >= 1) return `${share <= 0 ? 0 : 100} %`;
  return share < 0.1
    ? `${Math.max(0.1, share * 100).toFixed(1)} %`
    : `${Math.min(99, Math.round(share * 100))} %`;
};

function referencesOf(kind: string, ids: readonly string[], namespace = "") {
  return ids.slice(0, examplesMax).map((id) => ({ kind, namespace, id }));
}

/** Parses examples of the form `kind/id`. */
function worksNamed(names: readonly string[], most = examplesMax) {
  const split = names.map((name) => ({
    kind: name.slice(0, name.indexOf("/")),
    id: name.slice(name.indexOf("/") + 1),
  }));
  return [...new Map(split.map((each) => [each.id, { ...each, namespace: "" }])).values()].slice(0, most);
}

function bottleneckOf(found: BottleneckFound): Bottleneck {
  const { part, definition, task, uses, pool, ms, share, works, gain, startMs, examples } = found;
  const time = `${percent(share)} of the time of ${definition === "" ? "this work" : `\`${definition}\``}`;
  const summaries = {
    queue: `Tasks that use \`${uses}\` wait ${time} for a free worker.`,
    run: `Task \`${task}\` runs for ${time}.`,
    retry: `Retries of task \`${task}\` take ${time}.`,
    pause: `${time} passes before task \`${task}\` is queued: timers, signals, approvals, or turns of its agent.`,
  };
  const remedies = {
    queue: { text: `Add workers or slots for \`${uses}\`.`, command: `tutti pool show ${pool || "default"}` },
    run: { text: `Make \`${uses || task}\` faster, or split the task.`, command: "" },
    retry: { text: "Find out why its attempts fail.", command: "tutti analysis causes" },
    pause: { text: "See why the task waits.", command: `tutti why ${examples[0] ?? ""}` },
  };
  return Bottleneck.fromPartial({
    kind: part,
    subject: part === "queue" ? uses : task,
    pool,
    waitedMs: ms,
    share,
    tasks: works,
    summary: summaries[part],
    definition,
    startTime: toTimestamp(startMs),
    cause: part === "queue" ? WaitCause.WAIT_CAUSE_BUSY : part === "retry" ? WaitCause.WAIT_CAUSE_BACKOFF : 0,
    improvements: [{ remedy: remedies[part], lessWaiting: part === "run" ? 0.5 : 1, faster: gain }],
    examples: referencesOf("run", examples),
  });
}

interface Weighed {
  readonly cause: RootCause;
  readonly weight: number;
}

function causeOf(found: CauseFound): Weighed {
  const { attribute, value, also, errorCode, message, failures, explained, rateWith, rateWithout } = found;
  const isSlow = errorCode === "slow";
  const failuresText = isSlow ? `slow attempts of \`${message}\`` : `failures with \`${errorCode}\``;
  const subject = subjectOf(attribute, value);
  const of = isSlow ? "slow attempts" : "failures";
  const rate = isSlow ? "are slow" : "fail";
  const changed = found.changedMs;
  const command =
    attribute === "agent"
      ? `tutti agent show ${value}`
      : attribute === "pool"
        ? `tutti pool show ${value}`
        : "";
  const evidence = [
    `${percent(rateWith)} of the attempts with ${subject} ${rate}, and ${percent(rateWithout)} of all others.`,
    ...(isSlow || message === "" ? [] : [`Error message: ${message}`]),
    ...(also.length === 0
      ? []
      : [
          `The same attempts also have in common: ${also.map((each) => subjectOf(each.attribute, each.value)).join(", ")}.`,
        ]),
    ...(changed === undefined
      ? []
      : [
          found.startMs - changed < 1
            ? `The first attempt with ${subject} was the first of these ${of}.`
            : `The first attempt with ${subject} was ${durationText(found.startMs - changed)} before the first of these ${of}.`,
        ]),
  ];
  const remedies = {
    agent: `See the log of ${subject}. Drain it if other agents do the same tasks well.`,
    version: "Compare this version with the one before it, and move runs back if needed.",
  };
  const text = remedies[attribute as keyof typeof remedies] ?? `Find out how ${subject} differs from others.`;
  return {
    weight: explained * (1 - Math.min(1, rateWithout / Math.max(rateWith, 1e-9))),
    cause: RootCause.fromPartial({
      kind: attribute,
      subject: value,
      count: explained,
      share: explained / failures,
      evidence,
      summary: `${explained} of ${failures} ${failuresText} have ${subject} in common.`,
      startTime: toTimestamp(found.startMs),
      examples: worksNamed(found.examples),
      remedies: [{ text, command }],
    }),
  };
}

/** Returns the error itself as a cause, if no attribute distinguishes failed attempts from good ones. */
function errorOf({ errorCode, message, failures, rate, places, startMs, examples }: Unexplained): Weighed {
  const placesText = places.map((place) => `\`${place}\``).join(", ");
  const [{ id = "" } = {}] = worksNamed(examples);
  const isAll = rate >= 1;
  const evidence = isAll ? [] : [`${percent(rate)} of the attempts of ${placesText} fail so.`];
  if (message !== "") evidence.push(`Error message: ${message}`);
  return {
    weight: failures,
    cause: RootCause.fromPartial({
      kind: "error",
      subject: errorCode,
      count: failures,
      share: 1,
      evidence,
      summary: isAll
        ? `All ${failures} attempts of ${placesText} fail with \`${errorCode}\`.`
        : `${failures} failures with \`${errorCode}\` have no agent, version or label that good attempts lack.`,
      startTime: toTimestamp(startMs),
      examples: worksNamed(examples),
      remedies: [
        { text: "See the error of one run, and what the task depends on.", command: `tutti why ${id}` },
      ],
    }),
  };
}

/** Formats a subject. `agent-2-3af` already contains its kind. A version is shown by the start of its hash. */
function subjectOf(attribute: string, value: string): string {
  if (attribute === "version") return `version \`${value.slice(0, 12)}\``;
  return value.startsWith(`${attribute}-`) ? `\`${value}\`` : `${attribute} \`${value}\``;
}

function regressionCause(found: Regression): Weighed {
  const { definition, version, before, what, was, is, startMs, works, examples } = found;
  const [short, shortBefore] = [version.slice(0, 12), before.slice(0, 12)];
  const summary =
    what === "failures"
      ? `Version \`${short}\` of \`${definition}\` fails more often: ${percent(is)} of its runs, ${percent(was)} before.`
      : `Version \`${short}\` of \`${definition}\` takes longer: median ${durationText(is)}, before ${durationText(was)}.`;
  return {
    weight: works,
    cause: RootCause.fromPartial({
      kind: "version",
      subject: `${definition}@${short}`,
      summary,
      count: works,
      share: 1,
      startTime: toTimestamp(startMs),
      examples: referencesOf("run", examples),
      evidence: [
        `The previous version is \`${shortBefore}\`. The probability of such a difference by chance is 1 in ${oneIn(found.chance)}.`,
      ],
      remedies: [
        {
          text: "Compare the two versions. Move active runs to one that works.",
          command: `tutti workflow versions ${definition}`,
        },
      ],
    }),
  };
}

function oneIn(chance: number): string {
  return chance < 1e-9 ? "more than a billion cases" : `${grouped(Math.round(1 / chance))} cases`;
}

function patternOf(found: PatternFound): Pattern {
  const { kind, definition, task, detail, count, share, ms, startMs, examples } = found;
  const summaries = {
    retry_storm: `${percent(share)} of the tasks \`${task}\` need three attempts or more: ${count} failed attempts took ${durationText(ms)}.`,
    failure_sequence: `When task \`${task}\` fails, task \`${detail}\` fails after it in ${percent(share)} of the runs.`,
    failure_rhythm: `${percent(share)} of the failures of task \`${task}\` are in ${detail}.`,
  };
  const remedies = {
    retry_storm: {
      text: "Find out why the attempts fail, or set a longer backoff.",
      command: "tutti analysis causes",
    },
    failure_sequence: {
      text: `Find out first why \`${task}\` fails: \`${detail}\` may fail because of it.`,
      command: "",
    },
    failure_rhythm: {
      text: "Check which other work runs at that time: schedules, backups, limits of other systems.",
      command: "tutti schedule list",
    },
  };
  return Pattern.fromPartial({
    kind,
    subject: `${definition}/${task}`,
    count,
    share,
    summary: summaries[kind],
    startTime: toTimestamp(startMs),
    examples: referencesOf("run", examples),
    remedies: [remedies[kind]],
  });
}
