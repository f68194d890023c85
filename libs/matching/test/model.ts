/**
 * A plain model of the duties of a pool: lists that are searched from end to end. It learns from the messages
 * to and from the pool, and finds violations.
 *
 * 1. Every assignment is allowed: capability, version, labels, resources, slots, credit, limits, named
 *    agents.
 * 2. After a turn, no task waits that an agent with room could do.
 * 3. Among tasks with the same demand, none goes before an earlier one.
 * 4. Each task ends once: with one result, or returned, or cancelled. Exactly the tasks of agents that leave
 *    are lost.
 * 5. An agent learns that a result is durable when its sender has confirmed it, or no sender wants it, and
 *    not before.
 */
import assert from "node:assert/strict";
import { type Arena, numberOf, type TestAgent } from "../src/testing/arena.ts";

export interface ModelProfile {
  readonly namespace: string;
  readonly capability: string;
  /** The minimum major version. */
  readonly major: number;
  readonly zone: string;
  readonly gpu: number;
}

export interface ModelTask {
  readonly number: number;
  readonly profile: ModelProfile;
  readonly readyMs: number;
  readonly order: number;
  priority: number;
  readonly limit: string;
  readonly only: readonly string[];
  readonly not: readonly string[];
  stage: "waiting" | "away" | "working" | "ended" | "gone";
  agent: ModelAgent | undefined;
}

export interface ModelAgent {
  readonly id: string;
  readonly real: TestAgent;
  capabilities: readonly string[];
  zone: string;
  slots: number;
  gpu: number;
  credit: number;
  held: boolean;
  isDisconnected: boolean;
  draining: boolean;
  /** The pause after a busy answer lasts at least until the first time, at most until the second. */
  slowFromMs: number;
  slowUntilMs: number;
  here: boolean;
  /** Results in the order sent, by task, and whether each is settled. */
  readonly results: { readonly number: number; settled: boolean }[];
  read: { assigned: number };
}

export const limitMax = 2;
export const ageingMs = 60_000;

export class Model {
  readonly tasks: ModelTask[] = [];
  readonly agents: ModelAgent[] = [];
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  task(number: number): ModelTask {
    const task = this.tasks.find((each) => each.number === number);
    assert.ok(task !== undefined, `task ${number} was offered`);
    return task;
  }

  get present(): ModelAgent[] {
    return this.agents.filter(({ here }) => here);
  }

  workOf(agent: ModelAgent): ModelTask[] {
    return this.tasks.filter((task) => task.agent === agent && task.stage === "working");
  }

  /** Removes an agent: its tasks are lost. Returns their numbers. */
  removeAgent(agent: ModelAgent): number[] {
    const lost = this.workOf(agent).map(({ number }) => number);
    agent.here = false;
    for (const number of lost) this.endTask(number);
    return lost;
  }

  endTask(number: number): void {
    const task = this.task(number);
    assert.equal(task.stage, "working", `task ${number} was running when it ended`);
    task.stage = "ended";
    task.agent = undefined;
  }

