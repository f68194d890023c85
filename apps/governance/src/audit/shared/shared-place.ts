import { existsSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SigningKey } from "@tutti/contracts/governance/v1";
import type { HostContext } from "@tutti/host";
import { replaceFile } from "@tutti/kernel";
import type { OpenedPlace } from "../rounds.ts";
import { AuditThread } from "../thread/audit-thread.ts";
import { SharedBook } from "./shared-book.ts";

export interface SharedPlaceParts extends NonNullable<HostContext["sharedStorage"]> {
  readonly connection: Awaited<ReturnType<HostContext["nats"]>>;
  /** The earlier book that this one continues, if any. */
  readonly importFrom: string;
  readonly key: SigningKey;
}

/** Opens a copy of the book that processes share, in a folder of this process. */
export async function openSharedPlace(
  { connection, replicas, claimCopies, importFrom, key }: SharedPlaceParts,
  signal: AbortSignal,
): Promise<OpenedPlace> {
  const folder = await claimCopies("audit");
  try {
    const shared = await SharedBook.open({ connection, replicas }, signal);
    const file = join(folder.path, "book.sqlite");
    if (!existsSync(file) && existsSync(importFrom))
      await importEarlierBook({ importFrom, file, shared, key }, signal);
    return { file, shared, close: () => folder.stop() };
  } catch (error) {
    folder.stop();
    throw error;
  }
}

interface EarlierBook extends Pick<SharedPlaceParts, "importFrom" | "key"> {
  readonly file: string;
  readonly shared: SharedBook;
}

/**
 * Initializes the copy of this process from an earlier book, and the shared book with its pages. It is a copy
 * once all of them exist. A process that dies before repeats it, and pages of other processes stay.
 */
async function importEarlierBook(
  { importFrom, file, shared, key }: EarlierBook,
  signal: AbortSignal,
): Promise<void> {
  const incoming = `${file}.incoming`;
  const remove = async (...ends: readonly string[]): Promise<void> => {
    for (const end of ends) await rm(`${incoming}${end}`, { force: true });
  };
  await remove("-wal", "-shm");
  await copyFile(importFrom, incoming);
  const thread = await AuditThread.at({ file: incoming, key });
  try {
    const last = await thread.call("lastNumber");
    for (let number = 1; number <= last; number++) {
      if ((await shared.page(number)) === undefined)
        await shared.add(await thread.call("page", number), signal);
    }
  } finally {
    await thread.stop();
  }
  // Nothing was written to it.
  await remove("-wal", "-shm");
  await replaceFile(incoming, file);
}
