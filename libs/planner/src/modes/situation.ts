/**
 * The input of a choice between modes: the remaining tasks, the present agents, and the knowledge about both.
 * Tasks and agents are passed by ids and are numbers from here on.
 *
 * 1. Impossible work is refused at once, with the first impossible task.
 * 2. It reads estimates and changes none.
 */
import type { Estimates } from "../estimates/estimates.ts";
import type { QualityEstimates } from "../estimates/quality.ts";
import type { UseEstimates } from "../estimates/use.ts";
import type { Described, DescribedAgent } from "../execution/outlook.ts";
import type { Graph } from "../graph/graph.ts";
import { type Problem, prepare } from "../work/problem.ts";
import type { Fleet, Work } from "../work/work.ts";

export interface IntendedTask extends Partial<Described> {
  readonly id: string;
  readonly needs: readonly string[];
  /** A key of its requirements: tasks with one demand can be done by the same agents. */
  readonly demand: string;
  /** The requirements as a text. Absent if the key itself is readable. */
  readonly demandText?: string;
  /** Duration as declared by the author. Counts only without observations. */
  readonly statedMs?: number;
  /** Expected number of finds. */
  readonly finds?: number;
  /** Whether a second copy may be started while it is running. */
  readonly repeatable?: boolean;
  /** The required agent. */
  readonly agentId?: string;
}

export interface PresentAgent {
  readonly id: string;
  /** Its concurrency. */
  readonly slots: number;
  /** The demands that it satisfies. */
  readonly satisfiedDemands: ReadonlySet<string>;
  /** Factor of its durations compared with an agent of speed 1. Absent: as learned. */
  readonly slowness?: number;
  /** Price of a millisecond of one slot. */
  readonly moneyPerMs?: number;
  /** When its slots become free of other work, in milliseconds from now. Other slots are free. */
  readonly busyMs?: readonly number[];
}

/** The learned estimates, if any. */
export interface Knowledge {
  readonly times?: Estimates;
  readonly use?: UseEstimates;
  readonly quality?: QualityEstimates;
}

export interface Situation {
  readonly taskIds: readonly string[];
  readonly agentIds: readonly string[];
  readonly work: Work;
  readonly fleet: Fleet;
  /** Sizes in it are expected durations at a pace of 1. */
  readonly problem: Problem;
  /** In the form of estimates: the input of `LearnedTimes`. */
  readonly tasks: readonly Described[];
  readonly agents: readonly DescribedAgent[];
  /** Median duration of such tasks, at a pace of 1. */
  readonly mediansMs: Float64Array;
  /** The uncertainty of the kind as a whole, as a variance of the logarithm. */
  readonly kindVariance: Float64Array;
  /** The variance of single tasks within their kind. */
  readonly ownVariance: Float64Array;
  readonly finds: Float64Array;
  /** Tasks with the same number are of one kind. */
  readonly kindOf: Uint32Array;
  /** Kind by kind, the quality of the results of each agent. */
  readonly quality: Float64Array;
  /** Kind by kind, the cost of a result of each agent. NaN if unknown. */
  readonly money: Float64Array;
  /** Whether all tasks allow second copies. */
  readonly repeatable: boolean;
  readonly moneyPerMs: Float64Array;
  /** Share of the slots that others use. */
  readonly load: number;
}

export interface Refused {
  readonly taskId: string;
  readonly reason: "there twice" | "unknown need" | "in a circle" | "no agent" | "no agent stays long enough";
  /** A text with the ids. */
  readonly detail: string;
}

/** The expectation without any knowledge: a second, a factor of four up or down. */
const unknown = { medianMs: 1_000, kindVariance: 1.5, ownVariance: 0.5 } as const;
/** A declared duration is about right: a factor of two up or down. */
const stated = { kindVariance: 0.35, ownVariance: 0.15 } as const;

