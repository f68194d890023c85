/**
 * Plays requirements of durable execution and reports differences from their expectations.
 *
 * 1. The operations are those of the run's history. A run that executes a task is a scope, with operations of its
 *    own.
 * 2. A cold play gives every turn to another worker, so that each turn replays the code. A hot one has one worker.
 * 3. An operation may have more fields than the requirement expects, but no operation may be missing or added.
 */
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { type Logger, silentLogger, systemDefer, systemTimers } from "@tutti/kernel";
import { TaskFailure } from "../task/failure.ts";
import type { TestEvent } from "../testing/events.ts";
import type { TestHandler } from "../testing/handlers.ts";
import type { TestRun } from "../testing/run.ts";
import { hanging, sleep } from "../testing/waiting.ts";
import { testWorkflow } from "../testing/workflow-test.ts";
import type { FunctionContext } from "./context.ts";
import { type DurableFunction, durable } from "./durable.ts";
import { FunctionHost } from "./host.ts";
import { type PlayedCode, type Playing, type Program, programs } from "./requirement-functions.fixture.ts";
import type { RunOptions } from "./step-options.ts";
import type { TurnInput } from "./wire.ts";

export interface Operation {
  /** `step completed`, `wait ended`, `signal timed out`, `scope failed`, … */
  readonly is: string;
  readonly name?: string;
  /** How long it waits, or waited. */
  readonly seconds?: number | undefined;
  /** The result of a step, a signal, a call or a scope. */
  readonly value?: unknown;
  readonly attempt?: number;
  /** The pause until the next attempt. */
  readonly pauseMs?: number;
  readonly pauseMsMax?: number;
  readonly code?: string;
  readonly message?: string;
  /** Operations in a scope. */
  readonly operations?: readonly Operation[];
}

/** Result of a callback by another system, a time after the function requested it. */
interface Action {
  readonly name: string;
  readonly does: "success" | "failure" | "heartbeat";
  readonly afterSeconds: number;
  readonly payload?: unknown;
  readonly code?: string;
  readonly message?: string;
}

export interface Requirement {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly verdict: "holds" | "does not hold" | "does not apply";
  /** Why it does not hold or apply. */
  readonly reason?: string;
  /** The part of a play that shows that it does not hold. */
  readonly differs?: string;
  /** Why the kit for Python cannot play it. */
  readonly typescriptOnly?: string;
  readonly input: unknown;
  /** Not set: the function is still waiting. */
  readonly status?: "completed" | "failed";
  readonly result?: unknown;
  readonly message?: string;
  readonly actions?: readonly Action[];
  readonly operations?: readonly Operation[];
  readonly replays: number;
  /** How often lines with a text are written. */
  readonly lines?: readonly { readonly text: string; readonly count: number }[];
  /** The retry that steps have by default. */
  readonly defaults?: { readonly attempts: number };
}

export interface Played {
  readonly status: string;
  readonly result: unknown;
  readonly message: string;
  readonly operations: readonly Operation[];
  readonly lines: readonly string[];
  /** How often the work of steps was called. */
  readonly works: number;
  readonly hasCrashed: boolean;
  readonly turns: number;
}

const file = new URL("./requirements.json", import.meta.url);
const secondMs = 1_000;

export function requirements(): readonly Requirement[] {
  return (JSON.parse(readFileSync(file, "utf8")) as { requirements: readonly Requirement[] }).requirements;
}

/** Counts calls of the work of steps, and ends workers. */
class Plays implements Playing {
  readonly #calls = new Map<string, number>();
  /** Ends the worker of the turn that is being made. */
  lose: (reason: Error) => void = () => {};
  hasCrashed = false;

