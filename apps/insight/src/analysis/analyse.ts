/** Reads facts of a span and analyses them. Runs in the process of queries, so that no other work waits for it. */
import type { DatabaseSync } from "node:sqlite";
import {
  type AttemptFact,
  type Attribute,
  type BottleneckFound,
  bottlenecksOf,
  type Case,
  type CauseFound,
  definitionTaskOf,
  explain,
  median,
  type PatternFound,
  type Profile,
  patternsOf,
  profileOf,
  type Regression,
  regressionsOf,
  type Unexplained,
  type WorkFact,
  workKey,
  workOfUsers,
} from "@tutti/analysis";
import { matchesWildcard } from "@tutti/kernel";
import { openToRead } from "../facts/open-to-read.ts";
import { timeText } from "../facts/tables.ts";

interface AnalysisScope {
  readonly file: string;
  readonly namespace: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Empty for all. */
  readonly definition: string;
  /** Id of a run or mission. Empty for all. */
  readonly work: string;
}

export type AnalysisQuery = AnalysisScope &
  (
    | { readonly what: "bottlenecks"; readonly most: number }
    | { readonly what: "patterns" }
    | { readonly what: "profile"; readonly version: string }
    /** `errorCode` may contain `*`. If it is undefined, slow attempts are explained. */
    | { readonly what: "causes"; readonly errorCode: string | undefined; readonly failedWork: string }
  );

interface ProfileFound extends Profile {
  readonly tokens: number;
  readonly money: number;
}

export interface AnalysisFound {
  readonly bottlenecks: readonly BottleneckFound[];
  readonly patterns: readonly PatternFound[];
  readonly causes: readonly CauseFound[];
  readonly unexplained: readonly Unexplained[];
  readonly regressions: readonly Regression[];
  readonly profile: ProfileFound | undefined;
  /** The number of failed runs and missions, and the latest of them as `kind/id`. */
  readonly failed: {
    readonly count: number;
    readonly latest: readonly string[];
    /** Tasks at which most of the failed runs failed, most frequent first. */
    readonly tasks: readonly FailedTask[];
  };
  /** True if the span has too many facts. Then only the newest were analysed. */
  readonly cut: boolean;
}

const worksMax = 20_000;
const attemptsMax = 60_000;
const labelsMax = 20;
const failedTasksMax = 3;
const failedMax = 100;
/** An attempt is slow from this multiple of the median of its task. */
const slowFrom = 2;
const nothing: AnalysisFound = {
  failed: { count: 0, latest: [], tasks: [] },
  bottlenecks: [],
  patterns: [],
  causes: [],
  unexplained: [],
  regressions: [],
  profile: undefined,
  cut: false,
};

export function analyse(request: AnalysisQuery): AnalysisFound {
  const database = openToRead(request.file);
  try {
    const works = worksOf(database, request);
    const attempts = attemptsOf(database, request);
    const cut = works.length >= worksMax || attempts.length >= attemptsMax;
    switch (request.what) {
      case "bottlenecks": {
        const { most, work } = request;
        // A work that the caller names may be a report.
        const of = work === "" ? workOfUsers(works, attempts) : { works, attempts };
        const limits = work === "" ? {} : { worksMin: 1 };
        return { ...nothing, cut, bottlenecks: bottlenecksOf(of.works, of.attempts, { most, ...limits }) };
      }
      case "patterns":
        return { ...nothing, cut, patterns: patternsOf(workOfUsers(works, attempts).attempts) };
      case "profile": {
        const own = works.filter(({ version }) => request.version === "" || version === request.version);
        const keys = new Set(own.map(workKey));
        const ofOwn = attempts.filter(({ kind, workId }) => keys.has(workKey({ kind, id: workId })));
        const mean = (name: "tokens" | "money") =>
          own.reduce((sum, work) => sum + work[name], 0) / Math.max(1, own.length);
        const profile = { ...profileOf(own, ofOwn), tokens: mean("tokens"), money: mean("money") };
        return { ...nothing, cut, profile };
      }
      case "causes": {
        const { errorCode, failedWork } = request;
        const code = failedWork === "" ? errorCode : codeOf(database, request, failedWork);
        const cases = casesOf(database, request, works, attempts);
        const relevant = code === undefined ? slowCases(attempts, cases) : failedCases(cases, code);
        const { causes, unexplained } = explain(relevant);
        const isAbout = (what: Regression["what"]) => what === (code === undefined ? "duration" : "failures");
        const regressions = code === undefined || code === "*" ? regressionsOf(works) : [];
        const failed = works.filter(({ status }) => status === "failed").map(workKey);
        const tasks = failedTasks(attempts, new Set(failed));
        return {
          ...nothing,
          cut,
          causes: causes.map(withSizes),
          unexplained: code === undefined ? [] : unexplained,
          failed: { count: failed.length, latest: failed.slice(-failedMax).reverse(), tasks },
          regressions: regressions.filter(({ what }) => isAbout(what)),
        };
      }
    }
  } finally {
    database.close();
  }
}

