/**
 * Limits of callers, counted where their calls enter.
 *
 * A call that was admitted at the edge is not counted again when a service calls on behalf of its caller.
 */
import type { BundleContent } from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import type { Clock, CredentialClaims, Principal, TuttiError } from "@tutti/kernel";
import type { CallLimiter, Incoming } from "@tutti/mesh";
import { CallLimits, systemNamespace } from "@tutti/policy";
import { accessErrors } from "./errors.ts";
import type { AccessSettings } from "./settings.ts";
import { actorKinds } from "./visitor.ts";

/** A call that counts against its caller's limit until it ends. */
export interface Admitted {
  /** Maximum number of calls in one burst. Infinity without a limit. */
  readonly limit: number;
  readonly remaining: number;
  /** Time until the full limit is available again. */
  readonly resetAfterMs: number;
  release(): void;
}

export interface EdgeLimitsParts {
  readonly settings: AccessSettings;
  readonly clock: Pick<Clock, "now">;
  /** Called for each refusal. */
  readonly refused: (error: TuttiError, principal: Principal, credential: CredentialClaims) => void;
}

const unlimited: Admitted = {
  limit: Number.POSITIVE_INFINITY,
  remaining: Number.POSITIVE_INFINITY,
  resetAfterMs: 0,
  release() {},
};
/** Used if it is unknown when there is room. */
const shortWaitMs = 1_000;
const counted = {
  calls: "calls in their time",
  concurrent: "calls at once",
  streams: "streams at once",
} as const;

export class EdgeLimits implements CallLimiter {
  readonly #parts: EdgeLimitsParts;
  readonly #limits: CallLimits;

  constructor(parts: EdgeLimitsParts) {
    const {
      callsPerSec: count,
      callsBurst: burst,
      concurrentMax,
      streamsMax,
      requestBytesMax,
    } = parts.settings;
    this.#parts = parts;
    this.#limits = new CallLimits({
      calls: count === 0 ? undefined : { count, perMs: 1_000, burst },
      maxConcurrent: concurrentMax,
      maxStreams: streamsMax,
      maxRequestBytes: requestBytesMax,
    });
  }

  renew(limits: BundleContent["limits"]): void {
    this.#limits.renew(limits);
  }

  startCall(principal: Principal, { presented }: Incoming, isStream: boolean): (() => void) | undefined {
    if (principal.credential === undefined || principal === presented) return undefined;
    const { release } = this.admit(principal, isStream);
    return release;
  }

  /** The size of a call that was admitted at the edge was checked there. */
  requireSize(principal: Principal, { presented }: Incoming, bytes: number): void {
    if (principal !== presented) this.admitBytes(principal, bytes);
  }

  /** Checks the size of a request at the edge. Throws if it is too large. */
  admitBytes(principal: Principal, bytes: number): void {
    const { credential } = principal;
    if (credential === undefined) return;
    const { maxRequestBytes: most } = this.#limits.limitOf(...limitedBy(principal, credential));
    if (most === 0 || bytes <= most) return;
    throw this.#refused(accessErrors.requestTooLarge({ most, found: bytes }), principal, credential);
  }

  /** Counts a call at the edge. Throws if the limit is exceeded. */
  admit(principal: Principal, isStream: boolean): Admitted {
    const { credential } = principal;
    if (credential === undefined) return unlimited;
    const nowMs = this.#parts.clock.now();
    const [namespace, actor] = limitedBy(principal, credential);
    const limits = this.#limits;
    const admitted = isStream ? limits.open(namespace, actor, nowMs) : limits.admit(namespace, actor, nowMs);
    if (admitted.kind === "refused") {
      const { why, limit, retryAfterMs } = admitted;
      const error = accessErrors.tooManyCalls(
        { unit: counted[why], limit },
        { retryAfterMs: retryAfterMs || shortWaitMs, details: { limit: String(limit) } },
      );
      throw this.#refused(error, principal, credential);
    }
    const { limit, remaining, resetMs } = admitted;
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      if (isStream) limits.close(namespace, actor);
      else limits.release(namespace, actor);
    };
    return { limit, remaining, resetAfterMs: Math.max(0, resetMs - nowMs), release: end };
  }

  #refused(error: TuttiError, principal: Principal, credential: CredentialClaims): TuttiError {
    this.#parts.refused(error, principal, credential);
    return error;
  }
}

/** Returns the principal with the limit: that of its namespace. */
function limitedBy(
  { kind, id }: Principal,
  { namespace }: CredentialClaims,
): [namespace: string, actor: Actor] {
  return [namespace || systemNamespace, { kind: actorKinds[kind], id }];
}
