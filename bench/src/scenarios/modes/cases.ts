import { Draws } from "@tutti/planner";

/**
 * A session as a user describes it, with its actual course: the tasks that are found while it runs, and the duration of
 * each task.
 */
export interface Case {
  readonly kind: CaseKind;
  readonly tasks: readonly CaseTask[];
  readonly speeds: readonly number[];
}

export interface CaseTask {
  readonly id: string;
  readonly needs: readonly string[];
  /** Key of the estimates. Kinds of tasks repeat in other sessions. */
  readonly capability: string;
  /** Duration at an agent of speed 1. */
  readonly sizeMs: number;
  /** True if the task that it needs finds it. */
  readonly grown: boolean;
}

const caseKinds = ["chains", "bags", "layers", "searches", "mixed"] as const;

export type CaseKind = (typeof caseKinds)[number];

/** Yields kinds of sessions in turn. Each draws its shape, its times and its agents. */
export function* mixedCases(count: number, seed: number): Generator<Case> {
  for (let number = 0; number < count; number++) {
    const kind = caseKinds[number % caseKinds.length] ?? "chains";
    yield drawnCase(kind, new Draws(seed * 100_003 + number));
  }
}

export function drawnCase(kind: CaseKind, draws: Draws): Case {
  const agents = 4 + draws.below(13);
  const speeds = Array.from({ length: agents }, () => 0.5 + 1.5 * draws.next());
  return { kind, tasks: shapes[kind](draws), speeds };
}

/** Draws from a lognormal distribution: the median, and the deviation of the logarithms. */
const lognormal = (draws: Draws, medianMs: number, deviation: number) =>
  medianMs * Math.exp(deviation * draws.normal());

const shapes: Readonly<Record<CaseKind, (draws: Draws) => CaseTask[]>> = {
  /** Sequential steps of a few milliseconds: calls to a database, to a service. */
  chains: (draws) =>
    Array.from({ length: 1 + draws.below(4) }, (_, chain) =>
      chainOf(draws, `chain-${chain}`, 10 + draws.below(30), 3),
    ).flat(),
  /** The same short task for each entry of a list. */
  bags: (draws) =>
    Array.from({ length: 60 + draws.below(300) }, (_, at) => ({
      id: `item-${at}`,
      needs: [],
      capability: "resize",
      grown: false,
      sizeMs: lognormal(draws, 12, 0.5),
    })),
  layers: (draws) => layersOf(draws, "stage", 3 + draws.below(5), 6 + draws.below(18), []),
  /** Each task finds up to four further tasks. */
  searches: (draws) => searchOf(draws, 3 + draws.below(5), 150),
  /** A chain of short steps, then layers of long tasks, then a bag of short ones. */
  mixed: (draws) => {
    const chain = chainOf(draws, "prepare", 15 + draws.below(20), 3);
    const layers = layersOf(draws, "train", 3, 6 + draws.below(10), [chain.at(-1)?.id ?? ""]);
    const needs = layers.slice(-4).map(({ id }) => id);
    const bag = Array.from({ length: 40 + draws.below(80) }, (_, at) => ({
      id: `report-${at}`,
      needs,
      capability: "report",
      grown: false,
      sizeMs: lognormal(draws, 8, 0.5),
    }));
    return [...chain, ...layers, ...bag];
  },
};

function chainOf(draws: Draws, name: string, length: number, medianMs: number): CaseTask[] {
  return Array.from({ length }, (_, at) => ({
    id: `${name}-${at}`,
    needs: at === 0 ? [] : [`${name}-${at - 1}`],
    capability: "step",
    grown: false,
    sizeMs: lognormal(draws, medianMs, 0.4),
  }));
}

/** Returns layers of tasks whose kinds differ by up to a factor of ten. Each needs one to three of the previous layer. */
function layersOf(
  draws: Draws,
  name: string,
  depth: number,
  width: number,
  first: readonly string[],
): CaseTask[] {
  return Array.from({ length: depth * width }, (_, at) => {
    const [layer, place] = [Math.floor(at / width), at % width];
    const needs = new Set(
      Array.from({ length: 1 + draws.below(3) }, () => `${name}-${layer - 1}-${draws.below(width)}`),
    );
    const kind = draws.below(5);
    return {
      id: `${name}-${layer}-${place}`,
      needs: layer === 0 ? first : [...needs],
      capability: `${name}.kind-${kind}`,
      sizeMs: lognormal(draws, 300 * 1.8 ** kind, 0.35),
      grown: false,
    };
  });
}

function searchOf(draws: Draws, roots: number, most: number): CaseTask[] {
  const tasks: CaseTask[] = [];
  const look = (needs: readonly string[]) => ({
    id: `look-${tasks.length}`,
    needs,
    capability: "look",
    grown: needs.length > 0,
    sizeMs: lognormal(draws, 25, 0.6),
  });
  for (let root = 0; root < roots; root++) tasks.push(look([]));
  for (let at = 0; at < tasks.length && tasks.length < most; at++)
    for (
      let found = draws.below(4) - (draws.next() < 0.35 ? 1 : 0);
      found > 0 && tasks.length < most;
      found--
    )
      tasks.push(look([tasks[at]?.id ?? ""]));
  return tasks;
}
