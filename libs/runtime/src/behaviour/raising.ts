/** Activates newer behaviours, and records the change in the same step. */
import { BehaviourRaised } from "@tutti/contracts/runtime/v1";
import { runtimeErrors } from "../errors.ts";
import type { PartitionMemory } from "../partition/memory.ts";
import { ownEvents } from "../records/own-events.ts";
import { type BehaviourLevels, beyond, textOfLevels } from "./behaviours.ts";

/** Activates the allowed behaviours that this release has. Call within a turn, or before the first one. */
export function raiseBehaviour(memory: PartitionMemory, allowed: BehaviourLevels): void {
  const { behaviours, batch, self, parts } = memory;
  const { levels: known } = parts.machines;
  const raised = [...beyond(allowed, behaviours.levels)].flatMap(([kind, behaviour]) => {
    const level = { kind, behaviour: Math.min(behaviour, known.get(kind) ?? 1) };
    return level.behaviour > behaviours.of(kind) ? [level] : [];
  });
  if (raised.length === 0) return;
  const { header, codec } = ownEvents.behaviourRaised;
  batch.add(self, header, codec, { levels: raised }, parts.cause);
  behaviours.raise(raised);
}

/** Applies behaviours that were raised before. Throws if this release must not continue with the partition. */
export function recoverBehaviour(memory: PartitionMemory, payload: Uint8Array): void {
  applyBehaviour(memory, BehaviourRaised.decode(payload).levels);
}

export function applyBehaviour(memory: PartitionMemory, raised: BehaviourRaised["levels"]): void {
  const { behaviours, parts } = memory;
  const { service, partition, machines } = parts;
  behaviours.raise(raised);
  // Levels of machines that are not hosted here are kept, but not checked.
  const hosted = new Map([...behaviours.levels].filter(([kind]) => machines.of(kind) !== undefined));
  const newer = beyond(hosted, machines.levels);
  if (newer.size === 0) return;
  const found = textOfLevels(newer);
  const known = [...newer.keys()].map((kind) => `${kind} ${machines.levels.get(kind) ?? 1}`).join(", ");
  throw runtimeErrors.behaviourNewer({ service, partition, found, known });
}