  get works(): number {
    return [...this.#calls.values()].reduce((sum, calls) => sum + calls, 0);
  }

  readonly run = <T>(
    ctx: FunctionContext,
    name: string,
    work: (call: number) => T | Promise<T>,
    options?: RunOptions,
  ): Promise<T> => {
    const counted = () => {
      const call = (this.#calls.get(name) ?? 0) + 1;
      this.#calls.set(name, call);
      return work(call);
    };
    return ctx.run(name, counted, options);
  };

  readonly crash = (): Promise<never> => {
    this.hasCrashed = true;
    this.lose(new TaskFailure("test.worker_lost", "the worker is lost"));
    return new Promise(() => {});
  };
}

/** The worker of a play. A cold one, or one that was lost, has an empty memory. */
class PlayWorker {
  turns = 0;
  readonly #isHot: boolean;
  readonly #plays: Plays;
  #host = newHost();

  constructor(plays: Plays, isHot: boolean) {
    this.#plays = plays;
    this.#isHot = isHot;
  }

  handlerOf(fn: DurableFunction): TestHandler {
    return async (input, task) => {
      this.turns += 1;
      if (!this.#isHot) this.#host = newHost();
      const lost = Promise.withResolvers<never>();
      this.#plays.lose = (reason) => {
        this.#host = newHost();
        lost.reject(reason);
      };
      return Promise.race([this.#host.turn(fn, input as TurnInput, task), lost.promise]);
    };
  }
}

function newHost(): FunctionHost {
  return new FunctionHost({ timers: systemTimers, defer: systemDefer });
}

export async function play(requirement: Requirement, isHot: boolean): Promise<Played> {
  const { id, input, status, actions = [] } = requirement;
  const program = programs.get(id);
  if (program === undefined) throw new Error(`no function for ${id}`);
  const plays = new Plays();
  const worker = new PlayWorker(plays, isHot);
  const { main, scopes } = functionsOf(program, plays);
  const lines: string[] = [];
  const handlers = [main, ...scopes].map((fn) => [fn.name, worker.handlerOf(fn)]);
  const test = testWorkflow(main.definition, {
    handlers: { ...Object.fromEntries(handlers), "outside.work": outsideOf(actions) },
    children: scopes.map(({ definition }) => definition),
    logger: loggerOf(lines),
  });
  const run = await test.start({ input });
  await signalAll(run, actions);
  const error = status === undefined ? undefined : await run.failure();
  return {
    status: run.status,
    result: run.status === "completed" ? await run.result() : null,
    message: error?.message ?? "",
    operations: operationsOf(run),
    ...{ lines, works: plays.works, hasCrashed: plays.hasCrashed, turns: worker.turns },
  };
}

function functionsOf({ main, scopes = {} }: Program, plays: Plays) {
  const define = (name: string, code: PlayedCode) =>
    durable(name, (ctx, input: never) => code(ctx, input, plays)) as unknown as DurableFunction;
  return {
    main: define("main", main),
    scopes: Object.entries(scopes).map(([name, code]) => define(name, code)),
  };
}

/** The other system, for callbacks that are calls. */
function outsideOf(actions: readonly Action[]): TestHandler {
  return async (name, context) => {
    let passed = 0;
    for (const { does, afterSeconds, payload, code = "", message = "" } of actions.filter(
      (each) => each.name === name,
    )) {
      await sleep((afterSeconds - passed) * secondMs);
      passed = afterSeconds;
      if (does === "heartbeat") context.heartbeat();
      else if (does === "success") return payload;
      else throw new TaskFailure(code, message);
    }
    return hanging()(name, context);
  };
}

/** Sends the signals, each at its time. */
async function signalAll(run: TestRun, actions: readonly Action[]): Promise<void> {
  const remaining = new Map(actions.map((action) => [action.name, action]));
  const waitedFor = new Map<string, number>();
  const isOpen = (name: string) => run.tasks.some((each) => each.id === name && each.status === "waiting");
  while (remaining.size > 0 && !run.hasEnded) {
    const open = [...remaining.values()].filter(({ name }) => isOpen(name));
    if (open.length === 0) return;
    await run.skip("1s");
    for (const { name, afterSeconds, payload } of open) {
      const seconds = (waitedFor.get(name) ?? 0) + 1;
      waitedFor.set(name, seconds);
      if (seconds < afterSeconds) continue;
      run.signal(name, payload);
      remaining.delete(name);
      await run.idle();
    }
  }
}

function loggerOf(lines: string[]): Logger {
  const logger: Logger = {
    ...silentLogger,
    info: (message) => lines.push(message),
    error: (message) => lines.push(`[ERROR] ${message}`),
    child: () => logger,
  };
  return logger;
}

/** An operation while the history is read. */
type Drafted = { -readonly [Key in keyof Operation]: Operation[Key] };

/** A task that a function added. */
interface Added {
  kind: string;
  sinceMs: number;
  readonly started: Drafted;
}

/** Reads the operations of a function in the history of its run. */
class HistoryOperations {
  readonly drafted: Drafted[] = [];
  readonly #run: TestRun;
  readonly #added = new Map<string, Added>();
  readonly #payloads = new Map<number, unknown>();

  constructor(run: TestRun) {
    this.#run = run;
    for (const event of run.events) this.#read(event);
  }

  #read(event: TestEvent): void {
    const { type, task, details } = event;
    if (type === "step_recorded") this.#step(details["entry"] as RecordedStep);
    else if (type === "tasks_added") for (const id of details["tasks"] as readonly string[]) this.#add(id);
    else if (type === "signal_received") {
      const { number, payload } = details["signal"] as ReceivedSignal;
      this.#payloads.set(number, payload);
    } else if (type === "task_waiting") this.#waits(event);
    else if (type === "child_queued") this.#starts(event, "scope");
    else if (type === "task_queued") this.#starts(event, "call");
    else if (endings.has(type) && this.#added.has(task)) this.#ends(event);
  }

  #step({ id, json, error }: RecordedStep): void {
    // Starts are no operations.
    if (id.endsWith(".started")) return;
    const [, name = id, attempt = "1"] = /^(.*)\.try-(\d+)$/.exec(id) ?? [];
    const step = { name, attempt: Number(attempt) };
    if (error !== undefined) this.drafted.push({ is: "step failed", ...step, ...failureIn(error) });
    else this.drafted.push({ is: "step completed", ...step, value: JSON.parse(json ?? "null") });
  }

  #add(name: string): void {
    if (isPause(name)) return;
    const started = { is: "added", name };
    this.#added.set(name, { kind: "", sinceMs: 0, started });
    this.drafted.push(started);
  }

  #starts({ task, time }: TestEvent, kind: string): void {
    const added = this.#added.get(task);
    if (added === undefined) return;
    Object.assign(added, { kind, sinceMs: time.getTime() });
    added.started.is = `${kind} started`;
  }

  #waits(event: TestEvent): void {
    const { task, details, time } = event;
    const due = details["due"];
    const pauseMs = due === undefined ? undefined : new Date(String(due)).getTime() - time.getTime();
    this.#starts(event, details["signal"] === undefined ? "wait" : "signal");
    const started = this.#added.get(task)?.started;
    const failed = this.drafted.findLast(
      ({ is, name }) => is === "step failed" && task.startsWith(`${name}.`),
    );
    if (started !== undefined) started.seconds = pauseMs && pauseMs / secondMs;
    else if (failed !== undefined && pauseMs !== undefined) failed.pauseMs = pauseMs;
  }

