/**
 * Runs of workflows as a load: drawn definitions, agents that follow a script, and the plain interpreter, which follows what
 * becomes durable and says what has to come of it.
 *
 * 1. What ends, how, and with which output, error and order of undoing is what the interpreter says.
 * 2. Every attempt works on what the interpreter says.
 * 3. Nothing comes of what an agent says of an attempt that has its result.
 */
import { ErrorDetail } from "@tutti/contracts/types/v1";
import {
  CancelRun,
  CompleteTask,
  FailTask,
  ReturnTask,
  RunOrder,
  SignalRun,
} from "@tutti/contracts/workflow/v1";
import type { InstanceKey, Machine, Refusal } from "@tutti/kernel";
import {
  beginRun,
  cancelRun,
  confirmChild,
  type Run,
  type RunEffect,
  runErrors,
  runMachine,
  type StartChild,
  signalRun,
} from "@tutti/machine-run";
import {
  childRunOf,
  type DrawnRun,
  jsonBytes,
  KnownDefinitions,
  RunCheck,
  resultOfScript,
  runService,
  signalPayload,
  signalsFor,
} from "@tutti/machine-run/testing";
import type { Outcome } from "@tutti/runtime";
import type { Chronicle, KnownEvent } from "../checks/chronicle.ts";
import type { Load, Operation, Result } from "../load/load.ts";
import type { PlannedRun } from "../plan/plan.ts";
import { witnessOf } from "../witness/witness.ts";
import type { Witnessed, WitnessedAnswer } from "../witness/witnessed.ts";
import type { World } from "../world/world.ts";

/** So often an attempt may be lost before that counts as a failure. */
const lostMax = 3;
const lateShare = 0.2;

export class RunsLoad implements Load {
  readonly service = runService;
  readonly machine: Machine<Run, RunEffect>;
  readonly operations: Operation[];
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #plans = new KnownDefinitions();
  /** Those that were drawn, and their children. */
  readonly #runs = new Map<string, DrawnRun>();
  readonly #checks = new Map<string, RunCheck>();
  readonly #answered = new Set<number>();
  readonly #lost = new Map<string, number>();
  /** Number of the operation that begins a child, by its id. */
  readonly #children = new Map<string, number>();
  #begin: (operation: Operation) => void = () => {};
  /** Share of all attempts that come to nothing. */
  readonly #troubles: number;

