/**
 * Sends the measurements of handlers to the platform, every ten seconds.
 *
 * 1. Values cover whole steps of ten seconds. A batch that is sent again replaces the earlier values.
 * 2. A batch that does not arrive is kept, and sent with the next one. Values older than nine minutes are sent as if they
 *    were nine minutes old.
 * 3. Only the stop of the worker waits for it, for at most two seconds.
 */
import { answerText, type Clock, type Logger, sleep, type Timer, type Timers } from "@tutti/kernel";
import { type Measure, MeasureRegistry } from "../task/measures.ts";
import type { WorkerSettings } from "./settings.ts";

interface SenderParts {
  readonly settings: Pick<WorkerSettings, "server" | "credentials">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly agentId: () => string;
}

const stepMs = 10_000;
const windowMs = 540_000;
const callMs = 8_000;
const partingMs = 2_000;

export class MeasureSender {
  readonly registry: MeasureRegistry;
  readonly #parts: SenderParts;
  /** Time up to which values were sent, by namespace. */
  readonly #sentMs = new Map<string, number>();
  #timer: Timer | undefined;
  #startMs = 0;
  #isSending = false;
  #hasFailed = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.registry = new MeasureRegistry(
      () => this.#start(),
      (metric) =>
        parts.logger.warn("metric has too many series: further ones are recorded together", {
          metric,
          remedy: "reduce the values of its labels",
        }),
    );
  }

  /** Sends the remaining values. Returns undefined if there are none. */
  close(): Promise<void> | undefined {
    this.#timer?.cancel();
    if (this.registry.isEmpty) return undefined;
    // The current step is sent as if it had ended.
    return Promise.race([this.#send(stepMs), sleep(this.#parts.timers, partingMs)]);
  }

  #start(): void {
    this.#startMs = floorOf(this.#parts.clock.now());
    this.#timer = this.#parts.timers.every(stepMs, () => void this.#send(0));
  }

  async #send(aheadMs: number): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    const toMs = floorOf(this.#parts.clock.now()) + aheadMs;
    try {
      for (const [namespace, measures] of this.registry.measures()) {
        const fromMs = Math.max(this.#sentMs.get(namespace) ?? this.#startMs, toMs - windowMs);
        if (fromMs >= toMs) continue;
        await this.#post(namespace, { worker: this.#parts.agentId(), fromMs, toMs, measures });
        this.registry.sent(namespace, measures);
        this.#sentMs.set(namespace, toMs);
      }
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#parts.logger.warn("metrics were not sent, trying again", { error });
      this.#hasFailed = true;
    } finally {
      this.#isSending = false;
    }
  }

  async #post(
    namespace: string,
    body: { worker: string; fromMs: number; toMs: number; measures: readonly Measure[] },
  ): Promise<void> {
    const { server, credentials } = this.#parts.settings;
    const { accessToken } = credentials;
    const late = new AbortController();
    const timer = this.#parts.timers.after(callMs, () => late.abort());
    try {
      const answer = await fetch(`${server}/v1/metrics/measures?namespace=${encodeURIComponent(namespace)}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
        },
        body: JSON.stringify(body),
        redirect: "error",
        signal: late.signal,
      });
      if (!answer.ok)
        throw new Error(`${server} answered ${answer.status}: ${(await answerText(answer)).slice(0, 500)}`);
      await answer.body?.cancel();
    } finally {
      timer.cancel();
    }
  }
}

function floorOf(ms: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}
