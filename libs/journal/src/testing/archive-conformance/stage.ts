import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import type { Archive, ArchivePartition, HistoryRecord, LoadResult } from "../../archive/port.ts";
import { BatchFeed } from "./batch-feed.ts";
import { type ArchiveFixture, type ArchiveUnderTest, epoch } from "./fixture.ts";
import { type Character, Story } from "./story.ts";

/** An archive with one story per partition. */
export interface Stage extends AsyncDisposable {
  readonly fixture: ArchiveFixture;
  readonly archive: Archive;
  readonly feed: BatchFeed;
  readonly stories: readonly Story[];
  /** The first story, and its partition. */
  readonly story: Story;
  readonly partition: ArchivePartition;
}

export async function stageOf(underTest: ArchiveUnderTest, partitions = 2): Promise<Stage> {
  const feed = new BatchFeed();
  const fixture = await underTest.open({ partitions, feed });
  const stories = Array.from({ length: partitions }, (_, partition) => new Story(feed, partition));
  for (const { partition } of stories) await fixture.archive.partition(partition).opening(epoch);
  const [story] = stories;
  if (story === undefined) throw new RangeError("expected at least one partition");
  return {
    fixture,
    archive: fixture.archive,
    feed,
    stories,
    story,
    partition: fixture.archive.partition(0),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

export async function loadCharacter(
  partition: ArchivePartition,
  { key }: Character,
): Promise<LoadResult | undefined> {
  const [loaded] = await partition.load([key]);
  return loaded?.kind === "snapshot" ? { ...loaded, snapshot: Uint8Array.from(loaded.snapshot) } : loaded;
}

/** Decodes the records of a page of history: the order of their fields does not matter. */
export function readable(records: readonly HistoryRecord[]) {
  return records.map(({ record, ...rest }) => ({ ...rest, record: JournalRecord.decode(record) }));
}

export async function historyOf(
  partition: ArchivePartition,
  { key, last }: Character,
  afterEvent = 0,
  limit = 1_000_000,
) {
  return readable(await partition.history({ key, last, afterEvent, limit }));
}

/** Purges until nothing is left to do. */
export async function purgeAll(archive: Archive, nowMs: number): Promise<void> {
  while (await archive.purge(nowMs));
}
