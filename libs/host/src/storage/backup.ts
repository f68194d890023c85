/**
 * Copies a data directory while everything continues.
 *
 * 1. Nothing of the log is removed meanwhile, and the archives are copied before the end of the log is read. So the log
 *    of the copy starts no later than its archives end, and ends no earlier.
 * 2. Only the durable part of the last segment is copied, because later bytes may be half written. Everything that was
 *    acknowledged before the start of the copy is before that end.
 * 3. The audit log is copied before the end of the journal is read too, so that it has no entry without data in the
 *    copy. No checkpoint is made in between, so that the journal anchors none that the copied audit log lacks.
 * 4. Keys are sealed or named, after the log: a key is there before anything in the log was sealed with it. Other files
 *    of SQLite are copied between two of their transactions, and all other files as they are.
 * 5. The file that marks a data directory is copied last, so an unfinished copy does not count as one.
 */
import { constants, type Dirent, existsSync } from "node:fs";
import { copyFile, mkdir, open, readdir } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { createPrivateFile, type LogPlace, syncFile, syncFolder } from "@tutti/journal";
import { ifPresent, privateModes, reasonOf, systemCodeOf } from "@tutti/kernel";
import { hostErrors } from "../errors.ts";
import { type AboutData, writeAbout } from "./about.ts";
import { copyKeys, type KeysCopied, namedFile, sealedFile } from "./copied-keys.ts";
import { type DataLayout, layoutOf } from "./layout.ts";

/** The source of a copy. */
export interface Copied {
  readonly layout: DataLayout;
  readonly about: AboutData;
  readonly keys: KeysCopied;
  readonly archives: readonly {
    readonly service: string;
    backup(directory: string): Promise<void>;
  }[];
  /**
   * Returns the end of the durable part of the log. Called when the archives have been copied. Undefined if there is no
   * log.
   */
  durableEnd(): LogPlace | undefined;
  /** Runs work without a checkpoint of the audit meanwhile. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}

const partBytes = 1024 * 1024;

export async function copyData(source: Copied, target: string): Promise<void> {
  const { layout, about, archives } = source;
  await refuseUnfit(layout.directory, target);
  const to = layoutOf(resolve(target));
  try {
    for (const { service, backup } of archives) await backup(to.archiveOf(service));
    const end = await source.alone(async () => {
      await copyDatabase(layout.auditLog, to.auditLog);
      return source.durableEnd();
    });
    await mkdir(to.journal, { recursive: true, mode: privateModes.folder });
    if (end !== undefined) await copyLog(layout.journal, to.journal, end);
    await copyTree(layout.blobs, to.blobs);
    await copyOthers(layout.directory, to.directory);
    copyKeys(source.keys, to.directory);
    for (const folder of [to.archives, to.journal]) await syncFolder(folder);
    writeAbout(to, about);
    await syncFolder(to.directory);
  } catch (error) {
    throw hostErrors.copyFailed({ target, reason: reasonOf(error) }, { cause: error });
  }
}

async function refuseUnfit(directory: string, target: string): Promise<void> {
  const relativePath = relative(resolve(directory), resolve(target));
  const isOutside =
    relativePath === ".." || relativePath.startsWith(`..${sep}`) || resolve(relativePath) === relativePath;
  if (!isOutside) throw hostErrors.copyRefused({ target, found: `inside ${directory}` });
  try {
    await mkdir(target, { recursive: true, mode: privateModes.folder });
    if ((await readdir(target)).length > 0) throw hostErrors.copyRefused({ target, found: "not empty" });
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST" || systemCodeOf(error) === "ENOTDIR") {
      throw hostErrors.copyRefused({ target, found: "a file" });
    }
    throw error;
  }
}

/** Copies a database between two transactions, even while its thread uses it. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  const { backup, DatabaseSync } = await import("node:sqlite");
  await mkdir(dirname(to), { recursive: true, mode: privateModes.folder });
  // Its thread locks it briefly, such as at its end.
  const database = new DatabaseSync(from, { readOnly: true, timeout: 5_000 });
  try {
    createPrivateFile(to);
    await backup(database, to);
  } finally {
    database.close();
  }
  await syncFile(to);
  await syncFolder(dirname(to));
}

async function copyLog(from: string, to: string, end: LogPlace): Promise<void> {
  const segments = (await readdir(from)).filter((name) => /^\d+\.log$/.test(name)).sort();
  for (const name of segments) {
    const segment = Number.parseInt(name, 10);
    if (segment < end.segment) {
      await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE);
      await syncFile(join(to, name));
    } else if (segment === end.segment) await copyPrefix(join(from, name), join(to, name), end.offset);
  }
}

/** Creates a file of the same length with the first bytes of the other. */
async function copyPrefix(from: string, to: string, bytes: number): Promise<void> {
  const source = await open(from, "r");
  const target = await open(to, "wx", privateModes.file);
  try {
    const part = new Uint8Array(partBytes);
    for (let done = 0; done < bytes; ) {
      const { bytesRead } = await source.read(part, 0, Math.min(partBytes, bytes - done), done);
      if (bytesRead === 0) throw new Error(`${from} ended at byte ${done}, before ${bytes}`);
      await target.write(part, 0, bytesRead, done);
      done += bytesRead;
    }
    await target.truncate((await source.stat()).size);
    await target.sync();
  } finally {
    await source.close();
    await target.close();
  }
}

/**
 * Runs after the end of the log was read: a blob is durable before a record names it. Blobs that are swept or written
 * meanwhile are not named by any record of the copy.
 */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: privateModes.folder });
  for (const entry of await entriesOf(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.name.endsWith(".sqlite")) await copyDatabase(source, target);
    else if (!/\.sqlite-(wal|shm)$/.test(entry.name)) {
      try {
        await copyFile(source, target);
      } catch (error) {
        if (systemCodeOf(error) !== "ENOENT") throw error;
        continue;
      }
      await syncFile(target);
    }
  }
  await syncFolder(to);
}

/** Files that are copied separately, or belong to the process that has the directory. */
const notOthers: readonly string[] = [
  ...["journal", "archive", "audit", "blobs", "keys", "data.json"],
  ...["lock", "lock.json", "door.json", "handed-over.json", sealedFile, namedFile],
];

/** Copies sign-ins, the bundle of rules, marks, and files of later releases. */
async function copyOthers(from: string, to: string): Promise<void> {
  for (const entry of await entriesOf(from)) {
    const { name } = entry;
    if (notOthers.includes(name) || name.endsWith(".new")) continue;
    if (entry.isDirectory()) await copyTree(join(from, name), join(to, name));
    else if (entry.isFile()) await copyFile(join(from, name), join(to, name));
  }
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return (await ifPresent(readdir(folder, { withFileTypes: true }))) ?? [];
}