  #ends({ type, task: name, details, time }: TestEvent): void {
    const { kind, sinceMs, started } = this.#added.get(name) as Added;
    const isScope = kind === "scope";
    // A scope is one operation, which has those inside of it.
    if (isScope) this.drafted.splice(this.drafted.indexOf(started), 1);
    const inside = isScope && { operations: operationsOf(this.#run.child(name)) };
    const seconds = (time.getTime() - sinceMs) / secondMs;
    if (type !== "task_failed") {
      const value = details["output"] ?? this.#payloads.get(Number(details["number"])) ?? null;
      this.drafted.push({
        is: kind === "wait" ? "wait ended" : `${kind} completed`,
        name,
        seconds,
        value,
        ...inside,
      });
      return;
    }
    const failure = failureIn(details["error"] as StepFailed);
    const is = timeouts.has(failure.code) ? `${kind} timed out` : `${kind} failed`;
    this.drafted.push({ is, name, seconds, ...failure, ...inside });
  }
}

const endings: ReadonlySet<string> = new Set(["task_completed", "task_failed", "signal_taken"]);

interface StepFailed {
  readonly code: string;
  readonly message: string;
}

interface ReceivedSignal {
  readonly number: number;
  readonly payload?: unknown;
}

interface RecordedStep {
  readonly id: string;
  readonly json?: string;
  readonly error?: StepFailed;
}

const timeouts: ReadonlySet<string> = new Set(["workflow.signal_missing", "matching.heartbeat_missed"]);

function isPause(task: string): boolean {
  return /\.pause-\d+$/.test(task);
}

function failureIn({ code, message }: StepFailed): StepFailed {
  return { code, message };
}

function operationsOf(run: TestRun): readonly Operation[] {
  return new HistoryOperations(run).drafted;
}

/** How many attempts a step has that never succeeds. */
export async function attemptsByDefault(): Promise<number> {
  const plays = new Plays();
  const fn = durable("always", (ctx) => plays.run(ctx, "load", () => Promise.reject(new Error("it fails"))));
  const worker = new PlayWorker(plays, true);
  const handlers = { always: worker.handlerOf(fn as unknown as DurableFunction) };
  const run = await testWorkflow(fn.definition, { handlers }).start();
  await run.failure();
  return plays.works;
}

/** How a play differs from the requirement. Each starts with the part of the play. */
export function differences(requirement: Requirement, played: Played, isHot: boolean): readonly string[] {
  const { status = "running", message = "", operations, lines = [], replays } = requirement;
  const found: string[] = [];
  const differs = (label: string, expected: unknown, is: unknown) => {
    if (!isDeepStrictEqual(expected, is))
      found.push(`${label}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(is)}`);
  };
  differs("status", status, played.status);
  if ("result" in requirement) differs("result", requirement.result, played.result);
  if (!played.message.includes(message)) differs("message", message, played.message);
  if (operations !== undefined && !areLike(operations, played.operations))
    differs("operations", operations, played.operations);
  for (const { text, count } of lines)
    differs(`lines with ${text}`, count, played.lines.filter((line) => line.includes(text)).length);
  if (!played.hasCrashed) differs("calls of steps", stepsIn(played.operations), played.works);
  if (!isHot && played.turns <= replays) differs("turns", replays + 1, played.turns);
  return found;
}

function areLike(expected: readonly Operation[], found: readonly Operation[]): boolean {
  return expected.length === found.length && expected.every((each, index) => isLike(each, found[index]));
}

function isLike(expected: Operation, found: Operation | undefined): boolean {
  if (found === undefined) return false;
  const { operations = [], pauseMsMax = Number.POSITIVE_INFINITY, ...rest } = expected;
  const is: Readonly<Record<string, unknown>> = { ...found };
  return (
    Object.entries(rest).every(([key, value]) => isDeepStrictEqual(value, is[key])) &&
    (found.pauseMs ?? 0) <= pauseMsMax &&
    areLike(operations, found.operations ?? [])
  );
}

function stepsIn(operations: readonly Operation[]): number {
  return operations.reduce(
    (sum, { is, operations: inside = [] }) => sum + (is.startsWith("step ") ? 1 : 0) + stepsIn(inside),
    0,
  );
}
