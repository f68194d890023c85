/** Loops for sessions: one loop per effect, ended when the effect is withdrawn. */
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import { type EffectToken, writeToken } from "@tutti/runtime";

export class Loops {
  readonly #logger: Foundation["logger"];
  readonly #open = new Map<string, AbortController>();
  readonly #ended = new Set<Promise<void>>();

  constructor({ logger }: Pick<Foundation, "logger">) {
    this.#logger = logger;
  }

  /** Number of loops. */
  get size(): number {
    return this.#open.size;
  }

  startLoop(token: EffectToken, run: (signal: AbortSignal) => Promise<void>): void {
    const name = nameOf(token);
    // A withdrawn loop may still be ending when it is requested again.
    if (this.#open.get(name)?.signal.aborted === false) return;
    const stopping = new AbortController();
    this.#open.set(name, stopping);
    const ended = run(stopping.signal)
      .catch((error: unknown) => {
        if (stopping.signal.aborted) return;
        this.#logger.error("session driver stopped unexpectedly", {
          ...token,
          error: errorFromUnknown(error),
        });
      })
      .finally(() => {
        if (this.#open.get(name) === stopping) this.#open.delete(name);
        this.#ended.delete(ended);
      });
    this.#ended.add(ended);
  }

  withdraw(token: EffectToken): void {
    if (this.#open.size > 0) this.#open.get(nameOf(token))?.abort();
  }

  async stop(): Promise<void> {
    for (const stopping of this.#open.values()) stopping.abort();
    await Promise.all(this.#ended);
  }
}

function nameOf(token: EffectToken): string {
  return Buffer.from(writeToken(token)).toString("base64");
}
