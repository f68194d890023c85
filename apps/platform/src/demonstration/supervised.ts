/**
 * Keeps a worker running as a process of its own.
 *
 * 1. A worker that exits is restarted after a pause. The pause grows while the worker keeps exiting soon after its start.
 * 2. A program that cannot run on this machine is replaced by the next one. The last one is never replaced.
 * 3. `stop` lets the worker finish running tasks. `kill` ends it immediately.
 * 4. The output of a worker is logged at level debug, except warnings and errors.
 */
import {
  type Backoff,
  backoffMs,
  type Foundation,
  type Logger,
  type LogLevel,
  type Timer,
} from "@tutti/kernel";
import type { Launch, Program, ProgramExit, RunningProgram } from "./program.ts";

export interface SupervisedOptions {
  readonly name: string;
  /** Programs in order of preference. The first that runs on this machine is used. */
  readonly programs: readonly [Program, ...Program[]];
  readonly launch: Launch;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "chance" | "logger">;
  /** Called with the reason when a program is replaced by the next one. */
  readonly onFallback?: (reason: string) => void;
}

/** Exit code of a program that cannot run on this machine: `EX_UNAVAILABLE`. */
const unfitCode = 69;
const pauses: Backoff = { firstMs: 200, maxMs: 10_000 };
/** A worker that ran for this long has started successfully. */
const settledAfterMs = 10_000;

export class Supervised {
  readonly name: string;
  readonly #options: SupervisedOptions;
  readonly #logger: Logger;
  #program = 0;
  #running: RunningProgram | undefined;
  #over: Promise<void> = Promise.resolve();
  #pause: Timer | undefined;
  #failures = 0;
  #isStopping = false;
  #lastLine = "";

  constructor(options: SupervisedOptions) {
    this.name = options.name;
    this.#options = options;
    this.#logger = options.foundation.logger.child({ worker: options.name });
  }

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  start(): void {
    const { programs, launch, foundation } = this.#options;
    const program = programs[this.#program] ?? programs[0];
    const startedMs = foundation.clock.monotonic();
    const running = launch(program, (line) => this.#logLine(line));
    this.#running = running;
    if (running.pid !== undefined) this.#logger.info("demo worker started", { pid: running.pid });
    this.#over = running.ended.then(
      (exit) => this.#handleExit(exit, foundation.clock.monotonic() - startedMs),
      (error: unknown) => this.#notStarted(error instanceof Error ? error.message : String(error)),
    );
  }

  /** Lets the worker finish running tasks. Resolves when the worker has exited. */
  async stop(): Promise<void> {
    this.#terminate("SIGTERM");
    await this.#over;
  }

  async kill(): Promise<void> {
    this.#terminate("SIGKILL");
    await this.#over;
  }

  #terminate(signal: NodeJS.Signals): void {
    this.#isStopping = true;
    this.#pause?.cancel();
    this.#running?.signal(signal);
  }

  #handleExit(exit: ProgramExit, lastedMs: number): void {
    this.#running = undefined;
    if (this.#isStopping) return;
    if (exit.code === unfitCode && this.#fallBack(this.#lastLine)) return;
    this.#restart(lastedMs, { ...exit });
  }

  #notStarted(reason: string): void {
    this.#running = undefined;
    if (this.#isStopping || this.#fallBack(reason)) return;
    this.#restart(0, { reason });
  }

  #fallBack(reason: string): boolean {
    if (this.#program + 1 >= this.#options.programs.length) return false;
    this.#program += 1;
    this.#options.onFallback?.(reason);
    this.start();
    return true;
  }

  #restart(lastedMs: number, fields: Readonly<Record<string, unknown>>): void {
    const { timers, chance } = this.#options.foundation;
    this.#failures = lastedMs >= settledAfterMs ? 1 : this.#failures + 1;
    const pauseMs = Math.round(backoffMs(pauses, this.#failures, chance));
    this.#logger.warn("demo worker exited, restarting", { ...fields, pauseMs });
    this.#pause = timers.after(pauseMs, () => this.start());
  }

  #logLine(line: string): void {
    const { level, text } = entryIn(line);
    this.#lastLine = text;
    const isTrouble = level === "warn" || level === "error" || level === "fatal";
    // While the worker stops, a broken link is expected.
    if (!isTrouble || this.#isStopping) this.#logger.debug("demo worker output", { said: text });
    else this.#logger.warn("demo worker output", { said: text });
  }
}

/** A line of a worker: an entry of its log, or any other output. */
interface Entry {
  readonly level: LogLevel;
  readonly text: string;
}

const levels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Workers log one JSON object per line. Other output, such as the trace of an error, counts as a warning. */
function entryIn(line: string): Entry {
  const { level, message, error } = fieldsOf(line);
  const known = levels.find((each) => each === level);
  if (known === undefined || typeof message !== "string") return { level: "warn", text: line };
  const because = messageOf(error);
  return { level: known, text: because === "" ? message : `${message}: ${because}` };
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith("{")) return {};
  try {
    const found: unknown = JSON.parse(line);
    return typeof found === "object" && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}

/** Returns the message. TypeScript logs an error as an object, Python logs a trace with the message in its last line. */
function messageOf(error: unknown): string {
  if (typeof error === "string") return error.trimEnd().split("\n").at(-1) ?? "";
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : "";
  return typeof message === "string" ? message : "";
}
