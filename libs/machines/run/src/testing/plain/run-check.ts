/**
 * Compares a run, event by event, with the plain interpreter. The order of ends and the acts of people are
 * taken from the events. Their effects, and the effects that the run requests, must be those of the
 * interpreter.
 */

import { isDeepStrictEqual } from "node:util";
import type {
  ProgressSavedV1,
  RunResetV1,
  RunRetriedV1,
  StateEnteredV1,
  UpdateTakenV1,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { InstanceKey, Machine, Outstanding } from "@tutti/kernel";
import { isLasting, type RunEffect } from "../../core/state/effects.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { effectNumber, effectTags, nodeOfEffect } from "../../core/state/numbers.ts";
import { taskIdOf } from "../../core/state/places.ts";
import type { Run } from "../../core/state/state.ts";
import { answerMs } from "../../kinds/cache/events.ts";
import { type SnapshotReply, showSnapshot } from "../../life/queries/snapshot.ts";
import { jsonOf } from "../json.ts";
import { compareEnding, isEnded } from "./compare.ts";
import { momentOf, type ObservedEvent, timeOf } from "./moment-of.ts";
import type { Act, Moment } from "./moments.ts";
import { plainJson, text } from "./plain-json.ts";
import { PlainPast } from "./plain-past.ts";
import { type PlainOrder, PlainRun, type PlainUndo } from "./plain-run.ts";
import { totalMsOf } from "./plain-times.ts";
import { StartTimes } from "./start-times.ts";

const nothing: Outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };

/** Identifies an attempt: its effect, and its number. */
export interface Attempt {
  readonly number: number;
  readonly attempt: number;
}

/** Facts of an attempt. */
interface KnownAttempt {
  readonly taskId: string;
  readonly visit: number;
  /** Number in this visit, from 1. */
  readonly attempt: number;
  readonly input: Json;
  /** Data that an earlier attempt saved. */
  readonly saved: string | undefined;
}

export class RunCheck {
  /** Differences, in words. */
  readonly findings: string[] = [];
  plain: PlainRun;
  readonly #key: InstanceKey;
  readonly #machine: Machine<Run, RunEffect>;
  readonly #order: PlainOrder;
  readonly #isTimeExact: boolean;
  /** Folded state of the events. */
  readonly #run: Run;
  readonly #undone: { readonly taskId: string; readonly isDone: boolean }[] = [];
  /** Compensations before the reset. */
  #undoneBefore: readonly PlainUndo[] = [];
  readonly #trail: string[] = [];
  readonly #attempts = new Map<string, KnownAttempt>();
  readonly #startTimes = new StartTimes();
  /** Number of compensations of the interpreter that precede the event of the reset. */
  #undoneInPast = 0;
  #wasReset = false;
  readonly #past: PlainPast;
  readonly #history: { readonly type: string; readonly version: number; readonly body: unknown }[] = [];

  /** @param isTimeExact whether there is only one clock */
  constructor(machine: Machine<Run, RunEffect>, key: InstanceKey, order: PlainOrder, isTimeExact = false) {
    this.#order = order;
    this.#past = new PlainPast(order);
    this.#isTimeExact = isTimeExact;
    this.plain = new PlainRun(order);
    this.#machine = machine;
    this.#key = key;
    this.#run = machine.create(key);
  }

  /** Number of events that it has seen. */
  get events(): number {
    return this.#history.length;
  }

