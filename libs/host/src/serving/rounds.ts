/** Repeats a job as long as its process runs. A round that fails is repeated with the next one, and shown until then. */
import {
  type Component,
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  type Timer,
} from "@tutti/kernel";

export abstract class Rounds implements Component {
  readonly #foundation: Pick<Foundation, "timers" | "logger">;
  readonly #everyMs: number;
  /** The consequence while rounds fail: `advice is not searched`. */
  readonly #without: string;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();
  #problem = "";

  constructor(foundation: Pick<Foundation, "timers" | "logger">, everyMs: number, without: string) {
    this.#foundation = foundation;
    this.#everyMs = everyMs;
    this.#without = without;
  }

  protected abstract round(): Promise<void>;

  protected get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  start(): void {
    this.#next();
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

  #next(): void {
    if (this.stopping.aborted) return;
    this.#timer = this.#foundation.timers.after(this.#everyMs, () => {
      this.#round = this.round().then(
        () => this.#ended(""),
        (thrown: unknown) => this.#ended(errorFromUnknown(thrown).message),
      );
    });
  }

  #ended(problem: string): void {
    if (problem !== "" && this.#problem === "" && !this.stopping.aborted)
      this.#foundation.logger.warn(`${this.#without}, the next round repeats it`, { problem });
    this.#problem = problem;
    this.#next();
  }
}
