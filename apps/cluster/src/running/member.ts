/**
 * A process that restarts after any failure.
 *
 *     down ── up ──► up ── ended by itself ──► resting ── pause ──► up
 *                     └── down ──► down
 */
import { type Backoff, backoffMs, type Chance, type Clock, type Timer, type Timers } from "@tutti/kernel";
import type { Member as Planned } from "../plan/plan.ts";
import { type Child, type Program, startChild } from "./child.ts";

export interface MemberParts {
  readonly planned: Planned;
  readonly program: Program;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  /** Called when the process starts or ends. */
  readonly onChange: () => void;
  /** Called when the process ends by itself, before it restarts. */
  readonly onLost?: (ending: string) => void;
}

const pauses: Backoff = { firstMs: 250, maxMs: 10_000 };
/** Lifetime after which the count of consecutive failures starts again. */
const wellMs = 10_000;
const killAfterMs = 30_000;

export class Member {
  readonly #parts: MemberParts;
  #child: Child | undefined;
  #shouldRun = false;
  #failures = 0;
  #restarts = 0;
  #lastEnd = "";
  #resting: Timer | undefined;
  #settled: Promise<void> = Promise.resolve();

  constructor(parts: MemberParts) {
    this.#parts = parts;
  }

  get planned(): Planned {
    return this.#parts.planned;
  }

  get name(): string {
    return this.planned.name;
  }

  get log(): string {
    return this.#parts.program.log;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Number of restarts after the process had ended by itself. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Consecutive ends, each soon after the start. */
  get failures(): number {
    return this.#failures;
  }

  /** The last end in words. Empty before the first end. */
  get lastEnd(): string {
    return this.#lastEnd;
  }

  /** Whether a service has rejected its configuration at its last start. */
  get isMisconfigured(): boolean {
    return this.planned.kind !== "nats" && this.#lastEnd === "exited with 2";
  }

  async up(): Promise<void> {
    if (this.#shouldRun) return;
    this.#shouldRun = true;
    await this.#start();
  }

  /** Stops the process. Resolves when it has ended. */
  async down(): Promise<void> {
    this.#shouldRun = false;
    this.#resting?.cancel();
    const child = this.#child;
    child?.signal("SIGTERM");
    const late = this.#parts.timers.after(killAfterMs, () => child?.signal("SIGKILL"));
    await this.#settled;
    late.cancel();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal);
  }

  async #start(): Promise<void> {
    const { program, clock, onChange } = this.#parts;
    const sinceMs = clock.monotonic();
    const child = await startChild(program);
    this.#child = child;
    this.#settled = child.ended.then((ending) => this.#handleExit(ending, clock.monotonic() - sinceMs));
    onChange();
  }

  #handleExit(ending: string, livedMs: number): void {
    const { timers, chance, onChange, onLost } = this.#parts;
    this.#child = undefined;
    this.#lastEnd = ending;
    this.#failures = livedMs > wellMs ? 0 : this.#failures + 1;
    if (this.#shouldRun) {
      onLost?.(ending);
      const pauseMs = this.#failures === 0 ? 0 : backoffMs(pauses, this.#failures, chance);
      this.#resting = timers.after(pauseMs, () => {
        this.#restarts++;
        // A program that cannot be started counts as ended.
        this.#start().catch((error: unknown) => this.#handleExit(String(error), 0));
      });
    }
    onChange();
  }
}
