/**
 * A directory of files, as far as a journal needs one. Everything that touches the disk goes through here, so that a
 * simulated disk can lose, tear, fill up and lie.
 *
 * What is written counts only after `sync` of the file. That a file exists under a name, only after `sync` of the disk.
 * After a failed `sync` nothing is known, and a later one that succeeds proves nothing about what was written before.
 */
import { systemCodeOf } from "@tutti/kernel";
export interface Disk {
  /** Names of the files. */
  list(): readonly string[];
  /** Returns an existing file, to be read and overwritten. */
  open(name: string): DiskFile;
  /** Makes a file of zeros that are all on the disk, so that overwriting them changes nothing but data. */
  create(name: string, bytes: number): DiskFile;
  /** Replaces what had the new name. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes durable which files there are. */
  sync(): void;
  /** The same without keeping the caller waiting, for writes without a waiter. */
  readonly later: {
    create(name: string, bytes: number): Promise<void>;
    remove(name: string): Promise<void>;
  };
}

export interface DiskFile {
  readonly bytes: number;
  /** Reads up to the length of the target, and says how much. 0 at the end of the file. */
  read(target: Uint8Array, position: number): number;
  readLater(target: Uint8Array, position: number): Promise<number>;
  /** Writes a beginning of the source, and says how much. At least one byte, or it throws. */
  write(source: Uint8Array, position: number): number;
  /** Makes durable what was written. */
  sync(): void;
  close(): void;
}

/** Returns whether an error means a full disk: no more bytes can be written. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Fills the target from a file. What the file does not have stays zero. Returns how much it had. */
export function readFully(file: DiskFile, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    const read = file.read(target.subarray(done), position + done);
    if (read === 0) break;
    done += read;
  }
  target.fill(0, done);
  return done;
}

/** Writes all of the source, in as many parts as the disk likes. */
export function writeFully(file: DiskFile, source: Uint8Array, position: number): void {
  let done = 0;
  while (done < source.length) {
    done += file.write(done === 0 ? source : source.subarray(done), position + done);
  }
}
