/** Copies a data directory: by the process that has it, or by this one if none has. */
import { openArchiveInline } from "@tutti/journal";
import { systemClock } from "@tutti/kernel";
import { claim, lastHolder } from "../data-directory.ts";
import { hostErrors } from "../errors.ts";
import { readAbout } from "./about.ts";
import { copyData } from "./backup.ts";
import { requestBackup } from "./backup-server.ts";
import type { KeysCopied } from "./copied-keys.ts";
import { requireOwn } from "./handed-over.ts";
import { archivesIn } from "./inspection/verify.ts";
import { layoutOf } from "./layout.ts";

/** Returns which process made the copy: the one that has the directory, or this one. */
export async function backUp(
  directory: string,
  target: string,
  keys: KeysCopied,
): Promise<"asked" | "copied"> {
  const layout = layoutOf(directory);
  requireOwn(directory);
  const release = await claim(directory);
  if (release === undefined) {
    if (await requestBackup(layout, target, keys)) return "asked";
    const { pid } = lastHolder(directory) ?? { pid: "of an unknown number" };
    throw hostErrors.notAnswering({ directory, pid });
  }
  try {
    // Its last owner may have handed it over.
    requireOwn(directory);
    const about = readAbout(layout);
    if (about === undefined) throw hostErrors.nothingToCopy({ directory });
    await copyData(
      {
        layout,
        about,
        keys,
        durableEnd: () => wholeJournal,
        alone: (work) => work(),
        archives: archivesIn(layout).map((service) => ({
          service,
          backup: (to) => copyArchive(layout.archiveOf(service), about.partitions, to),
        })),
      },
      target,
    );
    return "copied";
  } finally {
    release();
  }
}

/** There is no writer: every segment is copied whole. */
const wholeJournal = { segment: Number.POSITIVE_INFINITY, offset: 0 };

async function copyArchive(from: string, partitions: number, to: string): Promise<void> {
  const archive = openArchiveInline(from, {
    partitions,
    clock: systemClock,
    source: () => ({ read: () => emptyLog() }),
  });
  try {
    await archive.backup(to);
  } finally {
    await archive.close();
  }
}

/** A copy packs nothing. */
async function* emptyLog(): AsyncGenerator<never> {}
