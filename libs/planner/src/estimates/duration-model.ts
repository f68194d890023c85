/**
 * The ways to predict how long an attempt takes. No model is the best for all work, so they are compared on what was
 * recorded of each capability.
 */
import type { Subject } from "./subject.ts";

/**
 * `additive` counts the agent and the size of the input. `any-agent` leaves the agent out. `hourly` tells times of day
 * apart, `keyed` the fields that the author named. `similar` is the median of the recent attempts with the most similar
 * inputs. `median` and `last` are the plain baselines.
 */
export const durationModels = [
  "additive",
  "any-agent",
  "hourly",
  "keyed",
  "similar",
  "median",
  "last",
] as const;

export type DurationModel = (typeof durationModels)[number];

/** What predicts as long as nothing else has proved to be better. */
export const usualModel: DurationModel = "additive";
/** What a model has to be better than. */
export const baselineModels = ["median", "last"] as const satisfies readonly DurationModel[];

/** How many of the most similar recent attempts count. Undefined for a model that learns sums. */
export const neighbours: Readonly<Partial<Record<DurationModel, number>>> = {
  similar: 9,
  median: 25,
  last: 1,
};

const dayMs = 24 * 3_600_000;
const partMs = 4 * 3_600_000;

/** Returns the subject with what the model looks at, and nothing else. */
export function seenBy(model: DurationModel, subject: Subject): Subject {
  const { timeMs = 0, key = "", count = 0 } = subject;
  switch (model) {
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