  /** Handles an event of the journal. */
  event(type: string, version: number, body: unknown): void {
    this.#fold(this.#run, type, version, body);
    this.#history.push({ type, version, body });
    const { node = -1 } = body as { readonly node?: number };
    const observed: ObservedEvent = {
      type,
      body,
      taskId: node < 0 ? "" : taskIdOf(this.#run, node),
      status: this.#run.nodes[node]?.status,
    };
    this.#past.observe(observed);
    if (type === "run_reset") this.#reset((body as RunResetV1).toEvent);
    else if (type === "run_retried") this.#retried((body as RunRetriedV1).nodes);
    else this.#follow(observed);
    this.#recordTimes(observed, node);
  }

  /** Checks an offered attempt against the interpreter. */
  offered(attempt: Attempt, effect: RunEffect): void {
    if (isLasting(effect)) return;
    // The start of a child without a waiting task may be requested again.
    if (stateOfKind(this.#run.nodes[nodeOfEffect(attempt.number)], "child")?.startsAlone === true) return;
    const known = this.attempt(attempt);
    if (known === undefined) {
      this.#find(`${effect.taskId} is offered without a record of that`);
      return;
    }
    const input = effect.input instanceof Uint8Array ? jsonOf(effect.input) : null;
    const saved = effect.kind === "offer_task" ? textOf(effect.saved) : undefined;
    if (saved !== known.saved)
      this.#find(
        `${known.taskId} continues from ${saved ?? "nothing"}, expected ${known.saved ?? "nothing"}`,
      );
    if (!isDeepStrictEqual(input, plainJson(known.input)))
      this.#find(`${known.taskId} works on ${text(input)}, expected ${text(known.input)}`);
  }

  /** Returns the facts of an attempt. */
  attempt({ number, attempt }: Attempt): KnownAttempt | undefined {
    return this.#attempts.get(`${number}#${attempt}`);
  }

  /** Returns the state after a share of the events, and at least the first: a target for a reset. */
  stateAfter(share: number): { readonly event: number; readonly snapshot: Uint8Array } {
    const ends = this.#past.ends();
    const event = ends[Math.floor(share * ends.length)] ?? this.events;
    const run = this.#machine.create(this.#key);
    for (const { type, version, body } of this.#history.slice(0, event)) this.#fold(run, type, version, body);
    const { bytes } = showSnapshot.answer(run, undefined, { key: this.#key, nowMs: 0 }) as SnapshotReply;
    return { event, snapshot: bytes };
  }

  get hasEnded(): boolean {
    return isEnded(this.#run, this.#key);
  }

  /** The current run. */
  get run(): Run {
    return this.#run;
  }

  /** Compares the response to an act of a person with the expected one. */
  answered(act: Act, refused: string | undefined, expected: string | undefined): void {
    if (refused !== expected)
      this.#find(`${text(act)} was ${refused ?? "taken"}, expected it to be ${expected ?? "taken"}`);
  }

  /** Checks a run without pending actions: everything that can continue has continued. */
  rest(): void {
    const lying = this.plain.work.unconsumedSignal();
    if (lying !== undefined && this.plain.phase === "going")
      this.#find(`${lying} waits for a signal that is there`);
  }

  /** Checks an ended run: everything must match the interpreter. */
  finish(): void {
    const undone = this.#allUndone();
    this.findings.push(
      ...compareEnding(this.#run, this.#key, this.plain, this.#order),
      ...differs(
        "undone was",
        this.#undone,
        undone.map(({ task, isDone }) => ({ taskId: task.id, isDone })),
      ),
      // After a reset to the middle of a step, it enters a state again that the interpreter entered in one
      // moment.
      ...(this.#wasReset ? [] : differs("states were", this.#trail, this.plain.states?.trail ?? [])),
    );
  }

  #fold(run: Run, type: string, version: number, body: unknown): void {
    const declared = this.#machine.events.find((event) => event.type === type && event.version === version);
    declared?.evolve(run, body, nothing);
  }

  /** Returns all compensations of the interpreter, in their order. */
  #allUndone(): readonly PlainUndo[] {
    return [...this.#undoneBefore, ...this.plain.undone.slice(this.#undoneInPast)];
  }

  #follow(observed: ObservedEvent): void {
    const { type, body, taskId } = observed;
    if (type === "undo_queued") this.plain.choose(taskId);
    const moment = momentOf(this.plain, observed) ?? timeOf(this.plain, observed);
    if (moment !== undefined) this.#apply(moment, observed);
    if (type === "task_completed" || type === "signal_taken") this.#checkEnd(taskId, "");
    if (type === "task_failed")
      this.#checkEnd(taskId, (body as { readonly error?: { readonly code: string } }).error?.code ?? "");
    if (type === "undo_completed") this.#undone.push({ taskId, isDone: true });
    if (type === "undo_failed") this.#undone.push({ taskId, isDone: false });
    if (type === "progress_saved") this.#saved(taskId, (body as ProgressSavedV1).saved);
    if (type === "update_taken") this.#updated(body as UpdateTakenV1);
    if (type === "state_entered")
      this.#trail.push(this.#run.plan?.plan.states[(body as StateEnteredV1).state]?.name ?? "");
  }

  #apply(moment: Moment, { body }: ObservedEvent): void {
    if (moment.kind === "timed out" && this.#isTimeExact) this.#checkTime(moment.taskId, body);
    const { endMs = 0 } = body as { readonly endMs?: number };
    if ("taskId" in moment && this.#isTimeExact && endMs > 0) this.#checkLate(moment.taskId, endMs);
    const isLate = moment.kind === "signal taken" && this.plain.task(moment.taskId)?.status !== "running";
    const repeated = isLate ? this.#past.withConsumedSignal(moment) : undefined;
    if (repeated !== undefined) {
      this.plain = repeated;
      return;
    }
    const problem = this.plain.apply(moment, endMs);
    this.#past.record(moment, endMs);
    if (problem !== undefined) this.#find(problem);
  }

  /** Checks that nothing runs longer than its timeout. */
  #checkLate(taskId: string, endMs: number): void {
    const task = this.plain.task(taskId);
    const mostMs = task === undefined ? 0 : totalMsOf(task.document);
    const startedMs = this.#startTimes.msOf(task);
    if (task?.status !== "running" || mostMs === 0 || startedMs === undefined || this.plain.wasReset) return;
    if (endMs - startedMs > mostMs) this.#find(`${taskId} ran for ${endMs - startedMs} ms`);
  }

  /** Checks that no timeout is too early. */
  #checkTime(taskId: string, body: unknown): void {
    const task = this.plain.task(taskId);
    if (task === undefined) return;
    const { endMs } = body as { readonly endMs: number };
    const startedMs = this.#startTimes.msOf(task) ?? 0;
    const durationMs = endMs - startedMs;
    if (durationMs < totalMsOf(task.document)) this.#find(`${taskId} was given up after ${durationMs} ms`);
  }

  /** Records the facts of attempts, and the start times of visits. */
  #recordTimes({ type, body, taskId }: ObservedEvent, node: number): void {
    const moments = body as Readonly<Record<string, number | undefined>>;
    const { queueMs, beginMs, requestMs, attempt } = moments;
    const task = this.plain.task(taskId);
    const requestedMs = type === "cache_asked" ? (moments["dueMs"] ?? 0) - answerMs : undefined;
    const atMs = requestedMs ?? queueMs ?? beginMs ?? requestMs;
    if (atMs !== undefined && task !== undefined && this.#startTimes.msOf(task) === undefined)
      this.#startTimes.add(task, atMs, this.events);
    if (queueMs === undefined || attempt === undefined) return;
    const isUndo = type === "undo_queued" || this.#run.undoing === node;
    const number = effectNumber(node, isUndo ? effectTags.undo : effectTags.work);
    const input = isUndo ? this.plain.undoInput : (task?.input ?? null);
    const tries = this.#run.nodes[node]?.tries ?? 0;
    this.#attempts.set(`${number}#${attempt}`, {
      taskId,
      visit: task?.visits ?? 0,
      attempt: tries,
      input,
      saved: isUndo ? undefined : task?.saved,
    });
  }

  /** @param code code of its error. Empty for a success */
  #checkEnd(id: string, code: string): void {
    const expected = this.plain.endings.get(id);
    if (expected === code) return;
    const repeated = this.#past.withEnd(id, code);
    if (repeated === undefined) this.#find(`${id} ends with "${code}", expected "${expected ?? "no end"}"`);
    else this.plain = repeated;
  }

  #saved(taskId: string, saved: Uint8Array): void {
    const task = this.plain.task(taskId);
    const moment: Moment = { kind: "saved", taskId, saved: textOf(saved) ?? "" };
    if (task?.status === "running" && saved.length > 0)
      this.#apply(moment, { type: "progress_saved", body: {}, taskId });
  }

  #updated({ vars, answer }: UpdateTakenV1): void {
    for (const [name, value] of Object.entries(vars)) {
      const expected = this.plain.facts.vars[name];
      if (this.plain.states === undefined && !isDeepStrictEqual(jsonOf(value), expected))
        this.#find(`the variable ${name} is ${text(jsonOf(value))}, expected ${text(expected)}`);
    }
    const expected = this.plain.acts.answer;
    if (!isDeepStrictEqual(jsonOf(answer), plainJson(expected)))
      this.#find(`the update is answered with ${text(jsonOf(answer))}, expected ${text(expected)}`);
  }

