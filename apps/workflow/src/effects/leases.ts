/**
 * Leases of limits that runs hold. They are renewed together for each limit, so that a thousand holders cost
 * one command.
 *
 * 1. A lease is renewed well before it expires, until its run no longer wants it.
 * 2. A lost ticket is reported to its run, which requests the limit again.
 */
import type { Cause } from "@tutti/contracts/types/v1";
import type { LeasesRenewed } from "@tutti/contracts/workflow/v1";
import { errorFromUnknown, type Foundation, type InstanceKey, type Timer, textOf } from "@tutti/kernel";
import { renew } from "@tutti/machine-limit";
import { loseLease, type RenewLease } from "@tutti/machine-run";
import { type DueEffect, type EffectToken, type Runtime, writeToken } from "@tutti/runtime";

export interface LeasesParts {
  readonly runtime: Pick<Runtime, "submit" | "execute">;
  readonly foundation: Pick<Foundation, "timers" | "logger">;
  readonly cause: Cause;
}

interface HeldTicket {
  readonly token: EffectToken;
  readonly limit: string;
  readonly ticket: number;
}

/**
 * Lease of a limit that a run holds. It is renewed while the run holds the limit.
 *
 * @defaults
 */
const leaseMs = 60_000;
/** Two renewals may fail before a lease expires. */
const everyMs = 20_000;
const ticketsMax = 10_000;

export class Leases {
  readonly #parts: LeasesParts;
  /** By limit, then by ticket. */
  readonly #limits = new Map<string, { readonly key: InstanceKey; readonly held: Map<number, HeldTicket> }>();
  readonly #byToken = new Map<string, readonly { readonly name: string; readonly ticket: number }[]>();
  #timer: Timer | undefined;

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.foundation.timers.every(everyMs, () => void this.renewAll());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  track({ key: { namespace }, token }: Pick<DueEffect, "key" | "token">, { leases }: RenewLease): void {
    this.remove(token);
    const places = leases.map(({ limit, ticket }) => {
      const key = { namespace, kind: "limit", id: limit };
      const name = textOf(key);
      const known = this.#limits.get(name) ?? { key, held: new Map<number, HeldTicket>() };
      known.held.set(ticket, { token, limit, ticket });
      this.#limits.set(name, known);
      return { name, ticket };
    });
    this.#byToken.set(nameOf(token), places);
  }

  remove(token: EffectToken): void {
    if (this.#byToken.size === 0) return;
    const named = nameOf(token);
    for (const { name, ticket } of this.#byToken.get(named) ?? []) {
      const held = this.#limits.get(name)?.held;
      held?.delete(ticket);
      if (held?.size === 0) this.#limits.delete(name);
    }
    this.#byToken.delete(named);
  }

  /** Renews all leases. Resolves when every limit has been asked. */
  async renewAll(): Promise<void> {
    await Promise.all(
      [...this.#limits.values()].map(({ key, held }) => this.#renew(key, [...held.values()])),
    );
  }

  async #renew(key: InstanceKey, held: readonly HeldTicket[]): Promise<void> {
    const { runtime, foundation, cause } = this.#parts;
    for (let from = 0; from < held.length; from += ticketsMax) {
      const part = held.slice(from, from + ticketsMax);
      const body = { tickets: part.map(({ ticket }) => ticket), leaseMs };
      try {
        const { lost }: LeasesRenewed = await runtime.execute({ key, command: renew, body, cause });
        for (const ticket of lost) this.#lose(part.find((each) => each.ticket === ticket));
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        foundation.logger.warn("failed to renew leases of a limit, retrying", { ...key, error });
      }
    }
  }

  #lose(held: HeldTicket | undefined): void {
    if (held === undefined) return;
    const { token, limit, ticket } = held;
    this.#parts.runtime.submit({
      key: undefined,
      command: loseLease,
      body: { limit, ticket },
      cause: this.#parts.cause,
      idempotencyKey: "",
      token,
      reply() {},
    });
  }
}

function nameOf(token: EffectToken): string {
  return Buffer.from(writeToken(token)).toString("base64");
}