export function situationOf(
  intended: readonly IntendedTask[],
  present: readonly PresentAgent[],
  knowledge: Knowledge = {},
): { readonly situation: Situation } | { readonly refused: Refused } {
  const numbers = new Map<string, number>();
  for (const [number, { id }] of intended.entries()) {
    if (numbers.has(id))
      return { refused: { taskId: id, reason: "there twice", detail: `there are two tasks ${id}` } };
    numbers.set(id, number);
  }
  const graph = graphOf(intended, numbers);
  if ("refused" in graph) return graph;
  const circle = circleIn(graph, intended);
  if (circle !== undefined) return { refused: circle };
  const demands = [...new Set(intended.map(({ demand }) => demand))];
  const demandNumbers = new Map(demands.map((demand, number) => [demand, number]));
  const agentNumbers = new Map(present.map(({ id }, number) => [id, number]));
  const agents = present.map(({ id, slowness }) => ({
    agentId: id,
    ...(slowness === undefined ? {} : { slowness }),
  }));
  const fleet = fleetFrom(present, demands, knowledge.times);
  const known = expectations(intended, knowledge.times);
  const work: Work = {
    graph,
    sizesMs: known.meansMs,
    demands: intended.map(({ demand }) => demandNumbers.get(demand) ?? 0),
    pinned: intended.map(({ agentId }) =>
      agentId === undefined ? -1 : (agentNumbers.get(agentId) ?? present.length),
    ),
  };
  const prepared = prepare(work, fleet);
  if ("impossible" in prepared) {
    const { task, reason } = prepared.impossible;
    const { id = "", demand = "", demandText = demand, agentId } = intended[task] ?? {};
    const agentText =
      agentId === undefined ? `an agent for ${demandText}` : `${agentId} and that it can do ${demandText}`;
    return { refused: { taskId: id, reason, detail: `task ${id} needs ${agentText}: there is none` } };
  }
  const tasks = intended.map(describedOf);
  const slots = prepared.problem.slots;
  const busy = present.reduce((sum, agent) => sum + Math.min(agent.slots, agent.busyMs?.length ?? 0), 0);
  return {
    situation: {
      taskIds: intended.map(({ id }) => id),
      agentIds: present.map(({ id }) => id),
      work,
      fleet,
      problem: prepared.problem,
      tasks,
      agents,
      mediansMs: known.mediansMs,
      kindVariance: known.kindVariance,
      ownVariance: known.ownVariance,
      ...perAgent(tasks, present, knowledge, known.failureProbability),
      finds: Float64Array.from(intended, ({ finds = 0 }) => finds),
      repeatable: intended.length > 0 && intended.every(({ repeatable = false }) => repeatable),
      moneyPerMs: Float64Array.from(present, ({ moneyPerMs = 0 }) => moneyPerMs),
      load: slots === 0 ? 0 : busy / slots,
    },
  };
}

function describedOf({
  id,
  demand,
  capability = demand,
  within = [],
  inputBytes = 0,
}: IntendedTask): Described {
  return { capability: capability === "" ? id : capability, within, inputBytes };
}

function graphOf(
  intended: readonly IntendedTask[],
  numbers: ReadonlyMap<string, number>,
): Graph | { readonly refused: Refused } {
  const after: number[][] = intended.map(() => []);
  for (const [number, { id, needs }] of intended.entries()) {
    for (const need of new Set(needs)) {
      const from = numbers.get(need);
      if (from === undefined)
        return {
          refused: {
            taskId: id,
            reason: "unknown need",
            detail: `task ${id} needs ${need}: there is no such task`,
          },
        };
      after[from]?.push(number);
    }
  }
  const offsets = new Uint32Array(intended.length + 1);
  after.forEach((those, number) => {
    offsets[number + 1] = (offsets[number] ?? 0) + those.length;
  });
  return { offsets, targets: Uint32Array.from(after.flat()) };
}

