/** How a pause starts and ends, recorded in the same breath. */
import type { WorkReleased } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { ownEvents } from "../records/own-events.ts";
import type { PartitionMemory } from "./memory.ts";

/** Pauses everything, unless the partition has had this pause. Called when it is loaded, before its first turn. */
export function pauseWork(memory: PartitionMemory, name: string): void {
  const { pause, batch, self, parts } = memory;
  if (name === "" || pause.name === name) return;
  memory.beginTurn();
  const { header, codec } = ownEvents.workPaused;
  batch.add(self, header, codec, { name }, parts.cause);
  pause.start(name, memory.nowMs, parts.cause.actor);
}

/** Lets paused machines continue, within a turn: what they have outstanding is started when that is durable. */
export function releaseWork(memory: PartitionMemory, released: WorkReleased, cause: Cause): void {
  const { pause, folding, batch, self, instances, timers } = memory;
  if (pause.has(released)) return;
  const { header, codec } = ownEvents.workReleased;
  batch.add(self, header, codec, released, cause);
  const held = [...instances.values()].filter((instance) => pause.holds(instance));
  // What of theirs was wanted in this turn is found with the rest.
  folding.due = memory.takeDue();
  pause.release(released);
  for (const instance of held) if (!pause.holds(instance)) folding.due.push(...instance.effects);
  for (const timer of pause.takeDue()) timers.set(timer, timer.rank);
}
