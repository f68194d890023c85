/** Random recorded work of a shop: orders with stock, payment and parcel. */
import type { Chance } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { type AttemptFact, definitionTaskOf, type WorkFact } from "./facts.ts";

export interface Shop {
  readonly works: WorkFact[];
  readonly attempts: AttemptFact[];
}

export interface ShopShape {
  readonly definition?: string;
  readonly orders?: number;
  readonly version?: (order: number) => string;
  readonly agents?: readonly string[];
  /** Wait and duration of a task, and whether the attempt fails. */
  readonly queueMs?: (task: string, order: number) => number;
  readonly runMs?: (task: string, order: number) => number;
  readonly fails?: (attempt: {
    task: string;
    agent: string;
    order: number;
    number: number;
    timeMs: number;
  }) => boolean;
  readonly attemptsMax?: number;
  readonly message?: (order: number) => string;
}

export const shopStartMs = Date.UTC(2026, 0, 5);
const everyMs = 60_000;

/** Generates orders: `stock`, then `pay` and `parcel` concurrently, then `mail`. */
export function shop(seed: number, shape: ShopShape = {}): Shop {
  const chance = seededChance(seed);
  const { definition = "order", orders = 200, attemptsMax = 1 } = shape;
  const works: WorkFact[] = [];
  const attempts: AttemptFact[] = [];
  for (let order = 0; order < orders; order++) {
    const id = `${definition}-${order}`;
    const startedMs = shopStartMs + order * everyMs;
    const done = (task: string, queuedMs: number) => attemptsOf(task, queuedMs, { order, id, definition });
    const stock = done("stock", startedMs + 1);
    let ends = [stock];
    if (stock.isDone) {
      ends = [done("pay", stock.endedMs + 1), done("parcel", stock.endedMs + 1)];
      if (ends.every(({ isDone }) => isDone))
        ends = [done("mail", Math.max(...ends.map(({ endedMs }) => endedMs)) + 1)];
    }
    const failure = ends.find(({ isDone }) => !isDone);
    works.push({
      ...{ kind: "run", id, definition, version: shape.version?.(order) ?? "v1", labels: {} },
      ...{ createdMs: startedMs, startedMs, endedMs: Math.max(...ends.map(({ endedMs }) => endedMs)) },
      status: failure === undefined ? "completed" : "failed",
      errorCode: failure === undefined ? "" : "shop.failed",
      errorMessage: failure?.message ?? "",
    });
  }
  return { works, attempts };

  function attemptsOf(task: string, firstMs: number, of: { order: number; id: string; definition: string }) {
    const { order, id } = of;
    let queuedMs = firstMs;
    for (let number = 1; ; number++) {
      const agent = pick(chance, shape.agents ?? ["a", "b", "c"]);
      const startedMs = queuedMs + (shape.queueMs?.(task, order) ?? 5);
      const endedMs = startedMs + (shape.runMs?.(task, order) ?? 100) * (0.8 + 0.4 * chance.random());
      const isFailed = shape.fails?.({ task, agent, order, number, timeMs: endedMs }) ?? false;
      const message = isFailed ? (shape.message?.(order) ?? `order ${order} failed after ${number} ms`) : "";
      attempts.push({
        kind: "run",
        workId: id,
        task,
        definitionTask: definitionTaskOf(task),
        attempt: number,
        definition,
        uses: `shop.${task}`,
        pool: "default",
        ...{ agent, status: isFailed ? "failed" : "completed", queuedMs, startedMs, endedMs },
        ...{ errorCode: isFailed ? "shop.failed" : "", errorMessage: message },
      });
      if (!isFailed || number >= attemptsMax) return { endedMs, isDone: !isFailed, message };
      queuedMs = endedMs + 1_000;
    }
  }
}

/** Runs of a list of twenty entries, one after another. */
export function listRuns(runs: number): Shop {
  const works: WorkFact[] = [];
  const attempts: AttemptFact[] = [];
  for (let run = 0; run < runs; run++) {
    const id = `list-${run}`;
    const startedMs = shopStartMs + run * everyMs;
    const ofWork = { kind: "run", definition: "list", errorCode: "", errorMessage: "", status: "completed" };
    for (let entry = 0; entry < 20; entry++) {
      const task = `ship[${entry}]`;
      const queuedMs = startedMs + entry * 100;
      attempts.push({
        ...{ ...ofWork, workId: id, task, definitionTask: definitionTaskOf(task), attempt: 1 },
        ...{ uses: "shop.ship", pool: "default", agent: "a" },
        ...{ queuedMs, startedMs: queuedMs, endedMs: queuedMs + 100 },
      });
    }
    const times = { createdMs: startedMs, startedMs, endedMs: startedMs + 2_000 };
    works.push({ ...ofWork, id, version: "v1", labels: {}, ...times });
  }
  return { works, attempts };
}

function pick(chance: Chance, list: readonly string[]): string {
  return list[Math.floor(chance.random() * list.length)] ?? "";
}
