/**
 * Checks a data directory from outside and describes the problems and remedies. It changes nothing, and does not touch
 * the files of a running process.
 */
import { constants, existsSync, readFileSync } from "node:fs";
import { access, readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { fileDisk, roomForNextSegment } from "@tutti/journal";
import { isTuttiError, reasonOf, systemCodeOf, withoutRemedy } from "@tutti/kernel";
import { claim, lastHolder } from "../../data-directory.ts";
import { hostErrors } from "../../errors.ts";
import { type AboutData, checkAbout, readAbout } from "../about.ts";
import { readHandedOver } from "../handed-over.ts";
import { type DataLayout, layoutOf } from "../layout.ts";
import { type Finding, notice, problem } from "./finding.ts";
import { type Inspectors, verifyData } from "./verify.ts";

export interface Examined extends Inspectors {
  /** Number in the configuration. Undefined if unknown. */
  readonly partitions?: number | undefined;
  /** Checks whether this user may read and write a path. Rejects if not. */
  readonly mayUse?: (path: string) => Promise<void>;
  /** Returns the free bytes on the disk of a path. */
  readonly freeBytesAt?: (path: string) => Promise<number>;
}

const almostFullBytes = 256 * 1024 * 1024;

const mayReadAndWrite = (path: string): Promise<void> => access(path, constants.R_OK | constants.W_OK);

async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Returns all findings about a directory, in no order of severity. */
export async function examine(directory: string, options: Examined = {}): Promise<readonly Finding[]> {
  const { mayUse = mayReadAndWrite, freeBytesAt = freeBytesOf, partitions } = options;
  const layout = layoutOf(directory);
  const nothing = await nothingThere(layout);
  if (nothing !== undefined) return [nothing];
  const denied = await deniedIn(layout, mayUse);
  if (denied !== undefined) return [denied];
  const found: Finding[] = [...spaceFindings(layout, await freeBytesAt(directory))];
  let release: (() => void) | undefined;
  try {
    release = await claim(directory);
    found.push(...holderFindings(directory, release !== undefined));
    found.push(...handedOverFindings(directory));
    const about = aboutFindings(layout, partitions);
    found.push(...about);
    const isUnknown = about.some(({ code }) => code === "newer-release");
    if (release !== undefined && !isUnknown) found.push(...(await verifyData(layout, options)));
  } catch (error) {
    found.push(notData(directory, reasonOf(error)));
  } finally {
    release?.();
  }
  return found;
}

/** Returns the finding for a folder without a data directory. Undefined if there is one. */
async function nothingThere({ directory }: DataLayout): Promise<Finding | undefined> {
  const start = "Nothing to do: the first start of the platform creates it.";
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return notice("absent", `There is nothing at ${directory}.`, start);
    if (systemCodeOf(error) === "ENOTDIR") {
      const text = `${directory} is a file.`;
      return problem(
        "not-a-directory",
        text,
        "Name the directory: --data-directory DIR, or platform.dataDirectory.",
      );
    }
    return denial(directory, error);
  }
  if (names.length === 0) return notice("empty", `${directory} is empty.`, start);
  const ours = ["lock", "data.json", "journal", "archive"].some((name) => names.includes(name));
  if (ours) return undefined;
  if (names.includes("cluster"))
    return notice(
      "cluster",
      `${directory} has the data of a cluster, and none of \`tutti dev\`.`,
      "Nothing to do: `tutti cluster status` shows the cluster.",
    );
  return notData(directory, `it contains ${names.slice(0, 3).join(", ")} and no files of Tutti`);
}

function handedOverFindings(directory: string): Finding[] {
  const handedOver = readHandedOver(directory);
  if (handedOver === undefined) return [];
  const text = `The cluster in ${handedOver.to} took over the data of ${directory} at ${handedOver.time}.`;
  const advice = `Nothing to do: use that cluster, tutti cluster up --directory ${handedOver.to}.`;
  return [notice("handed-over", text, advice)];
}

function notData(directory: string, found: string): Finding {
  const text = `${directory} is not a data directory: ${found}.`;
  return problem("not-data", text, "Name the right one: --data-directory DIR, or platform.dataDirectory.");
}

