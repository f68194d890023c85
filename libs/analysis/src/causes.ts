/**
 * Finds common causes of failures.
 *
 * 1. Errors are clustered by code and by message, without variable parts: numbers, ids, quoted text.
 * 2. Each cluster is compared with successes in the same places. An attribute is a cause if failures have it more often
 *    than chance explains, corrected for the number of tested attributes. A comparison with other places would find the
 *    attributes that all work of a place has.
 * 3. If two attributes occur together, the one that explains more is the cause. Its failures are removed, and the rest
 *    is analyzed again.
 * 4. A cause that is new shortly before the first failure has the time of that change: a version, an agent.
 */
import { chanceOfHits } from "./statistics.ts";

/** A success or a failure. */
export interface Case {
  readonly id: string;
  readonly timeMs: number;
  readonly isBad: boolean;
  readonly errorCode: string;
  readonly errorMessage: string;
  /** The task and its definition. Cases without a place are compared with all. */
  readonly place?: string;
  /** `agent`, `version`, `label team`, … with their values. Empty values are left out. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Attribute {
  readonly attribute: string;
  readonly value: string;
}

export interface CauseFound extends Attribute {
  /** Other attributes of the same cases. */
  readonly also: readonly Attribute[];
  readonly errorCode: string;
  readonly message: string;
  /** Failures of the cluster, and how many of them the cause explains. */
  readonly failures: number;
  readonly explained: number;
  /** Share of cases with the attribute that have this failure, and of cases without it. */
  readonly rateWith: number;
  readonly rateWithout: number;
  readonly chance: number;
  readonly startMs: number;
  /** First time of the value, if this was shortly before the first failure. */
  readonly changedMs: number | undefined;
  readonly examples: readonly string[];
}

export interface CauseOptions {
  readonly most?: number;
  /** Minimum number of failures in a cluster. Default: 5. */
  readonly failuresMin?: number;
  readonly falseAlarms?: number;
}

const examplesMax = 10;
/** Factor by which failures must be more likely with a cause than without it. */
const liftMin = 2;
/** Share of a cluster that a cause must explain. */
const explainedMin = 0.2;
const changedBeforeMs = 3_600_000;
const causesPerCluster = 3;

const replacements: readonly [RegExp, string][] = [
  [/"[^"]*"|'[^']*'|`[^`]*`/g, "…"],
  [/\b[0-9a-f]{8}-[0-9a-f-]{27}\b/gi, "…"],
  [/\b(?=[a-z0-9_-]*\d)[a-z0-9_-]{12,}\b/gi, "…"],
  [/\b0x[0-9a-f]+\b/gi, "…"],
  [/\d+(?:[.,:]\d+)*/g, "…"],
  [/(?:…[\s,;/-]*)+…/g, "…"],
];

/** Returns a message without its variable parts. */
export function normalised(message: string): string {
  return replacements.reduce((text, [pattern, by]) => text.replace(pattern, by), message).trim();
}

export function causesOf(cases: readonly Case[], options: CauseOptions = {}): CauseFound[] {
  return explain(cases, options).causes;
}

/** Failures of one kind that no attribute distinguishes from successes in the same places. */
export interface Unexplained {
  readonly errorCode: string;
  readonly message: string;
  readonly failures: number;
  /** Share of the cases in these places with this failure. */
  readonly rate: number;
  readonly places: readonly string[];
  readonly startMs: number;
  readonly examples: readonly string[];
}

/** Returns causes, and the clusters of failures without one. */
export function explain(
  cases: readonly Case[],
  { most = 10, failuresMin = 5, falseAlarms = 0.001 }: CauseOptions = {},
): { readonly causes: CauseFound[]; readonly unexplained: Unexplained[] } {
  const good = cases.filter(({ isBad }) => !isBad);
  const clusters = Map.groupBy(
    cases.filter(({ isBad }) => isBad),
    ({ errorCode, errorMessage }) => `${errorCode}\n${normalised(errorMessage)}`,
  );
  const firstSeen = firstSeenOf(cases);
  const startMs = cases.reduce((first, { timeMs }) => Math.min(first, timeMs), Number.POSITIVE_INFINITY);
  const [causes, unexplained]: [CauseFound[], Unexplained[]] = [[], []];
  for (const bad of clusters.values()) {
    if (bad.length < failuresMin) continue;
    const successes = inPlacesOf(bad, good);
    const found = ofCluster(bad, successes, { falseAlarms, firstSeen, startMs });
    causes.push(...found);
    if (found.length === 0) unexplained.push(withoutCause(bad, successes));
  }
  return {
    causes: causes.sort((one, other) => other.explained - one.explained).slice(0, most),
    unexplained: unexplained.sort((one, other) => other.failures - one.failures).slice(0, most),
  };
}