  constructor(world: World, chronicle: Chronicle, runs: readonly PlannedRun[], troubles: number) {
    this.#world = world;
    this.#chronicle = chronicle;
    this.#troubles = troubles;
    this.machine = runMachine({ plans: this.#plans });
    const wanted: Omit<Operation, "number">[] = [];
    for (const { id, atMs, cancelMs, run } of runs) {
      wanted.push({ atMs, account: id, command: beginRun.type, body: { order: this.#order(id, run) } });
      const body = CancelRun.fromPartial({ reason: "no longer wanted" });
      if (cancelMs > 0) wanted.push({ atMs: cancelMs, account: id, command: cancelRun.type, body });
    }
    this.operations = wanted
      .sort((one, other) => one.atMs - other.atMs)
      .map((operation, number) => ({ number, ...operation }));
  }

  keyOf(id: string): InstanceKey {
    return { namespace: "default", kind: "run", id };
  }

  get lasting(): readonly string[] {
    return [...this.#runs.keys()].filter((id) => this.#chronicle.instance(this.keyOf(id)) !== undefined);
  }

  get restless(): string | undefined {
    const open = this.operations.find(({ number }) => !this.#answered.has(number));
    if (open !== undefined) return `operation ${open.number} (${open.command}) has no answer`;
    for (const [id, check] of this.#checks) if (!check.hasEnded) return `run ${id} has not ended`;
    return undefined;
  }

  /** See rule 1. */
  event({ key: { id }, type, version, body }: KnownEvent): void {
    const check = this.#checks.get(id);
    check?.event(type, version, body);
    this.#tell(id, check);
  }

  partitionEvent(): void {}

  whenMoreIsWanted(begin: (operation: Operation) => void): void {
    this.#begin = begin;
  }

  sent(): void {}

  answeredBy(number: number, answer: unknown): void {
    this.#restsOn(number, "the answer to", answer as WitnessedAnswer);
  }

  refusedBy(number: number, refusal: Refusal): void {
    const witnessed = witnessOf(refusal);
    if (witnessed === undefined) return;
    this.#restsOn(number, "the refusal of", witnessed);
    const { command } = this.#operation(number);
    const isRight = command !== beginRun.type && comesTooLate.has(refusal.code);
    if (!isRight) this.#world.fail("answers", `${command} was refused: ${refusal.code}: ${refusal.message}`);
  }

  /** What waits for signals gets them once it is there. */
  received(number: number): void {
    this.#answered.add(number);
    const { account, command } = this.#operation(number);
    const document = this.#runs.get(account)?.document;
    if (command !== beginRun.type || document === undefined) return;
    for (const signal of signalsFor(document)) {
      const payload = { body: { $case: "inline" as const, value: jsonBytes(signalPayload) } };
      this.#want(account, signalRun.type, SignalRun.fromPartial({ signal, payload }));
    }
  }

  /** See rule 2. */
  dispatched({ id }: InstanceKey, effect: unknown): void {
    const check = this.#checks.get(id);
    check?.offered(effect as RunEffect);
    this.#tell(id, check);
  }

  resultOf({ id }: InstanceKey, effect: unknown, luck: number, isCalm: boolean): Result | undefined {
    const known = effect as RunEffect;
    const run = this.#runs.get(id);
    if (run === undefined) throw new Error(`there is no run ${id}`);
    const trouble = isCalm ? 1 : luck / this.#troubles;
    if (trouble < 0.3) return undefined;
    if (known.kind === "start_child") return this.#startChild(id, run, known);
    if (trouble < 0.7) return returned({ retryAfterMs: 200, message: "busy" });
    if (trouble < 1 && this.#mayLose(nameOf(id, known))) return returned({ lost: true });
    return resultOfScript(run.script, known);
  }

  /** See rule 3. */
  lateResult(luck: number): Result | undefined {
    if (luck > lateShare) return undefined;
    const error = ErrorDetail.fromPartial({ code: "t.late", message: "too late" });
    if (luck < lateShare / 2) return { command: "fail_task", body: FailTask.fromPartial({ error }) };
    return { command: "complete_task", body: CompleteTask.fromPartial({ output: jsonBytes("too late") }) };
  }

  late({ kind }: Outcome): void {
    if (kind === "done") this.#world.fail("once", "a second result of an attempt was taken");
  }

  checkState(): void {}

  finish(): void {
    for (const [id, check] of this.#checks) {
      check.finish();
      this.#tell(id, check);
    }
  }

  /** A client starts it, as the service would; the parent hears of it when that is answered. */
  #startChild(id: string, parent: DrawnRun, effect: StartChild): Result | undefined {
    const { childId, taskId: task, parentClose } = effect;
    const number = this.#children.get(childId);
    if (number === undefined) {
      const order = this.#order(childId, childRunOf(parent, effect));
      const body = { order: { ...order, parent: { ...this.keyOf(id), task }, parentClose } };
      this.#children.set(childId, this.#want(childId, beginRun.type, body));
      return undefined;
    }
    if (!this.#answered.has(number)) return undefined;
    const body = { id: childId, hash: "", existed: false, ending: undefined };
    return { command: confirmChild.type, body };
  }

  /** Gives the number of the operation. */
  #want(account: string, command: string, body: object): number {
    const number = this.operations.length;
    const operation = { number, atMs: this.#world.elapsedMs, account, command, body };
    this.operations.push(operation);
    this.#begin(operation);
    return number;
  }

  /** A run is known from now on. */
  #order(id: string, run: DrawnRun): RunOrder {
    this.#runs.set(id, run);
    this.#checks.set(id, new RunCheck(this.machine, this.keyOf(id), run));
    const hash = this.#plans.add(JSON.stringify(run.document));
    return RunOrder.fromPartial({ hash, input: jsonBytes(run.input), idChosen: true });
  }

  #mayLose(attempt: string): boolean {
    const lost = (this.#lost.get(attempt) ?? 0) + 1;
    this.#lost.set(attempt, lost);
    return lost <= lostMax;
  }

  #restsOn(number: number, what: string, { events, digest }: Witnessed): void {
    const { command, account } = this.#operation(number);
    const name = (): string => `${what} operation ${number} (${command})`;
    this.#chronicle.restsOn(name, this.keyOf(account), { events, digest });
  }

  #operation(number: number): Operation {
    const operation = this.operations[number];
    if (operation === undefined) throw new Error(`there is no operation ${number}`);
    return operation;
  }

  #tell(id: string, check: RunCheck | undefined): void {
    const [finding] = check?.findings ?? [];
    if (finding !== undefined) this.#world.fail("model", `${id}: ${finding}`);
  }
}

function nameOf(id: string, effect: RunEffect): string {
  return effect.kind === "offer_task" ? `${id} ${effect.taskId} ${effect.attempt}` : id;
}

/** The run has ended by itself, or is not there yet. */
const comesTooLate = new Set<string>([runErrors.runEnded.code, runErrors.runMissing.code]);

function returned(how: Partial<ReturnTask>): Result {
  return { command: "return_task", body: ReturnTask.fromPartial(how) };
}
