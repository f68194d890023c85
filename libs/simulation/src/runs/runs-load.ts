/**
 * Runs of workflows as a load: drawn definitions, agents that follow a script, people who act on runs, and
 * the plain interpreter. The interpreter follows durable events and predicts the results.
 *
 * 1. Tasks and runs end as the interpreter predicts: status, output, error and order of compensations.
 * 2. Every attempt has the input that the interpreter predicts, and continues from the saved state.
 * 3. A report about an attempt that has its result has no effect. A report that was confirmed took effect
 *    once.
 * 4. An action of people is refused exactly when the interpreter predicts it.
 */
import { ErrorDetail } from "@tutti/contracts/types/v1";
import {
  CompleteTask,
  FailTask,
  NoteAttempt,
  NoteProgress,
  ReturnTask,
  RunOrder,
} from "@tutti/contracts/workflow/v1";
import { type InstanceKey, isRefusal, type Machine, type Refusal } from "@tutti/kernel";
import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";
import {
  beginRun,
  confirmChild,
  type OfferTask,
  type Run,
  type RunEffect,
  runErrors,
  runMachine,
  type StartChild,
  showEnding,
} from "@tutti/machine-run";
import {
  type Act,
  type Attempt,
  answerOf,
  childRunOf,
  commandOf,
  type DrawnRun,
  expectedActsOf,
  jsonBytes,
  KnownDefinitions,
  orderOf,
  RunCheck,
  resultOfScript,
  runService,
} from "@tutti/machine-run/testing";
import { lostMax } from "@tutti/machine-work";
import type { Outcome } from "@tutti/runtime";
import type { Chronicle, KnownEvent } from "../checks/chronicle.ts";
import type { Counted, CountedAnswer } from "../counted/counted.ts";
import { countsOf } from "../counted/counting.ts";
import type { Load, Operation, Result } from "../load/load.ts";
import type { PlannedRun } from "../plan/plan.ts";
import type { World } from "../world/world.ts";

const lateShare = 0.2;
const noteShare = 0.25;
/** Time in which people act. */
const actsMs = 12_000;

interface KnownRun {
  readonly run: DrawnRun;
  readonly check: RunCheck;
}

/** An action on a run, and the interpreter's prediction for it after each event. */
interface ExpectedAct {
  readonly id: string;
  readonly act: Act;
  readonly codes: Map<number, string | undefined>;
}

export class RunsLoad implements Load {
  readonly service = runService;
  readonly machine: Machine<Run, RunEffect>;
  readonly others = [cache, limit];
  readonly operations: Operation[];
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #plans = new KnownDefinitions();
  /** Drawn runs, their continuations, and their children. */
  readonly #runs = new Map<string, KnownRun>();
  /** Events of runs that have not started yet, such as withdrawals. */
  readonly #early = new Map<string, readonly KnownEvent[]>();
  readonly #answered = new Set<number>();
  readonly #lost = new Map<string, number>();
  readonly #cached: NonNullable<ReturnType<typeof orderOf>["cached"]> = new Map();
  /** Number of the operation that starts a child, by its id. */
  readonly #children = new Map<string, number>();
  /** By the number of the operation. */
  readonly #expectedActs = new Map<number, ExpectedAct>();
  #start: (operation: Operation) => void = () => {};
  /** Share of attempts that fail. */
  readonly #troubles: number;

