/**
 * Repeats a job as long as its process runs. A failed round is repeated with the next one, and its problem is shown
 * until then. Long rounds run up to thirty times less often, so that they take a hundredth of the time.
 */
import {
  type Component,
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  type Timer,
} from "@tutti/kernel";

const pausesPerRound = 100;
const pausesMax = 30;

export abstract class Rounds implements Component {
  readonly #foundation: Pick<Foundation, "timers" | "clock" | "logger">;
  readonly #everyMs: number;
  readonly #everyMaxMs: number;
  /** The consequence while rounds fail: `advice is not searched`. */
  readonly #without: string;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();
  #problem = "";

  /** @param everyMaxMs a lower limit for long rounds */
  constructor(
    foundation: Pick<Foundation, "timers" | "clock" | "logger">,
    everyMs: number,
    without: string,
    everyMaxMs: number = Number.POSITIVE_INFINITY,
  ) {
    this.#foundation = foundation;
    this.#everyMs = everyMs;
    this.#everyMaxMs = Math.min(everyMs * pausesMax, everyMaxMs);
    this.#without = without;
  }

  protected abstract round(): Promise<void>;

  protected get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  start(): void {
    this.#next(this.#everyMs);
  }

  async drain(): Promise<void> {
    this.#stopping.abort();
    this.#timer?.cancel();
    await this.#round;
  }

  stop(): Promise<void> {
    return this.drain();
  }

  health(): Health {
    return this.#problem === "" ? healthy : degraded(`${this.#without}: ${this.#problem}`);
  }

  #next(delayMs: number): void {
    if (this.stopping.aborted) return;
    const { timers, clock } = this.#foundation;
    this.#timer = timers.after(delayMs, () => {
      const startMs = clock.monotonic();
      this.#round = this.round().then(
        () => this.#finishRound("", startMs),
        (thrown: unknown) => this.#finishRound(errorFromUnknown(thrown).message, startMs),
      );
    });
  }

  #finishRound(problem: string, startMs: number): void {
    if (problem !== "" && this.#problem === "" && !this.stopping.aborted)
      this.#foundation.logger.warn(`${this.#without}, the next round repeats it`, { problem });
    this.#problem = problem;
    // A failed round waited for something, and is repeated soon.
    const durationMs = problem === "" ? this.#foundation.clock.monotonic() - startMs : 0;
    this.#next(Math.min(Math.max(this.#everyMs, durationMs * pausesPerRound), this.#everyMaxMs));
  }
}
