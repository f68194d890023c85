import type { Scope } from "@tutti/contracts/governance/v1";
import type { Logger } from "../ports/logger.ts";
import type { TraceContext } from "../ports/tracer.ts";

/** On whose behalf something is done. */
export interface Principal {
  readonly kind: "person" | "service" | "agent";
  /** Unique within its kind: `local-admin`, `workflow`, an agent's id. */
  readonly id: string;
  /**
   * Of the installation's own (no `shown`) what gives it its rights. Of all others the roles and groups that they
   * turned out to have.
   */
  readonly roles: readonly string[];
  /**
   * What it showed to prove who it is. Absent for the installation's own: its services, and the administrator of this
   * machine.
   */
  readonly shown?: ShownCredential;
  /** The policies that permit what it does, as records of it say: `role:operator`. Absent where none was asked. */
  readonly right?: string;
}

/** What a key or token says of its bearer. */
export interface ShownCredential {
  /** Id of the key or token. Empty for a token of another issuer. */
  readonly id: string;
  /**
   * The tenant that it belongs to, outside of which it is good for nothing. Empty, or `system`, where it is of the
   * installation.
   */
  readonly namespace: string;
  readonly groups: readonly string[];
  readonly scope: Scope;
}

/** Who works at a loopback address without showing anything. */
export const localAdministrator: Principal = { kind: "person", id: "local-admin", roles: ["admin"] };

/**
 * What travels with every call, from the edge to the last handler: who, where, until when, as part of what. It is
 * handed on explicitly. Nothing is kept in ambient storage.
 */
export interface CallContext {
  readonly principal: Principal;
  readonly namespace: string;
  /** On this process's monotonic clock, milliseconds. Infinity without a limit. It only shrinks on the way. */
  readonly deadlineMs: number;
  /** Aborted when the caller gave up, the deadline passed, or the server stops. */
  readonly signal: AbortSignal;
  readonly trace: TraceContext;
  /** Empty, or the key under which a repeated call is answered like the first. */
  readonly idempotencyKey: string;
  /**
   * Of a keyed call: the epoch under which the caller believes this process to be the owner. A process that
   * does not know of its ownership yet waits for the update instead of sending the caller away. 0 if the
   * caller did not set it.
   */
  readonly ownerEpoch?: number | undefined;
  /** Writes the trace id, the call and the namespace in each line. */
  readonly logger: Logger;
}

/** The same context with some of it otherwise. What is made when it is asked for, as a signal may be, a spread would lose. */
export function contextWith(context: CallContext, otherwise: Partial<CallContext>): CallContext {
  const { principal, namespace, deadlineMs, signal, trace, idempotencyKey, ownerEpoch, logger } = context;
  return {
    principal,
    namespace,
    deadlineMs,
    signal,
    trace,
    idempotencyKey,
    ownerEpoch,
    logger,
    ...otherwise,
  };
}