  constructor(world: World, chronicle: Chronicle, runs: readonly PlannedRun[], troubles: number) {
    this.#world = world;
    this.#chronicle = chronicle;
    this.#troubles = troubles;
    this.machine = runMachine({ plans: this.#plans });
    this.operations = runs
      .map(({ id, atMs, run }) => ({
        atMs,
        account: id,
        command: beginRun.type,
        body: { order: this.#order(id, run) },
      }))
      .sort((one, other) => one.atMs - other.atMs)
      .map((operation, number) => ({ number, ...operation }));
    for (const { id, atMs, run } of runs) this.#plan(id, atMs, run);
  }

  keyOf(id: string): InstanceKey {
    return { namespace: "default", kind: "run", id };
  }

  get lasting(): readonly string[] {
    return [...this.#runs.keys()].filter((id) => this.#chronicle.instance(this.keyOf(id)) !== undefined);
  }

  /** People do the rest. */
  get restless(): string | undefined {
    const open = this.operations.find(({ number }) => !this.#answered.has(number));
    if (open !== undefined) return `operation ${open.number} (${open.command}) has no answer`;
    for (const [id, { check }] of this.#runs) {
      const [action] = check.hasEnded ? [] : expectedActsOf(check.plain);
      if (action !== undefined) this.#act(id, action);
    }
    for (const [id, { check }] of this.#runs) if (!check.hasEnded) return `run ${id} has not ended`;
    return undefined;
  }

  /** Checks invariant 1. */
  event(event: KnownEvent): void {
    const { key, type, version, body } = event;
    if (key.kind !== this.machine.kind) return;
    const { id } = key;
    const known = this.#runs.get(id);
    if (known === undefined) {
      this.#early.set(id, [...(this.#early.get(id) ?? []), event]);
      return;
    }
    const { check } = known;
    check.event(type, version, body);
    for (const [number, expectedAct] of this.#expectedActs)
      if (expectedAct.id === id && !this.#answered.has(number))
        expectedAct.codes.set(check.events, check.plain.refusalOf(expectedAct.act));
    if (type === "run_continued")
      this.#recordContinuation(known, (body as { readonly nextId: string }).nextId);
    this.#report(id, check);
  }

  partitionEvent(): void {}

  onOperation(start: (operation: Operation) => void): void {
    this.#start = start;
  }

  sent(): void {}

  answeredBy(number: number, answer: unknown): void {
    this.#restsOn(number, "the answer to", answer as CountedAnswer);
  }

  /** Checks invariant 4. */
  refusedBy(number: number, refusal: Refusal): void {
    const counted = countsOf(refusal);
    if (counted === undefined) return;
    this.#restsOn(number, "the refusal of", counted);
    const { command } = this.#operation(number);
    const expectedAct = this.#expectedActs.get(number);
    const { code, message } = refusal;
    if (expectedAct === undefined) this.#world.fail("answers", `${command} was refused: ${code}: ${message}`);
    else if (counted.events > 0 && expectedAct.codes.has(counted.events)) {
      const expected = expectedAct.codes.get(counted.events);
      if (code !== expected)
        this.#world.fail(
          "model",
          `${command} was refused with ${code}, expected ${expected ?? "that it is accepted"}`,
        );
    } else if (counted.events === 0 && code !== runErrors.runMissing.code)
      this.#world.fail("answers", `${command} was refused before there was a run: ${code}: ${message}`);
  }

  received(number: number): void {
    this.#answered.add(number);
  }

  /** Checks invariant 2. */
  dispatched({ id }: InstanceKey, effect: unknown, attempt: Attempt): void {
    const check = this.#runs.get(id)?.check;
    check?.offered(attempt, effect as RunEffect);
    this.#report(id, check);
  }

  resultOf(
    { id }: InstanceKey,
    effect: unknown,
    attempt: Attempt,
    random: number,
    isFaultFree: boolean,
  ): Result | undefined {
    const known = effect as RunEffect;
    const run = this.#runs.get(id);
    if (run === undefined) throw new Error(`there is no run ${id}`);
    if (known.kind === "renew_lease" || known.kind === "await_event") return undefined;
    const trouble = isFaultFree ? 1 : random / this.#troubles;
    if (trouble < 0.3) return undefined;
    if (known.kind === "start_child") return this.#startChild(id, run, known, attempt);
    if (trouble < 0.7) return returned({ retryAfterMs: 200, message: "busy" });
    if (trouble < 1 && this.#mayLose(`${id} ${known.taskId} ${attempt.number}`))
      return returned({ lost: true });
    // The remaining randomness decides whether a note is sent first.
    const fraction = (random * 7_919) % 1;
    if (fraction < noteShare) return this.#note(known, fraction);
    const { visit = 1 } = run.check.attempt(attempt) ?? {};
    return resultOfScript(run.run.script, known, visit);
  }

  /** Returns a report of the start, or of progress. */
  #note({ attempt, taskId }: OfferTask, random: number): Result {
    if (random < noteShare / 2) {
      const body = NoteAttempt.fromPartial({ agent: "agent-1", startMs: 1 });
      return { command: "note_attempt", body, isInterim: true };
    }
    const saved = jsonBytes(`${taskId} ${attempt} ${random}`);
    return {
      command: "note_progress",
      body: NoteProgress.fromPartial({ saved, fraction: random, message: "" }),
      isInterim: true,
    };
  }

  /** Checks invariant 3. */
  lateResult(random: number): Result | undefined {
    if (random > lateShare) return undefined;
    const error = ErrorDetail.fromPartial({ code: "t.late", message: "too late" });
    if (random < lateShare / 3) return { command: "fail_task", body: FailTask.fromPartial({ error }) };
    const output = random < lateShare / 2 ? Uint8Array.of(0x7b, 0xff, 0x00) : jsonBytes("too late");
    return { command: "complete_task", body: CompleteTask.fromPartial({ output }) };
  }

  late({ kind }: Outcome): void {
    if (kind === "done") this.#world.fail("once", "a second result of an attempt was accepted");
  }

  checkState(): void {}

  finish(): void {
    for (const [id, { check }] of this.#runs) {
      check.finish();
      this.#report(id, check);
    }
  }

  /** Plans the actions, each after the previous one, at its time. */
  #plan(id: string, atMs: number, { acts }: DrawnRun): void {
    let dueMs = atMs;
    for (const { after, act } of acts) {
      dueMs += (after * actsMs) / acts.length;
      this.#world.at(dueMs, () => this.#act(id, act));
    }
  }

  #act(id: string, act: Act): void {
    const check = this.#runs.get(id)?.check;
    if (check === undefined || (act.kind === "reset" && check.events === 0)) return;
    const { command, body } = commandOf(act, (share) => check.stateAfter(share));
    const number = this.operations.length;
    const codes = new Map([[check.events, check.plain.refusalOf(act)]]);
    this.#expectedActs.set(number, { id, act, codes });
    this.#request(id, command, body);
  }

  /** Records a continued run, which a message starts. After the run was taken back it may exist already. */
  #recordContinuation({ run, check }: KnownRun, id: string): void {
    if (this.#runs.has(id)) return;
    const next: DrawnRun = { ...run, input: check.plain.next, acts: [] };
    const order = orderOf(next, this.#cached, check.plain.facts.incarnation + 1);
    this.#runs.set(id, { run: next, check: new RunCheck(this.machine, this.keyOf(id), order) });
  }

  /** Starts a child as a client, as the service would. The parent is informed after the answer. */
  #startChild(id: string, parent: KnownRun, effect: StartChild, attempt: Attempt): Result | undefined {
    const { childId, taskId: task, parentClose } = effect;
    const number = this.#children.get(childId);
    if (number === undefined) {
      const { visit, attempt: tries } = parent.check.attempt(attempt) ?? { visit: 1, attempt: 1 };
      const answer = answerOf(parent.run.script, task, tries, visit);
      const order = this.#order(childId, childRunOf(effect, answer));
      const body = { order: { ...order, parent: { ...this.keyOf(id), task }, parentClose } };
      this.#children.set(childId, this.#request(childId, beginRun.type, body));
      return undefined;
    }
    if (!this.#answered.has(number)) return undefined;
    return {
      command: confirmChild.type,
      body: { id: childId, hash: "", existed: false, ending: this.#endingOf(childId) },
    };
  }

  /** Returns the end of a child. It was reported long ago, maybe before its parent was taken back. */
  #endingOf(id: string) {
    const check = this.#runs.get(id)?.check;
    if (check === undefined) return undefined;
    const ending = showEnding.answer(check.run, undefined, { key: this.keyOf(id), nowMs: 0 });
    return isRefusal(ending) ? undefined : ending.ending;
  }

  /** Returns the number of the operation. */
  #request(account: string, command: string, body: object): number {
    const number = this.operations.length;
    const operation = { number, atMs: this.#world.elapsedMs, account, command, body };
    this.operations.push(operation);
    this.#start(operation);
    return number;
  }

  /** Records a new run, and returns its order. */
  #order(id: string, run: DrawnRun): RunOrder {
    this.#runs.set(id, {
      run,
      check: new RunCheck(this.machine, this.keyOf(id), orderOf(run, this.#cached)),
    });
    for (const event of this.#early.get(id) ?? []) this.event(event);
    const hash = this.#plans.add(JSON.stringify(run.document));
    return RunOrder.fromPartial({ hash, input: jsonBytes(run.input), idChosen: true });
  }

  #mayLose(task: string): boolean {
    const lost = (this.#lost.get(task) ?? 0) + 1;
    this.#lost.set(task, lost);
    // The last loss fails the task, which its script does not say.
    return lost < lostMax;
  }

  #restsOn(number: number, label: string, { events, digest }: Counted): void {
    const { command, account } = this.#operation(number);
    const name = (): string => `${label} operation ${number} (${command})`;
    this.#chronicle.restsOn(name, this.keyOf(account), { events, digest });
  }

  #operation(number: number): Operation {
    const operation = this.operations[number];
    if (operation === undefined) throw new Error(`there is no operation ${number}`);
    return operation;
  }

  #report(id: string, check: RunCheck | undefined): void {
    const [finding] = check?.findings ?? [];
    if (finding !== undefined) this.#world.fail("model", `${id}: ${finding}`);
  }
}

function returned(fields: Partial<ReturnTask>): Result {
  return { command: "return_task", body: ReturnTask.fromPartial(fields) };
}
