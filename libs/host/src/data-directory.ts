/**
 * The directory of a process's durable data. It belongs to one process at a time.
 *
 * The system itself holds the lock for the process, through SQLite, which can request it on every system. Exactly one
 * of several processes gets it, and a killed process blocks no other. Lock files with a process id do neither: numbers
 * are reused, and taking over the file of a dead process is a race.
 */
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type Component, type Foundation, privateModes, sleep, type TuttiError } from "@tutti/kernel";
import { hostErrors } from "./errors.ts";
import { makePrivate } from "./storage/private-tree.ts";

// Codes of SQLite: another process has the lock. The file is not a database.
const busy = 5;
const notADatabase = 26;

/** A stopping process finishes its work first. */
const leavingMaxMs = 20_000;
const pollMs = 100;

type Needed = Pick<Foundation, "clock" | "logger" | "timers">;

export class DataDirectory implements Component {
  readonly path: string;
  readonly #foundation: Needed;
  readonly #setting: string;
  #lock: DatabaseSync | undefined;
  #since = "";
  #url = "";

  /**
   * @param path absolute
   * @param setting the key that selects another directory
   */
  constructor(path: string, foundation: Needed, setting = "platform.dataDirectory") {
    this.path = path;
    this.#foundation = foundation;
    this.#setting = setting;
  }

  /** Throws at once if another process has it and is not stopping, before a start has logged anything. */
  async requireFree(): Promise<void> {
    const holder = join(this.path, "lock.json");
    if (!existsSync(holder) || readHolder(holder).isLeaving) return;
    // Other problems of the directory are reported by the start.
    const release = await claim(this.path).catch(() => () => {});
    if (release === undefined) throw this.#lockedBy(holder);
    release();
  }

  #lockedBy(holder: string): TuttiError {
    const setting = this.#setting;
    return hostErrors.dataDirectoryLocked({ directory: this.path, setting, ...holderIn(holder) });
  }

  async start(): Promise<void> {
    const holder = join(this.path, "lock.json");
    const setting = this.#setting;
    try {
      await createFolders(this.path);
      this.#lock = await this.#locked(holder);
      this.#since = new Date(this.#foundation.clock.now()).toISOString();
      this.#writeHolder({});
      await this.#makePrivate();
    } catch (error) {
      this.stop();
      if (isSqlite(error, busy)) throw this.#lockedBy(holder);
      const reason = reasonOf(error, this.path);
      throw hostErrors.dataDirectoryUnusable({ directory: this.path, reason, setting }, { cause: error });
    }
  }

  /** The process is ready: a process that needs the directory can report this address. */
  serves(url: string): void {
    this.#url = url;
    if (this.#lock !== undefined) this.#writeHolder({});
  }

  /** The process is stopping, maybe for a while: a process that needs the directory waits instead of failing. */
  markStopping(): void {
    if (this.#lock !== undefined) this.#writeHolder({ isLeaving: true });
  }

  async #locked(holder: string): Promise<DatabaseSync> {
    const { timers, logger } = this.#foundation;
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      try {
        return await locked(join(this.path, "lock"));
      } catch (error) {
        if (!isSqlite(error, busy) || waitedMs >= leavingMaxMs || !readHolder(holder).isLeaving) throw error;
        if (waitedMs === 0)
          logger.info("waiting for the process that stops", { directory: this.path, ...holderIn(holder) });
        await sleep(timers, pollMs);
      }
    }
  }

  /** Writes the holder for people and for other processes. The lock itself is the other file. */
  #writeHolder(more: { readonly isLeaving?: boolean }): void {
    const text = JSON.stringify({
      pid: process.pid,
      since: this.#since,
      ...(this.#url === "" ? {} : { url: this.#url }),
      ...more,
    });
    writeFileSync(join(this.path, "lock.json"), `${text}\n`, { mode: privateModes.file });
  }

  /** Keeps the URL, so that clients in the folder do not use another platform meanwhile. */
  #writeStopped(): void {
    const path = join(this.path, "lock.json");
    const text = JSON.stringify({ url: this.#url, isLeaving: true });
    if (this.#url === "") rmSync(path, { force: true });
    else writeFileSync(path, `${text}\n`, { mode: privateModes.file });
  }

  /** Files of an older release, or of a copy, may be readable by other users. */
  async #makePrivate(): Promise<void> {
    const { logger } = this.#foundation;
    const { changed, problem } = await makePrivate(this.path);
    if (changed > 0)
      logger.info("restricted the data directory to its user", { directory: this.path, changed });
    if (problem !== "")
      logger.warn("failed to restrict the data directory to its user", { directory: this.path, problem });
  }

  stop(): void {
    // Written while no other process can write it. After a crash the file names the former holder.
    if (this.#lock !== undefined) this.#writeStopped();
    this.#lock?.close();
    this.#lock = undefined;
  }
}

/** The process that has a data directory, or had it and did not stop gracefully. */
export interface Holder {
  /** Empty after a graceful stop. */
  readonly pid: string;
  readonly since: string;
  /** Its address. Empty until it is ready, and for a process without an HTTP port. */
  readonly url: string;
}

/**
 * Takes the lock of a directory without recording a holder, for a reader that needs the directory unchanged meanwhile.
 * Returns a function that releases it. Undefined if a process has it.
 */
export async function claim(path: string): Promise<(() => void) | undefined> {
  try {
    const lock = await locked(join(path, "lock"));
    return () => lock.close();
  } catch (error) {
    if (isSqlite(error, busy)) return;
    throw error;
  }
}

/** Returns the process that has a directory, or had it when it was killed. Undefined without one. */
export function lastHolder(path: string): Holder | undefined {
  const file = join(path, "lock.json");
  if (!existsSync(file)) return;
  const holder = holderIn(file);
  return holder.pid === "" ? undefined : holder;
}

async function locked(path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import("node:sqlite");
  // SQLite would create a file that every user can read.
  closeSync(openSync(path, "a", privateModes.file));
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isSqlite(error: unknown, code: number): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === code;
}

/** `mkdir` with `recursive` never ends if the system answers ENOENT for a folder whose parent exists, as below /proc. */
async function createFolders(path: string, hasParent = false): Promise<void> {
  try {
    await mkdir(path, { mode: privateModes.folder });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !hasParent && dirname(path) !== path) {
      await createFolders(dirname(path));
      return createFolders(path, true);
    }
    // Another process may have made it meanwhile.
    if (code !== "EEXIST" || !(await stat(path)).isDirectory()) throw error;
  }
}

function reasonOf(error: unknown, path: string): string {
  if (isSqlite(error, notADatabase)) return `a file ${join(path, "lock")} that Tutti did not create`;
  return error instanceof Error ? error.message : String(error);
}

interface HolderRecord extends Holder {
  readonly isLeaving: boolean;
}

function holderIn(path: string): Holder {
  const { pid, since, url } = readHolder(path);
  return { pid, since, url };
}

function readHolder(path: string): HolderRecord {
  try {
    const { pid = "", since, url = "", isLeaving } = JSON.parse(readFileSync(path, "utf8"));
    return { pid: String(pid), since: String(since), url: String(url), isLeaving: isLeaving === true };
  } catch {
    // The other process has the lock and has not written its entry yet.
    return { pid: "that started just now", since: "a moment ago", url: "", isLeaving: false };
  }
}
