import {
  type Journal,
  type MemoryFault,
  MemoryJournal,
  MemoryStore,
  openSegmentsInline,
} from "@tutti/journal";
import { journalConformance, MemoryDisk } from "@tutti/journal/testing";
import { seededChance } from "@tutti/kernel/testing";

journalConformance({
  name: "memory",
  canFail: true,
  open: async ({ services, batchBytesMax = 100_000 }) => {
    const store = new MemoryStore();
    let next: MemoryFault | undefined;
    const fault = (): MemoryFault | undefined => {
      const now = next;
      next = undefined;
      return now;
    };
    const open = (requested: typeof services): Journal =>
      new MemoryJournal({ services: requested, store, batchBytesMax, fault });
    let journal = open(services);
    return {
      journal,
      reopen: async (requested = services) => {
        await journal.close();
        journal = open(requested);
        return journal;
      },
      fail: (kind) => {
        next = kind === "full" ? "full" : "unknown-landed";
      },
      [Symbol.asyncDispose]: () => journal.close(),
    };
  },
});

const sizes = { firstBytes: 64 * 1024, maxBytes: 512 * 1024 };

journalConformance({
  name: "segments in line, on a disk in memory",
  canFail: true,
  open: async ({ services, batchBytesMax = 100_000 }) => {
    const chance = seededChance(1);
    const disk = new MemoryDisk(chance);
    const open = (requested: typeof services): Journal =>
      openSegmentsInline(disk, queueMicrotask, { services: requested, chance, batchBytesMax, sizes }).journal;
    let journal = open(services);
    return {
      journal,
      reopen: async (requested = services) => {
        await journal.close();
        disk.faults = {};
        journal = open(requested);
        return journal;
      },
      fail: (kind) => {
        if (kind === "full") disk.capacityBytes = disk.usedBytes;
        else disk.faults = { syncFails: 1 };
      },
      freeRoom: () => {
        disk.capacityBytes = Number.POSITIVE_INFINITY;
      },
      [Symbol.asyncDispose]: () => journal.close(),
    };
  },
});
