import { AlertSnapshotV1 } from "@tutti/contracts/insight/v1";
import { defaultNamespace, type FieldViolation } from "@tutti/contracts/rpc";
import { type MachineDependencies, orIfAbsent, query, type WatchMemory } from "@tutti/host/serving";
import type { CallContext, Foundation, ReadOnly } from "@tutti/kernel";
import { snapshotQuery } from "@tutti/machine-alert";
import { installationNamespace } from "@tutti/mesh";
import type { FailuresExplained } from "../../api/analysis.ts";
import type { Repairs } from "../../repairs/repairs.ts";
import type { SeriesThread } from "../../series/thread/series-thread.ts";
import { keyOf } from "../key.ts";
import type { Notifications } from "../notifications.ts";
import type { Receivers } from "../receivers/receivers.ts";
import type { Evaluator } from "../rules/evaluator.ts";

/** Dependencies of the handlers of alerts. */
export interface AlertDependencies extends MachineDependencies {
  readonly foundation: Foundation;
  readonly evaluator: Pick<Evaluator, "install" | "requestRound" | "problemOf">;
  readonly receivers: Pick<Receivers, "has" | "names" | "kinds">;
  readonly notifications: Pick<Notifications, "failureOf">;
  readonly thread: Pick<SeriesThread, "request">;
  readonly watches: WatchMemory;
  /** Counts reported alerts that were rejected. */
  readonly droppedReports: { add(count: number): void };
  readonly repairs: Repairs;
  /** Returns the failed work of a namespace, and the causes. */
  readonly explain: (span: {
    readonly namespace: string;
    readonly fromMs: number;
    readonly toMs: number;
  }) => Promise<FailuresExplained>;
}

const nothing = AlertSnapshotV1.create();

/** No resource has this revision. A revision that is no number is rejected like an outdated one. */
const noRevision = 2 ** 32 - 1;

/** Converts the revision that a caller read to the form of the machine. */
export function revisionIn(revision: string): number {
  if (revision === "") return 0;
  return /^\d{1,9}$/.test(revision) ? Number(revision) : noRevision;
}

/** Returns a violation, with its place, for each receiver that is not configured. */
export function unknownReceivers(
  receivers: AlertDependencies["receivers"],
  names: readonly string[],
  place: string,
): readonly FieldViolation[] {
  const known = receivers.names.join(", ") || "none is configured";
  return names.flatMap((name, at) =>
    receivers.has(name)
      ? []
      : [{ field: `${place}[${at}]`, message: `receiver \`${name}\` not found (${known})` }],
  );
}

/** Returns all alerts, rules and silences of a namespace. */
export function snapshotOf(
  dependencies: MachineDependencies,
  namespace: string,
  context: CallContext,
): Promise<ReadOnly<AlertSnapshotV1>> {
  return orIfAbsent(
    query(dependencies, keyOf(namespace), { query: snapshotQuery, body: undefined }, context),
    nothing,
  );
}

/** For a caller without credentials, an empty namespace means the installation, as for metrics. */
export function namespaceOf(
  { namespace }: { readonly namespace: string },
  { principal }: CallContext,
): string {
  if (namespace !== "") return namespace;
  return principal.credential === undefined ? installationNamespace : defaultNamespace;
}