/** Returns the first file or folder that this user may not use. */
async function deniedIn(
  layout: DataLayout,
  mayUse: (path: string) => Promise<void>,
): Promise<Finding | undefined> {
  const { directory } = layout;
  const names = await readdir(directory, { recursive: true });
  for (const path of [directory, ...names.map((name) => join(directory, name))]) {
    try {
      await mayUse(path);
    } catch (error) {
      // A running process has removed it meanwhile.
      if (systemCodeOf(error) !== "ENOENT") return denial(path, error, await ownerOf(path));
    }
  }
  return;
}

function denial(path: string, error: unknown, owner = ""): Finding {
  const text = `${path} cannot be read and written by this user${owner}: ${reasonOf(error)}.`;
  const advice = `Run as the user that it belongs to, or give it to this one: chown -R "$(id -u)" DIRECTORY.`;
  return problem("no-permission", text, advice);
}

async function ownerOf(path: string): Promise<string> {
  const owner = await stat(path).catch(() => undefined);
  return owner === undefined ? "" : `, it belongs to the user with the number ${owner.uid}`;
}

/** Returns the journal's own limit: with less, a running process refuses to record and is not ready. */
function neededBytesIn({ journal }: DataLayout): number {
  return existsSync(journal) ? roomForNextSegment(fileDisk(journal, "read")) : 0;
}

function spaceFindings(layout: DataLayout, freeBytes: number): Finding[] {
  const { directory } = layout;
  const available = `The disk of ${directory} has ${Math.floor(freeBytes / 1_048_576)} MiB left`;
  const neededBytes = neededBytesIn(layout);
  if (freeBytes < neededBytes) {
    const text = `${available}, and the next segment of the journal needs ${Math.ceil(neededBytes / 1_048_576)} MiB: nothing more can be written.`;
    const advice =
      "Free some space. A running process then continues automatically. No confirmed data is lost.";
    return [problem("disk-full", text, advice)];
  }
  if (freeBytes >= almostFullBytes) return [];
  return [
    notice("disk-almost-full", `${available}.`, "Free some space, or keep less: durable.retention.keepMs."),
  ];
}

function holderFindings(directory: string, isFree: boolean): Finding[] {
  const holder = lastHolder(directory);
  if (!isFree) {
    const { pid, since } = holder ?? { pid: "of an unknown number", since: "an unknown time" };
    const text = `The process ${pid}${commandOf(pid)} has used ${directory} since ${since}. The files were not checked.`;
    const advice =
      "To check them, back up (`tutti data backup`) and verify the copy (`tutti data verify`), or stop the process first.";
    return [notice("held", text, advice)];
  }
  if (holder === undefined) return [];
  const what = `The process ${holder.pid}, which used ${directory} since ${holder.since}, did not stop gracefully.`;
  return [notice("left-behind", what, "Nothing to do: the lock is free, and the next start takes it.")];
}

/** Returns the program of a process, if the system reports it. */
function commandOf(pid: string): string {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
    return ` (${args.join(" ").slice(0, 120)})`;
  } catch {
    return "";
  }
}

export function aboutFindings(layout: DataLayout, partitions: number | undefined): Finding[] {
  let about: AboutData | undefined;
  try {
    about = readAbout(layout);
    if (about !== undefined) checkAbout(about, layout, partitions ?? about.partitions);
    return about === undefined && existsSync(layout.journal) ? [unfinishedCopy(layout)] : [];
  } catch (error) {
    const text = isTuttiError(error) ? withoutRemedy(error) : reasonOf(error);
    if (hostErrors.dataNewer.is(error)) {
      return [problem("newer-release", text, "Use that release, or a newer one.")];
    }
    if (hostErrors.partitionsDiffer.is(error)) {
      const advice = `Set ownership.partitions to ${about?.partitions}.`;
      return [problem("partitions-differ", text, advice)];
    }
    const advice = "Replace it with the file of a backup by the same release.";
    return [problem("about-unreadable", text, advice)];
  }
}

function unfinishedCopy({ directory }: DataLayout): Finding {
  const text = `${directory} has a journal and no data.json: it is a copy that was not finished, or the file was removed.`;
  const advice =
    "If it is a copy, create it again. Otherwise keep the directory, and restore data.json from a backup by the same release.";
  return problem("unfinished-copy", text, advice);
}