  /** Applies the assignments of the last turn. */
  learn(): void {
    const before = this.tasks.filter(({ stage }) => stage === "waiting");
    const assigned: ModelTask[] = [];
    for (const agent of this.agents) {
      const { assigned: frames } = agent.real;
      for (; agent.read.assigned < frames.length; agent.read.assigned++) {
        const token = frames[agent.read.assigned]?.token;
        assert.ok(token !== undefined);
        const task = this.task(numberOf(token));
        assert.equal(task.stage, "waiting", `task ${task.number} waited when it was assigned to ${agent.id}`);
        assert.ok(this.#canRun(agent, task), `${agent.id} may do task ${task.number}`);
        assert.ok(this.#hasRoom(agent, agent.slowFromMs), `${agent.id} has room for task ${task.number}`);
        assert.ok(this.#hasResources(agent, task), `${agent.id} has resources for task ${task.number}`);
        assert.ok(this.#isAllowed(task), `the limit of task ${task.number} has room`);
        task.stage = "working";
        task.agent = agent;
        agent.credit--;
        assigned.push(task);
      }
    }
    this.#checkOrder(before, assigned);
    this.#checkNoTaskWaits();
  }

  #checkOrder(before: readonly ModelTask[], assigned: readonly ModelTask[]): void {
    for (const one of assigned) {
      for (const other of before) {
        if (other.stage !== "waiting" || !hasSameRequirements(one, other)) continue;
        const isBefore = rank(one) < rank(other) || (rank(one) === rank(other) && one.order < other.order);
        assert.ok(isBefore, `task ${one.number} went before ${other.number}`);
      }
    }
  }

  #checkNoTaskWaits(): void {
    for (const task of this.tasks) {
      if (task.stage !== "waiting" || !this.#isAllowed(task)) continue;
      for (const agent of this.present) {
        const able =
          this.#canRun(agent, task) &&
          this.#hasRoom(agent, agent.slowUntilMs) &&
          this.#hasResources(agent, task);
        assert.ok(!able, `task ${task.number} waits although ${agent.id} could do it`);
      }
    }
  }

  #canRun(agent: ModelAgent, { profile, only, not }: ModelTask): boolean {
    const { capability, major, zone } = profile;
    const offers = agent.capabilities.some((offered) => {
      const [name, version = ""] = offered.split("@");
      return name === capability && Number(version.split(".")[0]) >= major;
    });
    if (!offers || (zone !== "" && agent.zone !== zone)) return false;
    return (only.length === 0 || only.includes(agent.id)) && !not.includes(agent.id);
  }

  #hasRoom(agent: ModelAgent, slowMs: number): boolean {
    const { here, held, isDisconnected, draining, credit, slots } = agent;
    if (!here || held || isDisconnected || draining || credit <= 0) return false;
    if (this.#arena.nowMs < slowMs) return false;
    return this.workOf(agent).length < slots;
  }

  #hasResources(agent: ModelAgent, task: ModelTask): boolean {
    const used = this.workOf(agent).reduce((sum, { profile }) => sum + profile.gpu, 0);
    return used + task.profile.gpu <= agent.gpu;
  }

  #isAllowed({ limit, profile }: ModelTask): boolean {
    if (limit === "") return true;
    const running = this.tasks.filter(
      (other) =>
        other.stage === "working" && other.limit === limit && other.profile.namespace === profile.namespace,
    );
    return running.length < limitMax;
  }

  checkDurable(): void {
    // A removed agent gets no messages.
    for (const { id, real, results } of this.present) {
      const open = results.findIndex(({ settled }) => !settled);
      const cumulative = open < 0 ? results.length : open;
      assert.equal(real.durable, cumulative, `results of ${id} that are durable`);
      for (const number of real.durableBeyond) assert.ok(results[number - 1]?.settled, `${number} of ${id}`);
      for (const [at, { settled }] of results.entries())
        if (settled && at >= cumulative) assert.ok(real.durableBeyond.includes(at + 1), `${at + 1} of ${id}`);
    }
  }

  checkStatus(): void {
    const { queued, running } = this.#arena.pool.status(this.#arena.nowMs);
    const count = (...stages: string[]) => this.tasks.filter(({ stage }) => stages.includes(stage)).length;
    assert.equal(queued, count("waiting", "away"), "tasks that wait");
    assert.equal(running, count("working"), "tasks at work");
  }
}

function rank({ readyMs, priority }: ModelTask): number {
  return readyMs - priority * ageingMs;
}

function hasSameRequirements(one: ModelTask, other: ModelTask): boolean {
  const requirements = ({ profile, only, not, limit }: ModelTask) =>
    JSON.stringify([profile, only, not, limit]);
  return one.limit === "" && requirements(one) === requirements(other);
}
