/** The dependencies of the handlers of resources. */
import type { resourceService, sessionService } from "@tutti/contracts/session/v1";
import type { poolService } from "@tutti/contracts/swarm/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";
import { type MachineDependencies, orIfAbsent, query } from "@tutti/host/serving";
import {
  type CallContext,
  type Foundation,
  type InstanceKey,
  type Labels,
  labelsMatch,
  type ReadOnly,
} from "@tutti/kernel";
import { contents, type LedgerContents } from "@tutti/machine-entities/ledger";
import type { Client } from "@tutti/mesh";
import type { Claims } from "./claims.ts";

export interface ResourceDependencies extends MachineDependencies {
  readonly foundation: Pick<Foundation, "clock">;
  readonly claims: Claims;
  readonly pools: Pick<Client<typeof poolService>, "listPools" | "getPoolUse">;
  /** Sessions of any owner. */
  readonly sessions: Pick<Client<typeof sessionService>, "getSession">;
  /** The ledger of any owner. */
  readonly resources: Pick<Client<typeof resourceService>, "listQuotas" | "listReservations">;
}

export function ledgerOf(namespace: string): InstanceKey {
  return { namespace, kind: "ledger", id: namespace };
}

const nothing: LedgerContents = { quotas: [], reservations: [], pools: new Map() };

/** Returns the contents of a ledger. An unused one does not exist, and is empty. */
export function contentsOf(
  dependencies: ResourceDependencies,
  context: CallContext,
): Promise<LedgerContents> {
  const call = { query: contents, body: undefined };
  return orIfAbsent(query(dependencies, ledgerOf(context.namespace), call, context), nothing);
}

/** Returns whether a quota or reservation applies to work with these labels. */
export function isAbout(sessions: ReadOnly<LabelSelector> | undefined, labels: Labels): boolean {
  // Only read.
  return sessions !== undefined && labelsMatch(labels, sessions as LabelSelector);
}
