/**
 * Steps of a run without the usual checks and journal. For runs that are too large to compare at every step,
 * and for measuring the cost of the machine itself.
 */

import type { Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { type BeginRun, CompleteTask, FailTask, RunPhase } from "@tutti/contracts/workflow/v1";
import type { InstanceKey, Machine, MachineEvent, MachineStep, Outstanding } from "@tutti/kernel";
import type { RunEffect } from "../core/state/effects.ts";
import type { Run } from "../core/state/state.ts";
import { beginRun } from "../life/control/commands.ts";
import { completeTask, failTask } from "../life/results/attempts.ts";
import { runKey } from "./scene.ts";

const writerKeptBytes = 4 * 1024 * 1024;
const dueKept = 4_096;

export class PlainStep implements MachineStep<Run, RunEffect>, Outstanding<RunEffect> {
  readonly key: InstanceKey = runKey;
  readonly behaviour: number;
  readonly cause: Cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
  readonly #machine: Machine<Run, RunEffect>;
  readonly #writer = new FlatWriter(writerKeptBytes);
  readonly #settles = { number: 0, attempt: 0 };
  /** Pending effects: number and attempt alternate. */
  readonly #due: number[] = [];
  #dueAt = 0;
  readonly #offered = new Map<number, string>();
  /** Returns whether a task fails. Absent if none does. */
  readonly fails: ((taskId: string) => boolean) | undefined;
  readonly #timers = new Map<number, number>();
  settles: { readonly number: number; readonly attempt: number } | undefined;
  nowMs = 1_767_225_600_000;
  state: Run;
  events = 0;
  bytes = 0;

  constructor(machine: Machine<Run, RunEffect>, fails?: (taskId: string) => boolean) {
    this.#machine = machine;
    this.behaviour = machine.behaviour;
    this.fails = fails;
    this.state = machine.create(this.key);
  }

  start(body: BeginRun): void {
    this.state = this.#machine.create(this.key);
    this.settles = undefined;
    beginRun.decide(this.state, body, this);
  }

  /** Simulates a restart: the state from its snapshot, with its outstanding effects and timers. */
  reload(): void {
    const { snapshots } = this.#machine;
    this.state = snapshots.decode(snapshots.encode(this.state), snapshots.version);
    this.#due.length = 0;
    this.#dueAt = 0;
    this.#timers.clear();
    this.#machine.recover(this.state, this);
  }

  /** Drops the rest of the run. */
  reset(): void {
    this.state = this.#machine.create(this.key);
  }

  /** Completes all offers, and advances the time if there is none. Returns the number of completed tasks. */
  finish(output: Uint8Array): number {
    const body = CompleteTask.fromPartial({ output, agent: "agent-1" });
    this.settles = this.#settles;
    let done = 0;
    while (this.state.phase !== RunPhase.RUN_PHASE_ENDED) {
      if (this.#dueAt === this.#due.length) {
        if (!this.#expireNext()) return done;
        continue;
      }
      this.#settles.number = this.#due[this.#dueAt++] ?? 0;
      this.#settles.attempt = this.#due[this.#dueAt++] ?? 0;
      this.#shrink();
      this.#completeTask(body);
      done += 1;
    }
    return done;
  }

  /** Removes completed tasks from the queue: in a graph the queue never empties. */
  #shrink(): void {
    if (this.#dueAt < dueKept && this.#dueAt < this.#due.length) return;
    this.#due.splice(0, this.#dueAt);
    this.#dueAt = 0;
  }

  #completeTask(body: CompleteTask): void {
    const taskId = this.fails === undefined ? "" : (this.#offered.get(this.#settles.number) ?? "");
    if (this.fails?.(taskId) !== true) completeTask.decide(this.state, body, this);
    else
      failTask.decide(
        this.state,
        FailTask.fromPartial({ error: { code: `test.${taskId}`, message: "broken" } }),
        this,
      );
  }

  #expireNext(): boolean {
    const [first] = this.#timers;
    if (first === undefined) return false;
    const [number, dueMs] = first;
    this.nowMs = Math.max(this.nowMs, dueMs);
    this.#machine.expire?.(this.state, number, this);
    return true;
  }

  random(): number {
    return 0.5;
  }

  emit<Body>(event: MachineEvent<Run, RunEffect, Body>, body: Body): void {
    const before = this.#writer.position;
    event.codec.encode(body, this.#writer);
    this.bytes += this.#writer.position - before;
    this.events += 1;
    if (this.#writer.position > writerKeptBytes / 2) this.#writer.reset();
    event.evolve(this.state, body, this);
  }

  send(): void {}

  effect(number: number, attempt: number, effect: RunEffect): void {
    this.#due.push(number, attempt);
    if (this.fails !== undefined && effect.kind === "offer_task") this.#offered.set(number, effect.taskId);
  }

  settled(): void {}

  timer(number: number, dueMs: number): void {
    this.#timers.set(number, dueMs);
  }

  cleared(number: number): void {
    this.#timers.delete(number);
  }
}