export interface FailedTask {
  readonly definition: string;
  readonly task: string;
  readonly runs: number;
}

/** Counts tasks of definitions only, because the failure of a part of a task causes the failure of its owner. */
function failedTasks(attempts: readonly AttemptFact[], failed: ReadonlySet<string>): FailedTask[] {
  const failedAttempts = attempts.filter(({ kind, workId, definition, task, status }) => {
    const isFailed = status === "failed" && kind === "run" && failed.has(workKey({ kind, id: workId }));
    return isFailed && definition !== "" && !/[[#]/.test(task);
  });
  const places = Map.groupBy(failedAttempts, ({ definition, task }) => JSON.stringify([definition, task]));
  return [...places.values()]
    .map((list) => {
      const { definition = "", task = "" } = list[0] ?? {};
      return { definition, task, runs: new Set(list.map(({ workId }) => workId)).size };
    })
    .sort((one, other) => other.runs - one.runs)
    .slice(0, failedTasksMax);
}

type Row = Record<string, string | number | null>;

const textIn = (row: Row, name: string): string => String(row[name] ?? "");
const msIn = (row: Row, name: string): number => {
  const text = row[name];
  return typeof text === "string" ? Date.parse(`${text.replace(" ", "T")}Z`) : 0;
};

function rowsOf(
  database: DatabaseSync,
  scope: AnalysisScope,
  table: "work" | "attempt",
  most: number,
): Row[] {
  const id = table === "work" ? "id" : "work_id";
  const { namespace, fromMs, toMs, definition, work } = scope;
  // The casts: a statement returns rows with the columns of its table.
  return database
    .prepare(
      `SELECT * FROM ${table} WHERE namespace = ? AND ended >= ? AND ended < ?
        AND (? = '' OR definition = ?) AND (? = '' OR ${id} = ?) ORDER BY ended DESC LIMIT ${most}`,
    )
    .all(
      namespace,
      timeText(fromMs) ?? "",
      timeText(toMs) ?? "",
      definition,
      definition,
      work,
      work,
    ) as Row[];
}

interface WorkRead extends WorkFact {
  readonly tokens: number;
  readonly money: number;
  readonly createdBy: string;
}

function worksOf(database: DatabaseSync, scope: AnalysisScope): WorkRead[] {
  return rowsOf(database, scope, "work", worksMax)
    .map((row) => {
      const createdMs = msIn(row, "created");
      return {
        kind: textIn(row, "kind"),
        id: textIn(row, "id"),
        definition: textIn(row, "definition"),
        version: textIn(row, "version"),
        status: textIn(row, "status"),
        createdMs,
        startedMs: msIn(row, "started") || createdMs,
        endedMs: msIn(row, "ended"),
        errorCode: textIn(row, "error_code"),
        errorMessage: textIn(row, "error_message"),
        tokens: Number(row["tokens"]),
        money: Number(row["money"]),
        createdBy: textIn(row, "created_by"),
        // The cast: labels are written as an object of texts.
        labels: JSON.parse(textIn(row, "labels") || "{}") as Record<string, string>,
      };
    })
    .toSorted((one, other) => one.endedMs - other.endedMs);
}

function attemptsOf(database: DatabaseSync, scope: AnalysisScope): AttemptFact[] {
  return rowsOf(database, scope, "attempt", attemptsMax)
    .filter((row) => row["is_compensation"] === 0)
    .map((row) => {
      const queuedMs = msIn(row, "queued");
      const task = textIn(row, "task");
      return {
        kind: textIn(row, "kind"),
        workId: textIn(row, "work_id"),
        task,
        definitionTask: definitionTaskOf(task),
        attempt: Number(row["attempt"]),
        definition: textIn(row, "definition"),
        uses: textIn(row, "uses"),
        pool: textIn(row, "pool"),
        agent: textIn(row, "agent"),
        status: textIn(row, "status"),
        queuedMs,
        startedMs: msIn(row, "started") || queuedMs,
        endedMs: msIn(row, "ended"),
        errorCode: textIn(row, "error_code"),
        errorMessage: textIn(row, "error_message"),
      };
    })
    .filter(({ queuedMs, endedMs }) => queuedMs > 0 && endedMs >= queuedMs)
    .toSorted((one, other) => one.endedMs - other.endedMs);
}

function codeOf(database: DatabaseSync, { namespace }: AnalysisScope, work: string): string {
  const found = database
    .prepare("SELECT error_code FROM work WHERE namespace = ? AND id = ? AND error_code IS NOT NULL")
    .get(namespace, work);
  return String(found?.["error_code"] ?? "");
}

type Placed = Case & { readonly place: string };

/** Returns attempts with the attributes that may explain their results. */
function casesOf(
  database: DatabaseSync,
  scope: AnalysisScope,
  works: readonly WorkRead[],
  attempts: readonly AttemptFact[],
): Placed[] {
  const byKey = new Map(works.map((work) => [workKey(work), work]));
  const agents = agentAttributes(database, scope.namespace);
  const sizes = inputSizes(database, scope);
  return attempts.map((attempt) => {
    const { kind, workId, definition, definitionTask, agent, pool, endedMs, errorCode, errorMessage } =
      attempt;
    const work = byKey.get(workKey({ kind, id: workId }));
    const labels = Object.entries(work?.labels ?? {}).slice(0, labelsMax);
    return {
      id: `${kind}/${workId}`,
      timeMs: endedMs,
      isBad: attempt.status === "failed",
      errorCode,
      errorMessage,
      place: `${definition}/${definitionTask}`,
      attributes: {
        agent,
        pool,
        ...agents.get(agent),
        version: work?.version ?? "",
        capability: attempt.uses,
        caller: work?.createdBy ?? "",
        ...Object.fromEntries(labels.map(([key, value]) => [`label ${key}`, value])),
        ...sizeAttributes(sizes.get(attemptKey(attempt))),
      },
    };
  });
}

/**
 * Returns a cause whose bounds of the input size are values of one attribute. The other attributes keep one bound: the
 * bounds below it mean the same attempts.
 */
function withSizes(cause: CauseFound): CauseFound {
  const { attribute, value, also } = cause;
  const named = sizeNamed({ attribute, value });
  const size = isSize({ attribute, value }) ? undefined : also.find(isSize);
  return { ...cause, ...named, also: also.filter((each) => !isSize(each) || each === size).map(sizeNamed) };
}

const sizePrefix = "input size ";

const isSize = ({ attribute }: Attribute): boolean => attribute.startsWith(sizePrefix);

function sizeNamed(found: Attribute): Attribute {
  if (!isSize(found)) return found;
  const bound = found.attribute.slice(sizePrefix.length);
  return { attribute: "input size", value: found.value === "above" ? `${bound} or more` : `below ${bound}` };
}

type AttemptName = Pick<AttemptFact, "kind" | "workId" | "task" | "attempt">;

const attemptKey = ({ kind, workId, task, attempt }: AttemptName): string =>
  JSON.stringify([kind, workId, task, attempt]);

/** Returns the sizes of inputs by attempt, from the placements of pools. */
function inputSizes(
  database: DatabaseSync,
  { namespace, fromMs, toMs }: AnalysisScope,
): ReadonlyMap<string, number> {
  const rows = database
    .prepare(
      `SELECT kind, work_id, task, attempt, input_bytes FROM placement
        WHERE namespace = ? AND ended >= ? AND ended < ? AND input_bytes > 0 ORDER BY ended DESC LIMIT ${attemptsMax}`,
    )
    .all(namespace, timeText(fromMs) ?? "", timeText(toMs) ?? "") as Row[];
  return new Map(
    rows.map((row) => {
      const [kind, workId, task] = [textIn(row, "kind"), textIn(row, "work_id"), textIn(row, "task")];
      return [
        attemptKey({ kind, workId, task, attempt: Number(row["attempt"]) }),
        Number(row["input_bytes"]),
      ];
    }),
  );
}

/** Bounds of the size of an input. The largest comes first: of bounds that explain the same, it is the closest. */
const sizeBounds = [
  "256 MiB",
  "64 MiB",
  "16 MiB",
  "4 MiB",
  "1 MiB",
  "256 KiB",
  "64 KiB",
  "16 KiB",
  "4 KiB",
  "1 KiB",
];
const smallestBound = 1_024;

/** Returns an attribute for each bound, so that inputs above it, or below it, can be a cause. */
function sizeAttributes(bytes: number | undefined): Record<string, string> {
  if (bytes === undefined) return {};
  const steps = sizeBounds.length - 1;
  return Object.fromEntries(
    sizeBounds.map((bound, at) => [
      `${sizePrefix}${bound}`,
      bytes >= smallestBound * 4 ** (steps - at) ? "above" : "below",
    ]),
  );
}

/** Returns the attributes by agent: its library, and its labels, for example the host. */
function agentAttributes(database: DatabaseSync, namespace: string) {
  const rows = database
    .prepare("SELECT id, sdk, offering FROM agent WHERE namespace = ?")
    .all(namespace) as Row[];
  return new Map(
    rows.map((row) => {
      // The cast: insight wrote this format.
      const { labels = {} } = JSON.parse(textIn(row, "offering") || "{}") as {
        labels?: Record<string, string>;
      };
      const listed = Object.entries(labels).slice(0, labelsMax);
      const named = Object.fromEntries(listed.map(([key, value]) => [`agent label ${key}`, value]));
      return [textIn(row, "id"), { ...named, sdk: textIn(row, "sdk") }] as const;
    }),
  );
}

/** Returns failures with this code, and good attempts of the same tasks. Other tasks say nothing about the code. */
function failedCases(cases: readonly Placed[], code: string): Case[] {
  const bad = cases.filter(({ isBad, errorCode }) => isBad && matchesWildcard(code, errorCode));
  const places = new Set(bad.map(({ place }) => place));
  return [...bad, ...cases.filter(({ isBad, place }) => !isBad && places.has(place))];
}

/** Marks attempts that took much longer than the median of their task. */
function slowCases(attempts: readonly AttemptFact[], cases: readonly Placed[]): Case[] {
  const middles = new Map(
    [...Map.groupBy(attempts, (each) => `${each.definition}/${each.definitionTask}`)].map(([place, list]) => [
      place,
      median(list.map(({ startedMs, endedMs }) => endedMs - startedMs)),
    ]),
  );
  return cases.flatMap((each, index) => {
    const attempt = attempts[index];
    if (each.isBad || attempt === undefined) return [];
    const isBad = attempt.endedMs - attempt.startedMs >= slowFrom * (middles.get(each.place) ?? 0);
    return [{ ...each, isBad, errorCode: isBad ? "slow" : "", errorMessage: isBad ? each.place : "" }];
  });
}
