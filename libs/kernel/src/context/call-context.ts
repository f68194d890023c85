import type { Scope } from "@tutti/contracts/governance/v1";
import type { Logger } from "../ports/logger.ts";
import type { TraceContext } from "../ports/tracer.ts";

/** The actor on whose behalf an operation runs. */
export interface Principal {
  readonly kind: "person" | "service" | "agent";
  /** Unique within its kind: `local-admin`, `workflow`, an agent's id. */
  readonly id: string;
  /**
   * The roles that give an actor of the installation (without `credential`) its rights. For all others, the roles and groups
   * found at authorization.
   */
  readonly roles: readonly string[];
  /**
   * The credential that proves its identity. Absent for actors of the installation: its services, and the administrator
   * of this machine.
   */
  readonly credential?: CredentialClaims;
  /** The policies that allow the operation, as recorded: `role:operator`. Absent if none was evaluated. */
  readonly right?: string;
}

/** Claims of a key or token about its bearer. */
export interface CredentialClaims {
  /** Id of the key or token. Empty for a token of another issuer. */
  readonly id: string;
  /**
   * The tenant of the credential, and the only one in which it is valid. Empty or `system` for the whole installation.
   */
  readonly namespace: string;
  readonly groups: readonly string[];
  readonly scope: Scope;
}

/** The caller at a loopback address without a credential. */
export const localAdministrator: Principal = { kind: "person", id: "local-admin", roles: ["admin"] };

/**
 * The context of every call, from the edge to the last handler: caller, namespace, deadline, trace. It is passed
 * explicitly. Nothing is kept in ambient storage.
 */
export interface CallContext {
  readonly principal: Principal;
  readonly namespace: string;
  /** On this process's monotonic clock, milliseconds. Infinity without a limit. It only shrinks along the call. */
  readonly deadlineMs: number;
  /** Aborted when the caller gave up, the deadline passed, or the server stops. */
  readonly signal: AbortSignal;
  readonly trace: TraceContext;
  /** Empty, or the key under which a repeated call is answered like the first. */
  readonly idempotencyKey: string;
  /**
   * The epoch under which the caller of a keyed call believes this process to be the owner. If this process does not
   * know of its ownership yet, it waits for the update instead of rejecting the call. 0 if the caller did not set it.
   */
  readonly ownerEpoch?: number | undefined;
  /** Writes the trace id, the call and the namespace in each line. */
  readonly logger: Logger;
}

/**
 * Returns the context with some fields replaced. A spread would lose fields that are computed on demand, such as a
 * signal.
 */
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
