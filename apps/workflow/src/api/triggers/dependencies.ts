import type { Bus } from "@tutti/bus";
import type { runService, Trigger, triggerService } from "@tutti/contracts/workflow/v1";
import { type LineDependencies, type MachineDependencies, query } from "@tutti/host/serving";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import { facts, triggerErrors } from "@tutti/machine-trigger";
import type { Client } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Versions } from "../../definitions/versions.ts";
import type { Deliveries } from "../../triggers/deliveries.ts";
import type { EventWaits } from "../../triggers/event-waits.ts";
import type { TriggerIndex } from "../../triggers/trigger-index.ts";
import { triggerOf } from "./messages.ts";

/** The common dependencies of the handlers of triggers and others. */
export interface TriggerFoundations extends LineDependencies {
  readonly versions: Versions;
  readonly waits: Pick<EventWaits, "deliver">;
}

/** The dependencies of the handlers of triggers. */
export interface TriggerDependencies extends TriggerFoundations {
  readonly index: Pick<TriggerIndex, "refresh">;
  readonly deliveries: Pick<Deliveries, "deliver" | "enqueue">;
  readonly bus: Pick<Bus, "publish" | "subscribe" | "tail">;
  /** Triggers of other owners. */
  readonly triggers: Pick<Client<typeof triggerService>, "getTrigger">;
  readonly runs: Pick<Client<typeof runService>, "getRun">;
}

export function keyOf(namespace: string, id: string): InstanceKey {
  return { namespace, kind: "trigger", id };
}

export async function triggerNamed(
  dependencies: MachineDependencies,
  id: string,
  context: CallContext,
): Promise<Trigger> {
  const { namespace } = context;
  try {
    const found = await query(dependencies, keyOf(namespace, id), { query: facts, body: undefined }, context);
    return triggerOf(namespace, id, found);
  } catch (error) {
    throw runtimeErrors.unknownInstance.is(error) ? triggerErrors.missing({ id }) : error;
  }
}
