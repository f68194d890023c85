/**
 * The disk of one process: the journal on segments, written inline, on a disk that loses and tears writes,
 * fails, fills up and flips bits, and its archive.
 */
import { type Journal, MemoryArchiveStore, openSegmentsInline, verifyDisk } from "@tutti/journal";
import { type DiskFaults, MemoryDisk } from "@tutti/journal/testing";
import type { Chance } from "@tutti/kernel";
import type { JournalSource } from "@tutti/runtime";
import type { Chronicle } from "../checks/chronicle.ts";
import type { Plan } from "../plan/plan.ts";
import type { CrashKind, Life } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { type Damage, damageFound, isCorrupt, type VerifyDisk } from "./damage.ts";
import { type ArchiveGround, openArchive, reliableArchive } from "./faulty-archive.ts";
import { InFlightAppends, ObservedJournal } from "./observed-journal.ts";
import type { OpenedStorage, Storage, StorageSeams } from "./storage.ts";

/** Maximum bytes of records in a batch: small, so that opening a journal costs little. */
const batchBytesMax = 256 * 1024;
/** Maximum duration of a commit. */
const commitMs = 2;
/** Maximum pause before a broken journal is opened again. */
const renewMs = 200;

export interface EmbeddedSeams extends StorageSeams {
  /** Checks for damage. */
  readonly verify?: VerifyDisk;
}

export interface EmbeddedParts {
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly plan: Plan;
  readonly service: string;
  readonly seams: EmbeddedSeams;
}

export class EmbeddedStorage implements Storage {
  readonly disk: MemoryDisk;
  readonly #parts: EmbeddedParts;
  readonly #archive: ArchiveGround;
  readonly #inFlight: InFlightAppends;
  readonly #chance: Chance;
  #faults: DiskFaults;
  /** Damage to the disk before it is opened the next time. */
  readonly damages: Damage[] = [];

  constructor(parts: EmbeddedParts) {
    const { world, plan } = parts;
    this.#parts = parts;
    this.disk = new MemoryDisk(world.chanceFor("disk"));
    this.#faults = plan.disk;
    this.disk.faults = plan.disk;
    this.#chance = world.chanceFor("storage");
    this.#inFlight = new InFlightAppends(plan.partitions);
    const { partitions, archive: faults } = plan;
    this.#archive = {
      store: new MemoryArchiveStore(),
      partitions,
      chance: world.chanceFor("archive"),
      faults,
    };
  }

  async open(life: Life): Promise<OpenedStorage> {
    const { seams, world } = this.#parts;
    for (const damage of this.damages.splice(0))
      damageFound(world, this.disk, damage, seams.verify ?? verifyDisk);
    let current = await this.#openJournal(life);
    let renewing: Promise<Journal> | undefined;
    const journals: JournalSource = {
      get journal() {
        return current;
      },
      renew: (broken) => {
        if (broken !== current) return Promise.resolve(current);
        renewing ??= this.#renew(life, broken).then((journal) => {
          current = journal;
          renewing = undefined;
          return journal;
        });
        return renewing;
      },
    };
    const archive = openArchive(this.#archive, life, (partition) =>
      current.partition(this.#parts.service, partition),
    );
    return {
      journals,
      archive: seams.archive?.(archive, life) ?? archive,
      async close() {
        await archive.close();
        await current.close();
      },
    };
  }

  died(life: Life, kind: CrashKind): void {
    const isPower = kind === "power" || this.disk.isPowerFailing;
    this.#parts.world.trace(
      life.name,
      () => `leaves a disk ${isPower ? "without power" : "as the system has it"}`,
    );
    if (isPower) this.disk.crash();
    else this.disk.endProcess();
  }

  fill(ms: number): void {
    const { world } = this.#parts;
    world.trace("disk", () => `is full for ${ms} ms`);
    this.disk.capacityBytes = this.disk.usedBytes;
    world.after(ms, () => {
      this.disk.capacityBytes = Number.POSITIVE_INFINITY;
    });
  }

  settleDown(): void {
    this.#faults = {};
    this.disk.faults = {};
    this.disk.capacityBytes = Number.POSITIVE_INFINITY;
    this.#archive.faults = reliableArchive;
  }

  async verify(): Promise<void> {
    const { world } = this.#parts;
    const { kind, text } = verifyDisk(this.disk, "the disk");
    if (kind !== "sound") world.fail("verify", text);
    const { journal } = openSegmentsInline(this.disk, () => {}, this.#options);
    const { chronicle } = this.#parts;
    const observed = new ObservedJournal(journal, {
      world,
      chronicle,
      life: undefined,
      inFlight: this.#inFlight,
    });
    await observed.compare();
    await observed.compareAll();
  }

  async #openJournal(life: Life): Promise<Journal> {
    const { world, chronicle, seams } = this.#parts;
    this.disk.faults = this.#faults;
    const schedule = (turn: () => void): void => {
      life.schedule(this.#chance.random() * commitMs, turn);
    };
    try {
      const { journal } = openSegmentsInline(this.disk, schedule, this.#options);
      const inFlight = this.#inFlight;
      const observed = new ObservedJournal(journal, { world, chronicle, life, inFlight });
      await observed.compare();
      return seams.journal?.(observed, life) ?? observed;
    } catch (error) {
      if (isCorrupt(error)) world.fail("damage", `a sound journal is reported as damaged: ${String(error)}`);
      throw error;
    }
  }

  /** Opens the journal again, until that works. */
  async #renew(life: Life, broken: Journal): Promise<Journal> {
    const { world } = this.#parts;
    for (;;) {
      await new Promise<void>((resolve) => {
        life.schedule(this.#chance.random() * renewMs, resolve);
      });
      try {
        await broken.close();
        const journal = await this.#openJournal(life);
        world.trace(life.name, () => "has opened its journal again");
        return journal;
      } catch (error) {
        world.trace(life.name, () => `cannot open its journal: ${String(error)}`);
      }
    }
  }

  get #options() {
    const { service, plan, world } = this.#parts;
    const firstBytes = plan.limits.segmentBytes;
    return {
      services: [{ service, partitions: plan.partitions }],
      chance: world.chanceFor("log"),
      batchBytesMax,
      sizes: { firstBytes, maxBytes: 4 * firstBytes },
    };
  }
}