function withoutCause(bad: readonly Case[], good: readonly Case[]): Unexplained {
  const sorted = bad.toSorted((one, other) => one.timeMs - other.timeMs);
  const [{ errorCode, errorMessage, timeMs } = noCase] = sorted;
  return {
    errorCode,
    message: normalised(errorMessage),
    failures: bad.length,
    startMs: timeMs,
    rate: bad.length / (bad.length + good.length),
    places: [...new Set(bad.flatMap(({ place }) => place ?? []))],
    examples: sorted.slice(0, examplesMax).map(({ id }) => id),
  };
}

function inPlacesOf(bad: readonly Case[], good: readonly Case[]): readonly Case[] {
  const places = new Set(bad.map(({ place }) => place));
  return places.has(undefined) ? good : good.filter(({ place }) => places.has(place));
}

interface Known {
  readonly falseAlarms: number;
  readonly firstSeen: ReadonlyMap<string, number>;
  /** Start of the data. */
  readonly startMs: number;
}

function ofCluster(bad: readonly Case[], good: readonly Case[], known: Known): CauseFound[] {
  const causes: CauseFound[] = [];
  let [remainingBad, remainingGood] = [bad, good];
  while (causes.length < causesPerCluster) {
    const found = best(remainingBad, remainingGood, bad.length, known);
    if (found === undefined) break;
    causes.push(found);
    const hasIt = ({ attributes }: Case) => attributes[found.attribute] === found.value;
    remainingBad = remainingBad.filter((each) => !hasIt(each));
    remainingGood = remainingGood.filter((each) => !hasIt(each));
  }
  return causes;
}

interface Tally {
  bad: number;
  good: number;
}

function best(
  bad: readonly Case[],
  good: readonly Case[],
  failures: number,
  { falseAlarms, firstSeen, startMs }: Known,
): CauseFound | undefined {
  const tallies = new Map<string, Tally>();
  const count = (cases: readonly Case[], side: keyof Tally) => {
    for (const { attributes } of cases)
      for (const [attribute, value] of Object.entries(attributes)) {
        if (value === "") continue;
        const key = `${attribute}\n${value}`;
        const tally = tallies.get(key) ?? { bad: 0, good: 0 };
        tallies.set(key, tally);
        tally[side]++;
      }
  };
  count(bad, "bad");
  count(good, "good");
  const total = bad.length + good.length;
  const candidates = [...tallies].flatMap(([key, tally]) => {
    const having = tally.bad + tally.good;
    if (tally.bad < explainedMin * failures || having === total) return [];
    const [rateWith, rateWithout] = [tally.bad / having, (bad.length - tally.bad) / (total - having)];
    if (rateWith < liftMin * rateWithout) return [];
    const chance = Math.min(1, tallies.size * chanceOfHits(tally.bad, bad.length, having, total));
    return chance < falseAlarms ? [{ key, tally, rateWith, rateWithout, chance }] : [];
  });
  // The best cause explains many failures, and few successes have it.
  const worth = ({ rateWith, rateWithout, tally }: (typeof candidates)[number]) =>
    (rateWith - rateWithout) * (tally.bad / bad.length);
  const [first, ...others] = candidates.sort((one, other) => worth(other) - worth(one));
  if (first === undefined) return undefined;
  const { key, tally, rateWith, rateWithout, chance } = first;
  const { attribute, value } = attributeOf(key);
  const explained = bad
    .filter(({ attributes }) => attributes[attribute] === value)
    .toSorted((one, other) => one.timeMs - other.timeMs);
  const [{ timeMs, errorCode, errorMessage } = noCase] = explained;
  const firstSeenMs = firstSeen.get(key) ?? 0;
  return {
    attribute,
    value,
    rateWith,
    rateWithout,
    chance,
    errorCode,
    failures,
    also: others
      .filter((other) => other.tally.bad === tally.bad && other.tally.good === tally.good)
      .map((other) => attributeOf(other.key)),
    message: normalised(errorMessage),
    explained: explained.length,
    startMs: timeMs,
    changedMs: firstSeenMs > startMs && timeMs - firstSeenMs <= changedBeforeMs ? firstSeenMs : undefined,
    examples: explained.slice(0, examplesMax).map(({ id }) => id),
  };
}

function attributeOf(key: string): Attribute {
  const end = key.indexOf("\n");
  return { attribute: key.slice(0, end), value: key.slice(end + 1) };
}

const noCase = { timeMs: 0, errorCode: "", errorMessage: "" };

function firstSeenOf(cases: readonly Case[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const { attributes, timeMs } of cases)
    for (const [attribute, value] of Object.entries(attributes)) {
      const key = `${attribute}\n${value}`;
      seen.set(key, Math.min(timeMs, seen.get(key) ?? Number.POSITIVE_INFINITY));
    }
  return seen;
}
