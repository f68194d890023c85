import { AlertSnapshotV1 } from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { ask, type MachineDependencies, orIfAbsent, type WatchMemory } from "@tutti/host/serving";
import type { CallContext, Foundation, ReadOnly } from "@tutti/kernel";
import { kept } from "@tutti/machine-alert";
import { installationNamespace } from "@tutti/mesh";
import type { FailuresExplained } from "../../api/analysis.ts";
import type { SeriesThread } from "../../series/thread/series-thread.ts";
import { keyOf } from "../key.ts";
import type { Notifications } from "../notifications.ts";
import type { Receivers } from "../receivers/receivers.ts";
import type { Evaluator } from "../rules/evaluator.ts";

/** What the handlers of alerts work with. */
export interface AlertDependencies extends MachineDependencies {
  readonly foundation: Foundation;
  readonly evaluator: Pick<Evaluator, "install" | "wake" | "problemOf">;
  readonly receivers: Pick<Receivers, "has" | "names">;
  readonly notifications: Pick<Notifications, "failureOf">;
  readonly thread: Pick<SeriesThread, "ask">;
  readonly watches: WatchMemory;
  /** What failed in a namespace, and why. */
  readonly explain: (span: {
    readonly namespace: string;
    readonly fromMs: number;
    readonly toMs: number;
  }) => Promise<FailuresExplained>;
}

const nothing = AlertSnapshotV1.create();

/** All alerts, rules and silences of a namespace. */
export function keptIn(
  dependencies: MachineDependencies,
  namespace: string,
  context: CallContext,
): Promise<ReadOnly<AlertSnapshotV1>> {
  return orIfAbsent(ask(dependencies, keyOf(namespace), { query: kept, body: undefined }, context), nothing);
}

/** A caller without credentials that names no namespace means the installation, as for metrics. */
export function namespaceOf(
  { namespace }: { readonly namespace: string },
  { principal }: CallContext,
): string {
  if (namespace !== "") return namespace;
  return principal.shown === undefined ? installationNamespace : defaultNamespace;
}
