import { type DurationModel, durationModels, Estimates, usualModel } from "@tutti/planner";
import { rounded } from "../../measure/statistics.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { type Trace, tracesIn, usualTraces } from "./traces.ts";

/**
 * The error of estimates on recorded workflows. Each task is predicted when its needs have ended, before the estimates
 * learn from it. Known are the size of its input, its machine, and the argument that an author would name as its key.
 */
export const estimates: Scenario = {
  name: "estimates",
  about:
    "durations of recorded tasks: error of each model compared with the median of the task type (--traces DIR)",
  goals: [
    { line: { variant: usualModel }, figure: "overMedian", atMost: 0.6 },
    { line: { variant: usualModel }, figure: "coverage", atLeast: 0.75 },
    { line: { variant: usualModel }, figure: "coverage", atMost: 0.85 },
  ],
  async *run({ traces = usualTraces }) {
    const ends = tracesIn(traces).flatMap(endsOf);
    const scores = new Map(durationModels.map((model) => [model, new Score(model)]));
    const choice = new Choice(scores);
    for (const end of ends) {
      choice.predict(end);
      for (const score of scores.values()) score.record(end);
    }
    const median = scores.get("median")?.offMs ?? 0;
    for (const each of [...scores.values(), choice])
      yield {
        variant: each.name,
        tasks: each.count,
        offSeconds: rounded(each.offMs / each.count / 1_000),
        overMedian: rounded(each.offMs / median),
        coverage: rounded(each.covered / each.count),
      } satisfies Result;
  },
};

interface End {
  readonly kind: string;
  readonly subject: Parameters<Estimates["learn"]>[0];
  readonly tookMs: number;
}

/** Returns the ends in the order of the workflow: a task comes after its needs. */
function endsOf({ name, graph, kinds, sizesMs, inputBytes, machines, keys }: Trace): End[] {
  const { offsets, targets } = graph;
  const open = kinds.map(() => 0);
  for (let edge = 0; edge < targets.length; edge++) {
    const target = targets[edge] ?? 0;
    open[target] = (open[target] ?? 0) + 1;
  }
  const order = [...kinds.keys()].filter((task) => open[task] === 0);
  for (let at = 0; at < order.length; at++) {
    const task = order[at] ?? 0;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const next = targets[edge] ?? 0;
      open[next] = (open[next] ?? 0) - 1;
      if (open[next] === 0) order.push(next);
    }
  }
  return order.map((task) => {
    const wider = kinds[task] ?? "";
    const kind = `${name}/${wider}`;
    const known = { agentId: machines[task] ?? "", inputBytes: inputBytes[task] ?? 0, key: keys[task] ?? "" };
    return { kind, subject: { capability: kind, within: [wider], ...known }, tookMs: sizesMs[task] ?? 0 };
  });
}

/** Ends of a task type before its predictions count, because the first estimates have no basis. */
const learnedBefore = 3;

class Score {
  readonly name: DurationModel;
  readonly #estimates: Estimates;
  readonly #counts = new Map<string, number>();
  readonly errors = new Map<string, number>();
  offMs = 0;
  covered = 0;
  count = 0;

  constructor(name: DurationModel) {
    this.name = name;
    this.#estimates = new Estimates(undefined, () => name);
  }

  predict({ subject, tookMs }: End): { readonly offMs: number; readonly isCovered: boolean } {
    const [lowMs = 0, highMs = 0] = [0.1, 0.9].map((share) => this.#estimates.quantileMs(subject, share));
    const offMs = Math.abs((this.#estimates.estimate(subject)?.medianMs ?? 0) - tookMs);
    return { offMs, isCovered: lowMs <= tookMs && tookMs <= highMs };
  }

  record(end: End): void {
    const count = this.#counts.get(end.kind) ?? 0;
    this.#counts.set(end.kind, count + 1);
    if (count >= learnedBefore) {
      const { offMs, isCovered } = this.predict(end);
      this.offMs += offMs;
      this.count++;
      if (isCovered) this.covered++;
      this.errors.set(end.kind, (this.errors.get(end.kind) ?? 0) + offMs);
    }
    this.#estimates.learn(end.subject, end.tookMs);
  }
}

/** Predicts each task type by the model with the least error so far. */
class Choice {
  readonly name = "chosen";
  readonly #scores: ReadonlyMap<DurationModel, Score>;
  offMs = 0;
  covered = 0;
  count = 0;
  readonly #counts = new Map<string, number>();

  constructor(scores: ReadonlyMap<DurationModel, Score>) {
    this.#scores = scores;
  }

  predict(end: End): void {
    const count = this.#counts.get(end.kind) ?? 0;
    this.#counts.set(end.kind, count + 1);
    if (count < learnedBefore) return;
    let best: Score | undefined;
    for (const score of this.#scores.values())
      if (best === undefined || (score.errors.get(end.kind) ?? 0) < (best.errors.get(end.kind) ?? 0))
        best = score;
    const { offMs = 0, isCovered = false } = best?.predict(end) ?? {};
    this.offMs += offMs;
    if (isCovered) this.covered++;
    this.count++;
  }
}
