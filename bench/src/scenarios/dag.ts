import { RunOrder } from "@tutti/contracts/workflow/v1";
import { checkDocument, type TaskDocument, type WorkflowDocument } from "@tutti/definitions";
import { RunPlan, runMachine } from "@tutti/machine-run";
import { jsonBytes, PlainStep } from "@tutti/machine-run/testing";
import { alternate, type Contestant } from "../measure/rounds.ts";
import { rounded } from "../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../scenario.ts";

type Figures = { readonly usPerTask: number; readonly bytesPerTask: number; readonly heapPerTask: number };

type Shape = readonly [tasks: number, document: WorkflowDocument];

const width = 20;
const counts = [100, 1_000, 10_000, 100_000];

/**
 * The cost of the run machine alone per task: decision, encoding and fold, including the following task. Without
 * journal and agents, the times are processor times, and the bytes are the bytes of the events.
 */
export const dag: Scenario = {
  name: "dag",
  about: "what a run's own decisions cost per task in layered graphs of 100 to 100,000 tasks",
  goals: [
    {
      line: { tasks: 100_000 },
      figure: "overSmallest",
      atMost: 1.2,
      compared: ["usPerTask", "smallestUsPerTask"],
      known: { issue: 28, worst: 3 },
    },
  ],
  run: (budget) =>
    costOf(
      budget,
      (budget.isBrief ? [100, 100_000] : counts).map((count) => [count, layered(count)]),
    ),
};

async function* costOf(budget: Budget, shapes: readonly Shape[]): AsyncGenerator<Result> {
  const found = await costOfGraphs(budget, shapes);
  const smallestUsPerTask = found[0]?.usPerTask ?? Number.NaN;
  for (const { tasks, usPerTask, bytesPerTask, heapPerTask } of found)
    yield {
      variant: `dag, ${tasks} tasks`,
      tasks,
      usPerTask: Math.round(usPerTask * 1_000) / 1_000,
      bytesPerTask: rounded(bytesPerTask),
      heapPerTask: rounded(heapPerTask),
      smallestUsPerTask: Math.round(smallestUsPerTask * 1_000) / 1_000,
      overSmallest: rounded(usPerTask / smallestUsPerTask),
    };
}

/** Measures the cost of a task in each graph, in turn. */
export async function costOfGraphs(
  budget: Budget,
  shapes: readonly Shape[],
): Promise<readonly (Figures & { readonly tasks: number })[]> {
  const contestants = shapes.map(([tasks, document]) => contestant(`${tasks}`, document));
  const figures = await alternate(contestants, budget);
  return shapes.flatMap(([tasks]) => {
    const found = figures.get(`${tasks}`);
    return found === undefined ? [] : [{ ...found, tasks }];
  });
}

const output = jsonBytes({ text: "x".repeat(89) });

function contestant(name: string, document: WorkflowDocument): Contestant<Figures> {
  const { definition, problems } = checkDocument(document);
  if (definition?.plan === undefined)
    throw new Error(`expected a definition without mistakes: ${problems[0]?.message}`);
  const plan = new RunPlan(definition.plan, definition.hash);
  const step = new PlainStep(runMachine({ plans: { plan: () => plan } }));
  const order = RunOrder.fromPartial({ hash: definition.hash, input: output });
  return {
    name,
    async measure(seconds) {
      const untilMs = performance.now() + seconds * 1_000;
      const cpu = process.threadCpuUsage();
      const bytesBefore = step.bytes;
      let tasks = 0;
      do {
        step.start({ order });
        tasks += step.finish(output);
      } while (performance.now() < untilMs);
      const { user, system } = process.threadCpuUsage(cpu);
      const bytes = step.bytes - bytesBefore;
      return { usPerTask: (user + system) / tasks, bytesPerTask: bytes / tasks, heapPerTask: heapOf(step) };
    },
  };
}

/** Returns the heap of the remaining state per node, if the garbage collector can be called. */
function heapOf(step: PlainStep): number {
  const { gc } = globalThis;
  if (gc === undefined || step.state.nodeCount < 1_000) return 0;
  const { nodeCount } = step.state;
  const used = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  step.reset();
  return Math.max(0, before - used()) / nodeCount;
}

/** Returns a chain, in which each task needs the previous one. */
export function chainOf(count: number): WorkflowDocument {
  const tasks: Record<string, TaskDocument> = {};
  for (let at = 0; at < count; at++)
    tasks[`t${at}`] = { uses: "bench.work", needs: at === 0 ? [] : [`t${at - 1}`] };
  return { workflow: "dag", tasks };
}

/** Returns a layered graph, in which each task needs some tasks of the previous layer. */
export function layered(count: number): WorkflowDocument {
  const tasks: Record<string, TaskDocument> = {};
  let random = 7;
  for (let at = 0; at < count; at++) {
    const layer = Math.floor(at / width) * width;
    const needs = new Set<string>();
    for (let each = 0; each < 3 && layer > 0; each++) {
      random = (random * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      needs.add(`t${layer - 1 - (random % width)}`);
    }
    tasks[`t${at}`] = { uses: "bench.work", needs: [...needs] };
  }
  return { workflow: "dag", tasks };
}
