/** An archive in memory that is slow, fails, and fails after it has executed the call. */
import { type Archive, type BatchSource, MemoryArchive, type MemoryArchiveStore } from "@tutti/journal";
import type { Chance } from "@tutti/kernel";
import type { ArchiveFaults } from "../plan/plan.ts";
import type { Life } from "../world/process.ts";
import { never } from "./observed-journal.ts";

export interface ArchiveGround {
  readonly store: MemoryArchiveStore;
  readonly partitions: number;
  readonly chance: Chance;
  faults: ArchiveFaults;
}

export const reliableArchive: ArchiveFaults = { fails: 0, failsAfter: 0, latencyMs: 0.2 };

export function openArchive(ground: ArchiveGround, life: Life, source: BatchSource): Archive {
  const { store, partitions, chance } = ground;
  return new MemoryArchive({
    partitions,
    source,
    store,
    clock: life,
    pass: async () => {
      if (!life.cross()) await never();
    },
    schedule: (run) => {
      life.schedule(chance.random() * ground.faults.latencyMs, run);
    },
    fault: () => {
      const { fails, failsAfter } = ground.faults;
      if (fails + failsAfter === 0) return undefined;
      const random = chance.random();
      if (random < fails) return "lost";
      return random < fails + failsAfter ? "unanswered" : undefined;
    },
  });
}
