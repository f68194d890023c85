import type { Chance } from "@tutti/kernel";
import type { Disk, DiskFile } from "../disk/disk.ts";

/** Rates of faults, as shares of all operations of the kind. */
export interface DiskFaults {
  /** A sync fails. Each sector may have been written anyway, and the system considers all of them written. */
  readonly syncFails?: number;
  /** A write fails after a prefix of it was written. */
  readonly writeFails?: number;
  /** A write writes less than requested. */
  readonly shortWrites?: number;
}

/** Returns the system error of a real disk. */
function systemError(code: string, reason: string): Error {
  return Object.assign(new Error(`${code}: ${reason}`), { code });
}

/** Disks write this much atomically. */
const sectorBytes = 512;

interface Content {
  /** Content that the running system reads. */
  readonly cached: Uint8Array;
  /** The bytes that a crash leaves. */
  readonly stored: Uint8Array;
  readonly dirty: Set<number>;
}

type NameChange = (names: Map<string, Content>) => void;

/**
 * A disk in memory that behaves like the worst disks: it forgets unsynced data, sector by sector, fails syncs
 * that may have worked, fills up, and flips bits. Only the seed decides its faults.
 */
export class MemoryDisk implements Disk {
  readonly #chance: Chance;
  readonly #names = new Map<string, Content>();
  #durableNames = new Map<string, Content>();
  #nameChanges: NameChange[] = [];
  #life = 0;
  #remainingOperations = Number.POSITIVE_INFINITY;
  faults: DiskFaults = {};
  /** Bytes of all files together. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  /** Writes, syncs and changes of names so far. */
  operations = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  readonly later: Disk["later"] = {
    create: async (name, bytes) => void this.create(name, bytes),
    remove: async (name) => this.remove(name),
  };

  list(): readonly string[] {
    return [...this.#names.keys()];
  }

  open(name: string): DiskFile {
    return this.#fileOf(this.#content(name));
  }

  create(name: string, bytes: number): DiskFile {
    this.#operate();
    if (this.#names.has(name)) throw systemError("EEXIST", `file already exists, open '${name}'`);
    if (this.usedBytes + bytes > this.capacityBytes) throw systemError("ENOSPC", "no space left on device");
    const content = {
      cached: new Uint8Array(bytes),
      stored: new Uint8Array(bytes),
      dirty: new Set<number>(),
    };
    this.#change((names) => names.set(name, content));
    return this.#fileOf(content);
  }

  rename(from: string, to: string): void {
    this.#operate();
    const content = this.#content(from);
    this.#change((names) => {
      names.delete(from);
      names.set(to, content);
    });
  }

  remove(name: string): void {
    this.#operate();
    this.#content(name);
    this.#change((names) => names.delete(name));
  }

  sync(): void {
    this.#operate();
    this.#durableNames = new Map(this.#names);
    this.#nameChanges = [];
  }

  get usedBytes(): number {
    return [...this.#names.values()].reduce((sum, { cached }) => sum + cached.length, 0);
  }

  /** Makes the power fail in the middle of the n-th operation from here on. Everything fails until `crash`. */
  failPowerIn(operations: number): void {
    this.#remainingOperations = operations;
  }

  /** Whether the power has failed, or is about to. */
  get isPowerFailing(): boolean {
    return this.#remainingOperations < Number.POSITIVE_INFINITY;
  }

  /** Restarts the machine: unsynced data is kept or lost, each sector and each change of names separately. */
  crash(): void {
    this.#life++;
    this.#remainingOperations = Number.POSITIVE_INFINITY;
    // Every file system in use journals changes of names in order.
    const survived = Math.floor(this.#chance.random() * (this.#nameChanges.length + 1));
    for (const change of this.#nameChanges.slice(0, survived)) change(this.#durableNames);
    this.#nameChanges = [];
    this.#names.clear();
    for (const [name, content] of this.#durableNames) {
      this.#store(content);
      content.cached.set(content.stored);
      this.#names.set(name, content);
    }
  }

  /** Ends only the process: its writes are in the memory of the system, synced or not. */
  endProcess(): void {
    this.#life++;
    this.#remainingOperations = Number.POSITIVE_INFINITY;
  }

  flipBit(name: string, offset: number, bit: number): void {
    const { cached, stored } = this.#content(name);
    cached[offset] = (cached[offset] ?? 0) ^ (1 << bit);
    stored[offset] = (stored[offset] ?? 0) ^ (1 << bit);
  }

  /** Changes bytes, on the disk and in the system's cache. */
  patch(name: string, offset: number, bytes: Uint8Array): void {
    const { cached, stored } = this.#content(name);
    cached.set(bytes, offset);
    stored.set(bytes, offset);
  }

  #content(name: string): Content {
    const content = this.#names.get(name);
    if (content === undefined) throw systemError("ENOENT", `no such file or directory, open '${name}'`);
    return content;
  }

  #change(change: NameChange): void {
    change(this.#names);
    this.#nameChanges.push(change);
  }

  #operate(): void {
    this.operations++;
    if (this.#remainingOperations <= 0) throw systemError("EIO", "the power is off");
    this.#remainingOperations--;
  }

  #happens(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.#chance.random() < share;
  }

  /** Each dirty sector reaches the disk or not. From now on the system considers all of them written. */
  #store({ cached, stored, dirty }: Content): void {
    for (const sector of dirty) {
      if (this.#chance.random() < 0.5) continue;
      const at = sector * sectorBytes;
      stored.set(cached.subarray(at, at + sectorBytes), at);
    }
    dirty.clear();
  }

  #fileOf(content: Content): DiskFile {
    const life = this.#life;
    const { cached, stored, dirty } = content;
    const requireOpen = (): void => {
      if (life !== this.#life) throw systemError("EBADF", "a file of a process that has ended");
    };
    const read = (target: Uint8Array, position: number): number => {
      requireOpen();
      const bytes = cached.subarray(position, position + target.length);
      target.set(bytes);
      return bytes.length;
    };
    const writeCached = (source: Uint8Array, position: number): void => {
      cached.set(source, position);
      const last = Math.floor((position + source.length - 1) / sectorBytes);
      for (let sector = Math.floor(position / sectorBytes); sector <= last; sector++) dirty.add(sector);
    };
    const part = (source: Uint8Array): Uint8Array =>
      source.subarray(0, 1 + Math.floor(this.#chance.random() * (source.length - 1)));
    return {
      bytes: cached.length,
      read,
      readLater: async (target, position) => read(target, position),
      write: (source, position) => {
        requireOpen();
        const fails = this.#happens(this.faults.writeFails) || this.#remainingOperations <= 0;
        if (fails) writeCached(part(source), position);
        this.#operate();
        if (fails) throw systemError("EIO", "i/o error, write");
        const written = this.#happens(this.faults.shortWrites) ? part(source) : source;
        writeCached(written, position);
        return written.length;
      },
      sync: () => {
        requireOpen();
        const fails = this.#happens(this.faults.syncFails) || this.#remainingOperations <= 0;
        if (fails) this.#store(content);
        this.#operate();
        if (fails) throw systemError("EIO", "i/o error, fdatasync");
        for (const sector of dirty) {
          const at = sector * sectorBytes;
          stored.set(cached.subarray(at, at + sectorBytes), at);
        }
        dirty.clear();
      },
      close() {},
    };
  }
}
