/**
 * Hands on the last use of keys and tokens, and the callers locked out for guessing them. The service that stores them
 * gets them in batches.
 *
 * 1. Nothing waits for it, and a call costs a look-up in a map.
 * 2. Each key or token is reported once a minute at most, because no more is stored.
 * 3. A use that could not be reported waits for the next batch, unless there is a later use by then.
 * 4. A stopping process does not wait for the delivery: the receiver may have stopped before, and the next use replaces
 *    this one.
 */
import type { Lockout, UsedCredential } from "@tutti/contracts/governance/v1";
import {
  type Component,
  type CredentialClaims,
  type Foundation,
  keepNewest,
  toTimestamp,
} from "@tutti/kernel";
import { systemNamespace } from "@tutti/policy";
import { Flusher } from "../flusher.ts";

export interface CredentialUsesParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  /**
   * Accepts the uses of a namespace, and for the installation the locked-out callers. Rejects if they are not accepted.
   */
  readonly record: (
    namespace: string,
    report: { readonly uses: UsedCredential[]; readonly lockouts: Lockout[] },
    signal: AbortSignal,
  ) => Promise<unknown>;
  /** Interval of the batches. */
  readonly everyMs: number;
}

interface Use {
  readonly namespace: string;
  readonly useMs: number;
  readonly address: string;
}

const minuteMs = 60_000;
/** Maximum sizes of one batch. */
const usesMax = 10_000;
const lockoutsMax = 1_000;

export class CredentialUses implements Component {
  readonly #parts: CredentialUsesParts;
  /** The minute of the last report of each credential, by its id. The least recently used come first. */
  readonly #reported = new Map<string, number>();
  #waiting = new Map<string, Use>();
  #lockouts = new Map<string, Lockout>();
  readonly #stopping = new AbortController();
  readonly #flusher: Flusher;

  constructor(parts: CredentialUsesParts) {
    this.#parts = parts;
    this.#flusher = new Flusher({
      timers: parts.foundation.timers,
      everyMs: parts.everyMs,
      flush: () => this.#flush(),
      isEmpty: () => this.#waiting.size + this.#lockouts.size === 0,
    });
  }

  used({ id, namespace }: Pick<CredentialClaims, "id" | "namespace">, address: string, nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs);
    // A credential of another issuer is not stored here.
    if (id === "" || this.#reported.get(id) === minute) return;
    keepNewest(this.#reported, id, minute, usesMax);
    this.#add(id, { namespace: namespace || systemNamespace, useMs: nowMs, address });
    this.#flusher.schedule();
  }

  lockedOut(lockouts: readonly Lockout[]): void {
    for (const lockout of lockouts) this.#addLockout(lockout);
    this.#flusher.schedule();
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#flusher.stop();
  }

  #add(id: string, use: Use): void {
    if (this.#waiting.size < usesMax || this.#waiting.has(id)) this.#waiting.set(id, use);
  }

  #addLockout(lockout: Lockout): void {
    if (this.#lockouts.size < lockoutsMax || this.#lockouts.has(lockout.subject))
      this.#lockouts.set(lockout.subject, lockout);
  }

  async #flush(): Promise<void> {
    const { record, foundation } = this.#parts;
    const byNamespace = Map.groupBy(this.#waiting, ([, { namespace }]) => namespace);
    this.#waiting = new Map();
    const lockouts = [...this.#lockouts.values()];
    this.#lockouts = new Map();
    if (lockouts.length > 0 && !byNamespace.has(systemNamespace)) byNamespace.set(systemNamespace, []);
    const each = [...byNamespace].map(async ([namespace, uses]) => {
      const lockoutBatch = namespace === systemNamespace ? lockouts : [];
      try {
        await record(
          namespace,
          { uses: uses.map(credentialOf), lockouts: lockoutBatch },
          this.#stopping.signal,
        );
      } catch (error) {
        for (const lockout of lockoutBatch)
          if (!this.#lockouts.has(lockout.subject)) this.#addLockout(lockout);
        foundation.logger.debug("failed to forward key usage", { namespace, error });
        for (const [id, use] of uses) if (!this.#waiting.has(id)) this.#add(id, use);
      }
    });
    await Promise.all(each);
  }
}

function credentialOf([credentialId, { useMs, address }]: readonly [string, Use]): UsedCredential {
  return { credentialId, useTime: toTimestamp(useMs), address };
}
