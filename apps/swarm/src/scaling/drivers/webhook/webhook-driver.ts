/**
 * Somebody else starts and stops the agents, and is told how many are wanted: at once when that changes, again and again
 * with back-off until it answers, and now and then besides, so that one who forgot it hears of it again.
 *
 * Only the newest number is told. Agents say whose they are by the launch id that is sent along.
 */
import type { WebhookDriver as WebhookSettings } from "@tutti/contracts/swarm/v1";
import { callOut, outgoingErrors } from "@tutti/host/outgoing";
import { backoffMs, errorFromUnknown, type Foundation, type Timer, type TuttiError } from "@tutti/kernel";
import { launchIdOf } from "@tutti/matching";
import { headersOf } from "../../../webhooks/headers.ts";
import type { Closing, Driver, Standing } from "../driver.ts";

export interface WebhookDriverParts {
  readonly namespace: string;
  readonly pool: string;
  readonly scalerId: string;
  readonly settings: WebhookSettings;
  readonly arePrivateAllowed: boolean;
  /** Hears of each call that was not made because of where it leads. */
  readonly refused: (error: TuttiError) => void;
  readonly foundation: Foundation;
}

interface Wish {
  readonly count: number;
  readonly reason: string;
}

const backoff = { firstMs: 500, maxMs: 60_000 };
const answerMs = 10_000;
const againMs = 60_000;

export class WebhookDriver implements Driver {
  readonly kind = "webhook";
  readonly #parts: WebhookDriverParts;
  #wish: Wish | undefined;
  /** What was answered. */
  #told: Wish | undefined;
  #failures = 0;
  #error: TuttiError | undefined;
  #timer: Timer | undefined;
  #calling: { readonly abort: AbortController; readonly done: Promise<void> } | undefined;
  #starting = 0;
  #isClosed = false;

  constructor(parts: WebhookDriverParts) {
    this.#parts = parts;
  }

  want(count: number, reason: string): void {
    if (this.#isClosed || this.#wish?.count === count) return;
    this.#wish = { count, reason };
    if (this.#calling === undefined) this.#tellIn(0);
  }

  standing(): Standing {
    return { starting: this.#starting, quarantined: 0, error: this.#error };
  }

  /** Whoever was told is not told again; its agents are its own to end. */
  async close(how: Closing): Promise<void> {
    if (this.#isClosed) return;
    if (how === "deleted") this.want(0, "the scaler is deleted");
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#calling?.abort.abort();
    await this.#calling?.done;
    if (how === "deleted") await this.#tell();
  }

  #tellIn(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.foundation.timers.after(ms, () => {
      const abort = new AbortController();
      const done = this.#tell(abort.signal).finally(() => {
        this.#calling = undefined;
        if (!this.#isClosed) this.#tellIn(this.#nextMs());
      });
      this.#calling = { abort, done };
    });
  }

  #nextMs(): number {
    if (this.#failures > 0) return backoffMs(backoff, this.#failures, this.#parts.foundation.chance);
    return this.#told === this.#wish ? againMs : 0;
  }

  async #tell(stopped?: AbortSignal): Promise<void> {
    const { settings, namespace, pool, scalerId, arePrivateAllowed, foundation } = this.#parts;
    const wish = this.#wish;
    if (wish === undefined) return;
    const { url, secret } = settings;
    const late = new AbortController();
    const timer = foundation.timers.after(answerMs, () =>
      late.abort(new Error(`no answer in ${answerMs} ms`)),
    );
    try {
      const moment = new Date(foundation.clock.now()).toISOString();
      const launchId = launchIdOf(scalerId, "webhook");
      const { count: wanted, reason } = wish;
      const body = JSON.stringify({ namespace, pool, scalerId, wanted, reason, launchId, moment });
      const headers = await headersOf(secret, body, foundation);
      const signal = stopped === undefined ? late.signal : AbortSignal.any([late.signal, stopped]);
      const answer = await callOut({ method: "POST", url, headers, body, arePrivateAllowed, signal });
      this.#starting = startingIn(answer);
      this.#told = wish;
      this.#failures = 0;
      this.#error = undefined;
    } catch (thrown) {
      this.#failures++;
      this.#error = errorFromUnknown(thrown);
      if (outgoingErrors.refused.is(this.#error)) this.#parts.refused(this.#error);
      foundation.logger.warn("a webhook was not told how many agents are wanted", {
        ...{ scaler: scalerId, wanted: wish.count, failures: this.#failures, error: this.#error },
      });
    } finally {
      timer.cancel();
    }
  }
}

/** How many are under way, where the answer says so: `{"starting": 2}`. */
function startingIn(answer: string): number {
  try {
    const { starting } = JSON.parse(answer) as { readonly starting?: unknown };
    return typeof starting === "number" && starting >= 0 ? Math.min(1e6, Math.floor(starting)) : 0;
  } catch {
    return 0;
  }
}
