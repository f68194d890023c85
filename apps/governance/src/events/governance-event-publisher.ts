/** Publishes events of namespaces, keys, policies, secrets, decisions and findings on the bus. */
import { type Bus, contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type GovernanceEventPayloads, governanceEvents } from "@tutti/contracts/events/v1/governance";
import { type EventMapper, MachineEventPublisher } from "@tutti/host/serving";
import { type Foundation, toTimestamp } from "@tutti/kernel";
import { decisions } from "@tutti/machine-entities/decisions";
import { findings } from "@tutti/machine-entities/findings";
import { secrets } from "@tutti/machine-entities/secrets";
import { tenant } from "@tutti/machine-entities/tenant";
import {
  decisionNotes,
  findingNotes,
  type GovernanceNote,
  secretNotes,
  tenantNotes,
} from "./governance-notes.ts";

export const source = "/tutti/governance";

const mapper: EventMapper<GovernanceNote> = {
  eventOf({ key, event, timeMs, cause, type, resource, body, part }): EventInput {
    const { namespace } = key;
    const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
    // The body is the payload of this type without its header.
    const payload = { ...body, header } as unknown as GovernanceEventPayloads[typeof type];
    return contractEvent(governanceEvents[type], payload, { source, part });
  },
  isEnd: () => false,
  progressOf: () => Promise.resolve(undefined),
};

/** Returns the publisher of the service. */
export function governanceEventPublisher({
  bus,
  foundation,
}: {
  readonly bus: Pick<Bus, "publish">;
  readonly foundation: Foundation;
}): MachineEventPublisher<GovernanceNote> {
  const sources = [
    { machine: tenant, notes: tenantNotes },
    { machine: secrets, notes: secretNotes },
    { machine: decisions, notes: decisionNotes },
    { machine: findings, notes: findingNotes },
  ];
  const leftOut = foundation.metrics
    .counter({
      name: "tutti_governance_events_left_out_total",
      help: "Governance events dropped because the publish queue was full.",
    })
    .with({});
  return new MachineEventPublisher({ bus, foundation, sources, mapper, dropped: leftOut });
}
