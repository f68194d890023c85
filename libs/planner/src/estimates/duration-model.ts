/**
 * The models that predict the duration of an attempt. No model is the best for all work, so they are compared
 * on the records of each capability.
 */
import { medianOf } from "../structures/median.ts";
import type { End, RecentEnds } from "./recent-ends.ts";
import type { Subject } from "./subject.ts";

/**
 * `middle` is the median of three: `additive`, the latest attempts of the same agent, and the last attempt of
 * any agent. `additive` counts the agent and the size of the input. `any-agent` leaves the agent out.
 * `hourly` distinguishes times of day, `keyed` the fields that the author named. `similar` is the median of
 * the recent attempts with the most similar inputs. `median` and `last` are the plain baselines.
 */
export const durationModels = [
  "middle",
  "additive",
  "any-agent",
  "hourly",
  "keyed",
  "similar",
  "median",
  "last",
] as const;

export type DurationModel = (typeof durationModels)[number];

/** The default model, unless another one has proved to be better. */
export const usualModel: DurationModel = "middle";
/** A model must be better than these. */
export const baselineModels = ["median", "last"] as const satisfies readonly DurationModel[];

/** How many of the most similar recent attempts count. Undefined for a model that learns sums. */
const neighbours: Readonly<Partial<Record<DurationModel, number>>> = { similar: 9, median: 25, last: 1 };
/** Number of recent attempts of the same agent that count for `middle`. */
const ownMax = 5;

/** The attempt, and its duration as the sum of the learned parts. Size, sum and slowness are logarithms. */
export interface Expected {
  readonly agentId: string;
  readonly size: number;
  readonly sum: number;
  /** Expected slowness of the agent compared with others. */
  readonly slowness: number;
}

/**
 * Returns the logarithm of the duration that a model expects from single attempts. Undefined for a model that
 * learns sums, and without attempts. Without a count of attempts it has the uncertainty of the sum.
 */
export function byEnds(
  model: DurationModel,
  { ends, growth }: { readonly ends: RecentEnds | undefined; readonly growth: { readonly mean: number } },
  { agentId, size, sum, slowness }: Expected,
): { readonly mean: number; readonly count?: number } | undefined {
  if (ends === undefined || ends.count === 0) return undefined;
  if (model === "middle") {
    const own = ends.ofAgent(agentId, ownMax);
    const like = (end: End) => end.time + growth.mean * (size - end.size) + slowness - end.slowness;
    const recent = own.length > 0 ? own : ends.latest(ownMax);
    const mean = medianOf([sum, medianOf(recent.map(like)), ...ends.latest(1).map(({ time }) => time)]);
    return { mean };
  }
  const most = neighbours[model];
  return most === undefined
    ? undefined
    : { mean: medianOf(ends.nearest(size, most)), count: Math.min(most, ends.count) };
}

/** Returns whether the model uses single attempts. */
export function usesAttempts(model: DurationModel): boolean {
  return model === "middle" || neighbours[model] !== undefined;
}

const dayMs = 24 * 3_600_000;
const partMs = 4 * 3_600_000;

/** Returns the subject with only the fields that the model uses. */
export function subjectFor(model: DurationModel, subject: Subject): Subject {
  const { timeMs = 0, key = "", count = 0 } = subject;
  switch (model) {
    case "middle":
    case "additive":
      return subject;
    case "hourly":
      return timeMs > 0 ? narrowed(subject, `hour ${Math.floor((timeMs % dayMs) / partMs)}`) : subject;
    case "keyed":
      return narrowedBy(key, count > 0 ? { ...subject, inputBytes: count } : subject);
    case "similar":
    case "any-agent":
      return { ...subject, agentId: "" };
    case "median":
    case "last":
      return { ...subject, agentId: "", inputBytes: 0 };
  }
}

function narrowedBy(key: string, subject: Subject): Subject {
  return key === "" ? subject : narrowed(subject, `key ${key}`);
}

function narrowed(subject: Subject, by: string): Subject {
  const { capability, within = [] } = subject;
  return { ...subject, capability: `${capability}\n${by}`, within: [capability, ...within] };
}
