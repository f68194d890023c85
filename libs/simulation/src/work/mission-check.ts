/**
 * One mission as its durable events show it: the state that the machine folds from them, which agents and
 * people of the load see, and the invariants of each event.
 *
 * 1. Only the holder of a claim ends, renews, releases, hands off or delegates it, in its present attempt,
 *    before its lease ends. A lease has the requested length and does not end early.
 * 2. A task starts after its needs, not while the mission is paused, exhausted or in trouble, and ends once.
 * 3. The mission books what agents and clients report. What is reserved is the sum of its parts, and spent
 *    and reserved together stay within the limit.
 * 4. A write replaces the version that it names. An agent has one ballot. Two leaders have no lease at the
 *    same time.
 * 5. The events of a command are in one batch.
 */
import type { InstanceKey } from "@tutti/kernel";
import type { Mission } from "@tutti/machine-mission";
import { hasEnded, isBlocked, limitOf, specOf } from "@tutti/machine-mission/testing";
import { isDone, kinds, taskStatusName } from "@tutti/machine-work";
import type { KnownEvent } from "../checks/chronicle.ts";
import { DurableState } from "../checks/durable-state.ts";
import type { AnyMachine } from "../counted/counting.ts";
import { type CausedEvent, checkEvent, rulesBefore } from "./mission-rules.ts";

/** A command emits each of these at most once, in any instance. */
const oncePerCommand = new Set([
  "task_claimed",
  "tasks_added",
  "task_handed_on",
  "entries_written",
  "vote_opened",
  "ballot_cast",
  "budget_reserved",
  "budget_spent",
]);

const slack = 1e-4;

export class MissionCheck {
  readonly id: string;
  readonly findings: string[] = [];
  readonly #durable: DurableState<Mission>;
  /** Batch of each event of a command, by the number of the command and the type of the event. */
  readonly #batches = new Map<string, number>();
  #isPaused = false;

  constructor(machine: AnyMachine, key: InstanceKey) {
    this.id = key.id;
    this.#durable = new DurableState(machine, key);
  }

  get state(): Mission {
    return this.#durable.value;
  }

  get hasStarted(): boolean {
    return this.state.order !== undefined;
  }

  get isOver(): boolean {
    return hasEnded(this.state);
  }

  /** Open tasks and questions, for a report. */
  get open(): string {
    const { tasks, openQuestions, pauseMs } = this.state;
    const open = tasks.filter(({ status }) => !isDone(status));
    return [
      ...open.map(
        ({ spec, status, toAgent, toRole }) => `${spec.id} ${taskStatusName(status)} ${toAgent}${toRole}`,
      ),
      `${openQuestions} open questions`,
      ...(pauseMs > 0 ? ["paused"] : []),
    ].join("; ");
  }

  event(event: KnownEvent, cause: Pick<CausedEvent, "command" | "reportedUse">): void {
    const { type, body, batch, timeMs } = event;
    const { state } = this;
    const caused = { type, body, timeMs, ...cause };
    if (this.isOver && type !== "mission_removed") this.#find(`${type} happens after the end`);
    if (starts.has(type) && (this.#isPaused || isBlocked(state))) this.#find(`${type} while it is held`);
    if (cause.command !== undefined && oncePerCommand.has(type))
      this.#inOneBatch(cause.command.number, type, batch);
    for (const rule of rulesBefore[type] ?? []) this.#find(rule(state, caused));
    const after = checkEvent(state, caused);
    this.#durable.fold(event);
    this.#find(after?.(state));
    if (type === "mission_paused") this.#isPaused = true;
    else if (resumes.has(type)) this.#isPaused = false;
    this.#checkBudget();
    this.#checkParts();
  }

  /** See invariant 2: a part ends with the task that it is part of. */
  #checkParts(): void {
    const { tasks } = this.state;
    for (const { spec, parent, status } of tasks)
      if (!isDone(status) && isDone(tasks[parent]?.status ?? 0)) this.#find(`${spec.id} outlives its parent`);
  }

  /** See invariant 3. */
  #checkBudget(): void {
    const { state } = this;
    const limit = limitOf(state);
    for (const kind of kinds) {
      let parts = 0;
      for (const { reserved } of state.tasks) parts += reserved?.[kind] ?? 0;
      for (const { amounts, spent } of state.reservations.values()) parts += amounts[kind] - spent[kind];
      const { [kind]: reserved } = state.reserved;
      const { [kind]: spent } = state.spent;
      if (Math.abs(parts - reserved) > slack)
        this.#find(`${reserved} ${kind} are reserved, by its parts ${parts}`);
      if (reserved < -slack) this.#find(`${reserved} ${kind} are reserved`);
      if (limit[kind] > 0 && spent + reserved > limit[kind] + slack)
        this.#find(`${spent} ${kind} are spent and ${reserved} reserved of ${limit[kind]}`);
      if (this.isOver && Math.abs(reserved) > slack)
        this.#find(`${reserved} ${kind} are reserved after its end`);
    }
    const max = specOf(state).budget?.maxAgents ?? 0;
    if (max > 0 && state.participants.size > max)
      this.#find(`${state.participants.size} agents participate, at most ${max} may`);
  }

  /** See invariant 5. */
  #inOneBatch(command: number, type: string, batch: number): void {
    const name = `${command} ${type}`;
    const before = this.#batches.get(name);
    this.#batches.set(name, batch);
    if (before !== undefined && before !== batch)
      this.#find(`command ${command} takes effect (${type}) in batch ${before} and in batch ${batch}`);
  }

  #find(problem: string | undefined): void {
    if (problem !== undefined) this.findings.push(problem);
  }
}

const starts = new Set(["task_queued", "child_queued", "task_claimed"]);
const resumes = new Set([
  "mission_resumed",
  "mission_stopped",
  "mission_terminated",
  "mission_completed",
  "mission_failed",
  "mission_cancelled",
]);
