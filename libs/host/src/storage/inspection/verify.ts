/**
 * Reads and checks everything in a data directory: every byte of the journal, every row of the archives, and that the
 * journal starts no later than the archives end. Changes nothing. No process may write meanwhile.
 */
import { existsSync, readdirSync } from "node:fs";
import {
  type ArchiveVerification,
  archiveErrors,
  journalErrors,
  type Verification,
  verifyArchive,
  verifySegments,
} from "@tutti/journal";
import type { TuttiError } from "@tutti/kernel";
import { keysDirectoryIn } from "../../keys/installation-keys.ts";
import type { ServiceModule } from "../../service-module.ts";
import { hadJournal } from "../file-list.ts";
import type { DataLayout } from "../layout.ts";
import { fileFindings } from "./files.ts";
import { type Finding, notice, problem, sound } from "./finding.ts";
import { inspectedData } from "./inspected-data.ts";

const restore =
  "Stop the process, move this directory aside, restore a backup, and check the disk and the memory.";
const newer = "Use the release that wrote it, or a newer one. This release does not change unknown content.";

/** Further checks beside those of the storage. */
export interface Inspectors {
  readonly services?: readonly Pick<ServiceModule, "inspect">[];
  /** Default: `keys` in the data directory. */
  readonly keysDirectory?: string;
}

/** Checks journal and archives, the files beside them, and the services' own files. */
export async function verifyData(
  layout: DataLayout,
  { services = [], keysDirectory = keysDirectoryIn(layout.directory) }: Inspectors,
): Promise<Finding[]> {
  const journal = journalOf(layout);
  const found = [...contentFindings(layout, journal), ...fileFindings(layout, keysDirectory)];
  const data = inspectedData(layout, journal.partitions);
  for (const { inspect } of services) found.push(...((await inspect?.(data)) ?? []));
  return found;
}

export function verifyContents(layout: DataLayout): Finding[] {
  return contentFindings(layout, journalOf(layout));
}

function journalOf({ journal }: DataLayout): Verification {
  if (existsSync(journal)) return verifySegments(journal);
  return { kind: "none", text: `There is no journal in ${journal}.`, partitions: [] };
}

function contentFindings(layout: DataLayout, journal: Verification): Finding[] {
  const archives = archivesIn(layout).map((service) => ({
    service,
    archive: verifyArchive(layout.archiveOf(service)),
  }));
  return [
    ...journalFindings(journal, layout),
    ...archives.flatMap(({ archive }) => archiveFindings(archive)),
    ...(journal.kind === "sound" ? joinFindings(journal, archives) : []),
  ];
}

export function archivesIn({ archives }: Pick<DataLayout, "archives">): readonly string[] {
  if (!existsSync(archives)) return [];
  return readdirSync(archives, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

interface NamedArchive {
  readonly service: string;
  readonly archive: ArchiveVerification;
}

function journalFindings(
  { kind, text, damage, torn }: Verification,
  { directory, journal }: DataLayout,
): Finding[] {
  if (kind === "none" && hadJournal(directory)) {
    const missingText = `The journal ${journal} is missing, although files that depend on it exist.`;
    return [problem("journal-missing", missingText, restore)];
  }
  if (kind === "none") {
    const advice = "Nothing to do: the first process with machines creates it.";
    return [notice("no-journal", `There is no journal in ${journal} yet.`, advice)];
  }
  if (damage !== undefined) return [damageFinding("journal-damaged", text, damage)];
  if (torn === undefined) return [sound("journal-sound", text)];
  const end = `The last group, in ${torn.file} at byte ${torn.offset}, is incomplete: the process was killed while it wrote.`;
  const advice = "Nothing to do: the group was not acknowledged, and the next start cuts it off.";
  return [sound("journal-sound", text), notice("torn-tail", end, advice)];
}

function archiveFindings({ kind, text, damage }: ArchiveVerification): Finding[] {
  if (damage !== undefined) return [damageFinding("archive-damaged", text, damage)];
  return kind === "none" ? [] : [sound("archive-sound", text)];
}

function damageFinding(
  code: "journal-damaged" | "archive-damaged",
  text: string,
  damage: TuttiError,
): Finding {
  const isNewer = journalErrors.formatUnknown.is(damage) || archiveErrors.formatUnknown.is(damage);
  return isNewer ? problem("newer-release", text, newer) : problem(code, text, restore);
}

/** Nothing may be missing between the end of an archive and the start of the journal, and no archive may be ahead. */
function joinFindings({ partitions }: Verification, archives: readonly NamedArchive[]): Finding[] {
  const gaps: string[] = [];
  for (const { service, partition, first, last } of partitions) {
    const archive = archives.find((entry) => entry.service === service)?.archive;
    // Its damage is reported already.
    if (archive?.kind === "damaged") continue;
    const known = archive?.partitions.find((entry) => entry.partition === partition);
    const { coveredTo = 0, packedTo = 0 } = known ?? {};
    const upTo = Math.min(coveredTo, packedTo);
    const subject = `Of partition ${partition} of ${service}`;
    if (first > upTo + 1) {
      const missing = `${subject} the archive ends with batch ${upTo} and the journal starts with batch ${first}: the batches between them are missing.`;
      gaps.push(missing);
    } else if (coveredTo > last) {
      const ahead = `${subject} the archive ends with batch ${coveredTo} and the journal ends with batch ${last}: they are from different times.`;
      gaps.push(ahead);
    }
  }
  const [first, ...others] = gaps;
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` The same is so for ${others.length} other partitions.`;
  return [problem("not-joined", `${first}${more}`, restore)];
}
