/**
 * Jobs for the effects of machines: calls to other services, or to this one, that are repeated until their outcome is known. The
 * result is a command with the token of the effect.
 *
 * 1. One job per token is in progress. It ends when the machine has its result, or when it is withdrawn.
 * 2. A final refusal is reported to the machine. A temporary failure is retried with growing pauses.
 */

import type { Cause } from "@tutti/contracts/types/v1";
import {
  backoffMs,
  type Command,
  errorFromUnknown,
  type Foundation,
  sleep,
  type TuttiError,
} from "@tutti/kernel";
import { type DueEffect, type EffectToken, type Runtime, writeToken } from "@tutti/runtime";

/** The command that a machine gets at the end of a job. */
export interface JobCommand {
  // biome-ignore lint/suspicious/noExplicitAny: commands of several machines, each with its own body
  readonly command: Command<any>;
  readonly body: unknown;
}

/** One attempt of a job: resolves with the command for the machine, throws the obstacle. */
export type Attempt = (signal: AbortSignal) => Promise<JobCommand>;

export interface EffectJobsParts {
  readonly runtime: Pick<Runtime, "submit">;
  readonly foundation: Pick<Foundation, "timers" | "chance" | "logger">;
  readonly cause: Cause;
}

const backoff = { firstMs: 100, maxMs: 30_000 };

export class EffectJobs {
  readonly #parts: EffectJobsParts;
  readonly #open = new Map<string, AbortController>();
  readonly #ended = new Set<Promise<void>>();

  constructor(parts: EffectJobsParts) {
    this.#parts = parts;
  }

  /** `refuse` returns the command for the machine after a final refusal. */
  startJob(
    { token }: Pick<DueEffect, "token">,
    attempt: Attempt,
    refuse: (error: TuttiError) => JobCommand,
  ): void {
    const name = nameOf(token);
    // A withdrawn job may still be ending when it is requested again.
    if (this.#open.get(name)?.signal.aborted === false) return;
    const stopping = new AbortController();
    this.#open.set(name, stopping);
    const run = this.#run(token, attempt, refuse, stopping.signal).finally(() => {
      if (this.#open.get(name) === stopping) this.#open.delete(name);
      this.#ended.delete(run);
    });
    this.#ended.add(run);
  }

  withdraw(token: EffectToken): void {
    if (this.#open.size > 0) this.#open.get(nameOf(token))?.abort();
  }

  async stop(): Promise<void> {
    for (const stopping of this.#open.values()) stopping.abort();
    await Promise.all(this.#ended);
  }

  async #run(
    token: EffectToken,
    attempt: Attempt,
    refuse: (error: TuttiError) => JobCommand,
    signal: AbortSignal,
  ): Promise<void> {
    const { timers, chance, logger } = this.#parts.foundation;
    for (let failures = 0; !signal.aborted; ) {
      const command = await this.#attempt(attempt, refuse, signal);
      if (command !== undefined && (await this.#submit(token, command))) return;
      failures++;
      if (failures === 5) logger.warn("effect of a machine failed five times, retrying", { ...token });
      await sleep(timers, backoffMs(backoff, failures, chance), signal).catch(() => {});
    }
  }

  /** Undefined if the attempt must be repeated. */
  async #attempt(
    attempt: Attempt,
    refuse: (error: TuttiError) => JobCommand,
    signal: AbortSignal,
  ): Promise<JobCommand | undefined> {
    try {
      return await attempt(signal);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      return error.retry === "never" && !signal.aborted ? refuse(error) : undefined;
    }
  }

  /** Returns whether the machine has the result, or does not need it any more. */
  #submit(token: EffectToken, { command, body }: JobCommand): Promise<boolean> {
    const { runtime, cause } = this.#parts;
    return new Promise((resolve) => {
      runtime.submit({
        key: undefined,
        command,
        body,
        cause,
        idempotencyKey: "",
        token,
        // If the partition has moved, its new owner starts the job again.
        reply: (outcome) => resolve(outcome.kind !== "refused" || outcome.refusal.retry !== "same-key"),
      });
    });
  }
}

function nameOf(token: EffectToken): string {
  return Buffer.from(writeToken(token)).toString("base64");
}