/** Returns one cycle, in its order. */
function circleIn({ offsets, targets }: Graph, intended: readonly IntendedTask[]): Refused | undefined {
  const missing = new Uint32Array(intended.length);
  for (let edge = 0; edge < targets.length; edge++)
    missing[targets[edge] ?? 0] = (missing[targets[edge] ?? 0] ?? 0) + 1;
  const ready = [...missing.keys()].filter((task) => missing[task] === 0);
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const target = targets[edge] ?? 0;
      missing[target] = (missing[target] ?? 0) - 1;
      if (missing[target] === 0) ready.push(target);
    }
  }
  const first = missing.findIndex((count) => count > 0);
  if (first === -1) return undefined;
  // Each remaining task needs a remaining one, so a walk along needs returns to a visited task.
  const remaining = new Map(
    intended.flatMap((task, number) => (missing[number] === 0 ? [] : [[task.id, task]])),
  );
  const path: string[] = [];
  for (let id = intended[first]?.id ?? ""; !path.includes(id); ) {
    path.push(id);
    id = remaining.get(id)?.needs.find((need) => remaining.has(need)) ?? id;
  }
  const last = remaining.get(path.at(-1) ?? "")?.needs.find((need) => remaining.has(need)) ?? "";
  const circle = path.slice(path.indexOf(last));
  return {
    taskId: circle[0] ?? "",
    reason: "in a circle",
    detail: `${[...circle, circle[0]].join(" needs ")}`,
  };
}

function fleetFrom(
  present: readonly PresentAgent[],
  demands: readonly string[],
  estimates: Estimates | undefined,
): Fleet {
  const slowness = present.map(({ id, slowness: own }) => own ?? estimates?.slowness(id) ?? 1);
  return {
    slots: present.map(({ slots }) => slots),
    paces: demands.flatMap((demand) =>
      present.map(({ satisfiedDemands }, agent) =>
        satisfiedDemands.has(demand) ? (slowness[agent] ?? 1) : Number.POSITIVE_INFINITY,
      ),
    ),
    slotFreeMs: present.flatMap(({ slots, busyMs = [] }) =>
      Array.from({ length: slots }, (_, slot) => Math.max(0, busyMs[slot] ?? 0)),
    ),
  };
}

function expectations(intended: readonly IntendedTask[], estimates: Estimates | undefined) {
  const size = intended.length;
  const meansMs = new Float64Array(size);
  const mediansMs = new Float64Array(size);
  const kindVariance = new Float64Array(size);
  const ownVariance = new Float64Array(size);
  const failureProbability = new Float64Array(size);
  for (const [task, each] of intended.entries()) {
    const estimate = estimates?.estimate({ ...describedOf(each), agentId: "" });
    const author = each.statedMs === undefined || each.statedMs <= 0 ? undefined : each.statedMs;
    if (estimate !== undefined && (author === undefined || estimate.basis === describedOf(each).capability)) {
      const variance = Math.min(2.5, estimate.deviation ** 2);
      mediansMs[task] = estimate.medianMs;
      kindVariance[task] = variance * (1 - estimate.confidence);
      ownVariance[task] = variance * estimate.confidence;
    } else {
      const guess = author === undefined ? unknown : stated;
      mediansMs[task] = author ?? unknown.medianMs;
      kindVariance[task] = guess.kindVariance;
      ownVariance[task] = guess.ownVariance;
    }
    failureProbability[task] = estimate?.failureProbability ?? 0;
    meansMs[task] =
      (mediansMs[task] ?? 0) * Math.exp(((kindVariance[task] ?? 0) + (ownVariance[task] ?? 0)) / 2);
  }
  return { meansMs, mediansMs, kindVariance, ownVariance, failureProbability };
}

/** Without known qualities, attempts that do not fail are good. */
function perAgent(
  tasks: readonly Described[],
  present: readonly PresentAgent[],
  { use, quality }: Knowledge,
  failureProbability: Float64Array,
) {
  const numbers = new Map<string, number>();
  const kinds: { readonly described: Described; readonly failure: number }[] = [];
  const kindOf = Uint32Array.from(tasks, (described, task) => {
    const known = numbers.get(described.capability);
    if (known !== undefined) return known;
    numbers.set(described.capability, kinds.length);
    return kinds.push({ described, failure: failureProbability[task] ?? 0 }) - 1;
  });
  const qualities = new Float64Array(kinds.length * present.length);
  const money = new Float64Array(kinds.length * present.length).fill(Number.NaN);
  kinds.forEach(({ described, failure }, kind) => {
    present.forEach(({ id: agentId }, agent) => {
      const at = kind * present.length + agent;
      const subject = { ...described, agentId };
      qualities[at] = quality?.estimate(subject).mean ?? 1 - failure;
      money[at] = use?.estimate("money", subject)?.mean ?? Number.NaN;
    });
  });
  return { kindOf, quality: qualities, money };
}
