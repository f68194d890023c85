/** Lists and repairs quarantined machines. */
import type {
  ListQuarantinedReply,
  ListQuarantinedRequest,
  QuarantinedMachine,
  RepairQuarantinedReply,
  RepairQuarantinedRequest,
} from "@tutti/contracts/runtime/v1";
import { type CallContext, pageOf, toTimestamp } from "@tutti/kernel";
import { whenOwned } from "../admission.ts";
import { causeOf } from "../cause.ts";
import { keyIn, type MachineDependencies } from "./dependencies.ts";

export function listQuarantined(
  { runtime }: MachineDependencies,
  { namespace, page }: ListQuarantinedRequest,
): ListQuarantinedReply {
  const requestedNamespace = namespace || "default";
  const sorted = runtime
    .quarantined()
    .filter(({ key }) => key.namespace === requestedNamespace)
    .map((instance) => ({ instance, sinceMs: instance.quarantine?.sinceMs ?? 0 }))
    .map((entry) => ({ ...entry, rank: `${String(entry.sinceMs).padStart(16, "0")}/${entry.instance.text}` }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1));
  const { items, nextToken } = pageOf(
    sorted,
    { list: ["quarantined", requestedNamespace], keyOf: ({ rank }) => rank },
    page,
  );
  return { machines: items.map(({ instance }) => machineOf(instance)), page: { nextToken } };
}

function machineOf({
  key,
  quarantine,
}: ReturnType<MachineDependencies["runtime"]["quarantined"]>[number]): QuarantinedMachine {
  const { sinceMs = 0, folded = 0, parked = [], reason } = quarantine ?? {};
  return {
    reference: { ...key, task: "" },
    since: toTimestamp(sinceMs),
    event: folded,
    error: reason?.error,
    on: reason?.on ?? "",
    waiting: parked.length,
  };
}

/** Lets a machine continue. The machine itself remembers the reply under the key. */
export function repairQuarantined(
  dependencies: MachineDependencies,
  request: RepairQuarantinedRequest,
  context: CallContext,
): Promise<RepairQuarantinedReply> {
  const key = keyIn(request);
  const { action, event, reason, idempotencyKey } = request;
  const cause = causeOf(context, reason);
  return whenOwned(dependencies, key, context, () =>
    dependencies.runtime.repair({ key, action, event, cause, idempotencyKey }),
  );
}
