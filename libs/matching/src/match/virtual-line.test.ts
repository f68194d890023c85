/** Sessions are predicted with a model of a pool (`InLine` of the planner): it has to decide as pools do. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Assignment,
  type Dispatcher,
  Draws,
  execute,
  fleetOf,
  InLine,
  type Problem,
  prepare,
} from "@tutti/planner";
import { Arena, type Sender, type TestAgent } from "../testing/arena.ts";

/** Tasks of earlier work: no task of the problem has such a number. */
const before = 100_000;

/** A real pool behind the interface of dispatchers. */
class PoolDispatcher implements Dispatcher {
  readonly #arena = new Arena();
  readonly #sender: Sender;
  readonly #agents: readonly TestAgent[];
  readonly #readCounts: number[];
  readonly #assignments: Assignment[] = [];
  readonly #startMs: number;
  /** Agents in the order in which they were given a task before. */
  readonly lastUseOrder: readonly number[];

  constructor({ agents, agentOfSlot }: Problem) {
    this.#sender = this.#arena.sender();
    this.#startMs = this.#arena.nowMs;
    const slotsOf = (agent: number) => agentOfSlot.filter((other) => other === agent).length;
    this.#agents = Array.from({ length: agents }, (_, agent) =>
      this.#arena.agent(`agent-${agent}`, { slots: slotsOf(agent), credit: 10_000 }),
    );
    const order: number[] = [];
    for (let at = 0; at < agents; at++) {
      this.#sender.offer(before + at);
      this.#arena.turn();
      order.push(
        this.#agents.findIndex((agent, number) => agent.assigned.length > 0 && !order.includes(number)),
      );
    }
    this.lastUseOrder = order;
    for (const agent of this.#agents) for (const number of agent.taskNumbers) agent.sendResult(number);
    this.#arena.turn();
    this.#readCounts = this.#agents.map(({ assigned }) => assigned.length);
  }

  ready(task: number, nowMs: number): void {
    this.#arena.nowMs = this.#startMs + nowMs;
    this.#sender.offer(task);
  }

  recordEnd(task: number, agent: number, _durationMs: number, nowMs: number): void {
    this.#arena.nowMs = this.#startMs + nowMs;
    this.#agents[agent]?.sendResult(task);
  }

  lost(): void {
    throw new Error("expected agents that stay");
  }

  next(): Assignment | undefined {
    this.#arena.turn();
    this.#agents.forEach(({ taskNumbers }, agent) => {
      for (const task of taskNumbers.slice(this.#readCounts[agent])) this.#assignments.push({ task, agent });
      this.#readCounts[agent] = taskNumbers.length;
    });
    return this.#assignments.shift();
  }
}

describe("a simulated queue of a pool", () => {
  it("assigns the same tasks to the same agents at the same times as the pool", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const problem = randomProblem(new Draws(seed));
      const pool = new PoolDispatcher(problem);
      const line = new InLine(problem, {
        first: "ready",
        by: "leastLoaded",
        lastUseOrder: pool.lastUseOrder,
      });
      const [really, virtually] = [execute(problem, pool), execute(problem, line)];
      assert.equal(really.unfinished, 0);
      assert.deepEqual([...virtually.agentOf], [...really.agentOf], `seed ${seed}`);
      assert.deepEqual([...virtually.endMs], [...really.endMs], `seed ${seed}`);
    }
  });
});

/** Times differ by whole milliseconds so that no two events coincide by chance. */
function randomProblem(draws: Draws): Problem {
  const size = 10 + draws.below(50);
  const targets: number[][] = Array.from({ length: size }, () => []);
  for (let task = 1; task < size; task++)
    for (let need = draws.below(3); need > 0; need--) targets[draws.below(task)]?.push(task);
  const offsets = [0];
  for (const those of targets) offsets.push((offsets.at(-1) ?? 0) + new Set(those).size);
  const graph = { offsets, targets: targets.flatMap((those) => [...new Set(those)]) };
  const speeds = Array.from({ length: 2 + draws.below(5) }, () => 0.5 + 1.5 * draws.next());
  const sizesMs = Array.from({ length: size }, () => 1 + 30 * draws.next());
  const prepared = prepare({ graph, sizesMs }, fleetOf(speeds, 1 + draws.below(3)));
  if (!("problem" in prepared)) throw new Error("expected agents that offer every capability");
  return prepared.problem;
}
