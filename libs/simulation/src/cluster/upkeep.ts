/** The background work of a process, as long as it lives. */
import { RepairAction } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { Archive } from "@tutti/journal";
import type { Runtime } from "@tutti/runtime";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";

const repairMs = 900;

/** An operator looks now and then whether anything is kept aside, and lets it continue without what it failed on. */
export function repairNowAndThen(world: World, name: string, life: Life, runtime: Runtime): void {
  const cause: Cause = { actor: undefined, traceparent: "", decision: "operator", reason: "skip it" };
  for (const { key } of runtime.quarantined()) {
    world.note(name, () => `repairs ${key.id}`);
    runtime
      .repair({ key, action: RepairAction.REPAIR_ACTION_SKIP, event: 0, cause })
      .catch((error: unknown) => {
        world.note(name, () => `cannot repair ${key.id}: ${String(error)}`);
      });
  }
  life.schedule(repairMs, () => repairNowAndThen(world, name, life, runtime));
}

/** What is no longer to be kept goes, again and again. */
export function purgeNowAndThen(purgeEveryMs: number, life: Life, archive: Archive): void {
  const again = (delayMs: number): void => {
    life.schedule(delayMs, () => purgeNowAndThen(purgeEveryMs, life, archive));
  };
  archive.purge(life.now()).then(
    (hasMore) => again(hasMore ? 1 : purgeEveryMs),
    () => again(purgeEveryMs),
  );
}
