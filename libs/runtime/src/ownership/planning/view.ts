import type { BalanceSettings } from "../settings.ts";
import type { Assignment, Holder, Picture } from "../table/picture.ts";
import type { PlanPartition, PlanView } from "./plan.ts";

/** Returns the state of a service as input of the plan. */
export function viewOf(
  picture: Picture,
  service: string,
  partitions: number,
  { settleMs, restMs }: BalanceSettings,
  nowMs: number,
): PlanView {
  const holders = [...picture.holders].filter(({ loads }) => loads.has(service));
  const known = (id: string | undefined) => holders.find((holder) => holder.id === id);
  const partitionOf = (partition: number): PlanPartition => {
    const assignment = picture.assignment(service, partition);
    const owner = known(assignment?.owner);
    const reported = owner?.loads.get(service)?.get(partition) ?? 0;
    const ageMs = nowMs - (assignment?.sinceMs ?? nowMs);
    const moved = assignment?.movedLoad ?? 0;
    return {
      partition,
      owner: owner?.id,
      to: known(assignment?.to)?.id,
      // A new owner has measured next to nothing yet, so the load that caused the move counts as well.
      load: ageMs < settleMs ? Math.max(reported, moved) : reported,
      resting: moved > 0 && ageMs < restMs,
    };
  };
  return {
    holders: holders.map((holder) => ({
      id: holder.id,
      // It hands over partitions that it cannot read, like a process that leaves.
      leaving: !picture.accepts(holder, service),
      otherLoad: otherLoadOf(holder, service),
    })),
    partitions: Array.from({ length: partitions }, (_, partition) => partitionOf(partition)),
  };
}

/** Returns the process that plans for a service: the one with the first name, which has been present longest. */
export function plannerOf(picture: Picture, service: string): string | undefined {
  let first: Holder | undefined;
  for (const holder of picture.holders) {
    if (!holder.loads.has(service)) continue;
    const sooner =
      first === undefined ||
      (first.leaving && !holder.leaving) ||
      (first.leaving === holder.leaving && holder.id < first.id);
    if (sooner) first = holder;
  }
  return first?.id;
}

/** Partitions that are on their way to a process that no longer takes them. */
export function strandedOf(picture: Picture, service: string): readonly Assignment[] {
  return [...picture.assignments(service)].filter(({ owner, to }) => {
    const receiver = picture.holder(to);
    return (
      to !== "" &&
      picture.holder(owner) !== undefined &&
      (receiver === undefined || !picture.accepts(receiver, service))
    );
  });
}

function otherLoadOf({ loads }: Holder, service: string): number {
  let sum = 0;
  for (const [other, byPartition] of loads) {
    if (other === service) continue;
    for (const load of byPartition.values()) sum += load;
  }
  return sum;
}
