import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journal, openSegments } from "@tutti/journal";
import { journalConformance } from "@tutti/journal/testing";
import { seededChance } from "@tutti/kernel/testing";

const sizes = { firstBytes: 64 * 1024, maxBytes: 512 * 1024 };

// In memory if possible: these tests are not about slow disks.
const files = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

journalConformance({
  name: "segments with a thread, on files",
  canFail: false,
  open: async ({ services, batchBytesMax = 100_000 }) => {
    const directory = await mkdtemp(join(files, "tutti-journal-"));
    const open = async (requested: typeof services): Promise<Journal> => {
      const options = { services: requested, chance: seededChance(1), batchBytesMax, sizes };
      return (await openSegments(directory, options)).journal;
    };
    let journal = await open(services);
    return {
      journal,
      reopen: async (requested = services) => {
        await journal.close();
        journal = await open(requested);
        return journal;
      },
      [Symbol.asyncDispose]: async () => {
        await journal.close();
        await rm(directory, { recursive: true });
      },
    };
  },
});