  /** Checks that exactly the unsuccessful and the named tasks are repeated. */
  #retried(nodes: readonly number[]): void {
    const ids = nodes.map((node) => taskIdOf(this.#run, node));
    const unwell = this.plain.acts.unwell().map(({ id }) => id);
    const missing = unwell.filter((id) => !ids.includes(id));
    if (missing.length > 0) this.#find(`${missing.join(", ")} did not do well, and is not done again`);
    const taskIds = ids.filter((id) => !unwell.includes(id));
    this.#apply({ kind: "retry", taskIds }, { type: "run_retried", body: {}, taskId: "" });
  }

  /** Resets the check to an event. */
  #reset(toEvent: number): void {
    this.#undoneBefore = this.#allUndone();
    this.#wasReset = true;
    const hadEnded = this.plain.phase === "ended";
    this.#undoneInPast = this.#past.at(toEvent).undone.length;
    this.#past.record({ toEvent, hadEnded });
    this.plain = this.#past.at(this.events);
    this.#startTimes.revert(this.plain.tasks, toEvent, this.events);
    this.#recordAll();
  }

  /**
   * Running attempts have new numbers after a reset. The earlier ones stay recorded: a former owner may still
   * offer them.
   */
  #recordAll(): void {
    for (const node of this.#run.nodes) {
      if (node === undefined || node.attempt === 0) continue;
      const taskId = taskIdOf(this.#run, node.number);
      const task = this.plain.task(taskId);
      const known = { taskId, visit: task?.visits ?? 0, attempt: node.tries };
      for (const tag of [effectTags.work, effectTags.undo]) {
        const input = tag === effectTags.undo ? this.plain.undoInput : (task?.input ?? null);
        const name = `${effectNumber(node.number, tag)}#${node.attempt}`;
        if (this.#attempts.has(name)) continue;
        this.#attempts.set(name, {
          ...known,
          input,
          // A compensation starts without saved data.
          saved: tag === effectTags.undo ? undefined : task?.saved,
        });
      }
    }
  }

  #find(finding: string): void {
    this.findings.push(finding);
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined || bytes.length === 0 ? undefined : new TextDecoder().decode(bytes);
}

function differs(label: string, found: unknown, expected: unknown): string[] {
  return isDeepStrictEqual(found, expected) ? [] : [`${label} ${text(found)}, expected ${text(expected)}`];
}
