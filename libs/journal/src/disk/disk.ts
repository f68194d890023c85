/**
 * A directory of files, with the operations that a journal needs. All disk access goes through it, so that a simulated
 * disk can lose, tear, fill up and lie.
 *
 * Written bytes count only after `sync` of the file. The existence of a file under a name counts only after `sync` of
 * the disk. After a failed `sync` nothing is known, and a later success proves nothing about earlier writes.
 */
import { systemCodeOf } from "@tutti/kernel";
export interface Disk {
  /** Names of the files. */
  list(): readonly string[];
  /** Opens an existing file for reading and overwriting. */
  open(name: string): DiskFile;
  /** Creates a file of zeros that are all on the disk, so that overwriting them changes nothing but data. */
  create(name: string, bytes: number): DiskFile;
  /** Renames a file, replacing any file with the new name. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes creations, removals and renames durable. */
  sync(): void;
  /** The same without blocking the caller, for writes without a waiter. */
  readonly later: {
    create(name: string, bytes: number): Promise<void>;
    remove(name: string): Promise<void>;
  };
}

export interface DiskFile {
  readonly bytes: number;
  /** Reads up to the length of the target. Returns the number of bytes, 0 at the end of the file. */
  read(target: Uint8Array, position: number): number;
  readLater(target: Uint8Array, position: number): Promise<number>;
  /** Writes a prefix of the source. Returns its length, which is at least one byte. Throws otherwise. */
  write(source: Uint8Array, position: number): number;
  /** Makes earlier writes durable. */
  sync(): void;
  close(): void;
}

/** Returns whether an error means a full disk: no more bytes can be written. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Fills the target from a file. Bytes beyond the end of the file stay zero. Returns how many were read. */
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

/** Writes all of the source, in as many parts as necessary. */
export function writeFully(file: DiskFile, source: Uint8Array, position: number): void {
  let done = 0;
  while (done < source.length) {
    done += file.write(done === 0 ? source : source.subarray(done), position + done);
  }
}
