import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { archiveErrors } from "../../archive/errors.ts";
import type { Archive, IndexEntry, Search } from "../../archive/port.ts";
import { matches } from "../../archive/search/conditions.ts";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { type Stage, stageOf } from "./stage.ts";
import { type Character, character } from "./story.ts";

/** Everything, newest first. */
export const plainSearch: Search = {
  namespace: "default",
  kinds: [],
  statuses: [],
  definition: "",
  labels: [],
  startedMs: { from: 0, to: Number.POSITIVE_INFINITY },
  endedMs: undefined,
  idPrefix: "",
  order: "started-descending",
  limit: 100,
  cursor: "",
};

const { WORK_STATUS_RUNNING, WORK_STATUS_COMPLETED, WORK_STATUS_FAILED, WORK_STATUS_PAUSED } = WorkStatus;

export function searchTests(underTest: ArchiveUnderTest): void {
  describe("search", () => {
    it("finds by every condition alone and several at once, in each order, page by page", async () => {
      await using stage = await stageOf(underTest);
      const all = await populated(stage);
      for (const search of searchesOf(all)) {
        const found = await pagesOf(stage.archive, search);
        const expected = all.filter(({ entry }) => matches(search, entry)).map(({ entry }) => entry);
        const label = JSON.stringify(search);
        assert.deepEqual(
          new Set(found.map(({ key }) => key.id)),
          new Set(expected.map(({ key }) => key.id)),
          label,
        );
        assert.equal(found.length, expected.length, label);
        assert.deepEqual(timesOf(search, found), timesOf(search, expected).sort(byOrder(search)), label);
        for (const entry of found.slice(0, 3)) {
          assert.deepEqual(plain(entry), plain(expected.find(({ key }) => key.id === entry.key.id)), label);
        }
      }
    });

    it("shows a line as it was committed last", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const ann = character("ann", { labels: { stage: "one" } });
      story.write(ann);
      await story.persist(partition);
      for (const [status, stageName] of [
        [WORK_STATUS_PAUSED, "two"],
        [WORK_STATUS_RUNNING, "three"],
      ] as const) {
        story.write(ann);
        ann.entry = { ...ann.entry, status, labels: { stage: stageName } };
        await partition.commit(epoch, story.changes());
        const { entries, cursor } = await archive.search({ ...plainSearch, statuses: [status] });
        assert.deepEqual(entries.map(plain), [plain(ann.entry)]);
        assert.equal(cursor, "");
      }
      const { entries } = await archive.search({ ...plainSearch, statuses: [WORK_STATUS_PAUSED] });
      assert.deepEqual(entries, []);
    });

    it("continues after a page, despite additions, changes and ends meanwhile", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const all = Array.from({ length: 30 }, (_, index) => character(`old-${index}`));
      for (const instance of all) story.write(instance);
      await story.persist(partition);
      const first = await archive.search({ ...plainSearch, limit: 10 });
      for (let count = 0; count < 5; count++) story.write(character(`new-${count}`));
      for (const instance of all.slice(12, 16)) story.finish(instance);
      await story.persist(partition);
      const second = await archive.search({ ...plainSearch, limit: 10, cursor: first.cursor });
      const third = await archive.search({ ...plainSearch, limit: 10, cursor: second.cursor });
      assert.deepEqual(
        [first, second, third].flatMap(({ entries }) => entries.map(({ key }) => key.id)),
        all.map(({ key }) => key.id).reverse(),
      );
      assert.equal(third.cursor, "");
      assert.ok(third.indexedToMs > 0);
    });

    it("refuses a cursor that is none of this search", async () => {
      await using stage = await stageOf(underTest);
      const { archive, story, partition } = stage;
      story.write(character("a"), character("b"));
      await story.persist(partition);
      const { cursor } = await archive.search({ ...plainSearch, limit: 1 });
      for (const wrong of ["nonsense", "d1", `${cursor}_1`, cursor.replace("d", "e")]) {
        await assert.rejects(
          () => archive.search({ ...plainSearch, cursor: wrong }),
          archiveErrors.cursorUnknown.is,
        );
      }
    });
  });
}

async function populated({ stories, archive }: Stage): Promise<Character[]> {
  const all: Character[] = [];
  for (const [index, story] of stories.entries()) {
    const partition = archive.partition(index);
    for (let count = 0; count < 60; count++) {
      const labels: Record<string, string> =
        count % 4 === 0 ? {} : { region: ["eu", "us", "asia"][count % 3] ?? "" };
      if (count % 5 === 0) labels["customer"] = `c-${index}-${count}`;
      if (count % 7 === 0) labels["odd\u0001"] = "a=b\u0003";
      const definition = count % 2 === 0 ? "order" : "refund";
      const instance = character(`${index}-${count % 6}-${count}`, {
        kind: ["run", "mission"][count % 2] ?? "",
        labels,
        definition,
      });
      all.push(instance);
      story.write(instance);
      if (count % 3 === 0)
        story.finish(instance, { status: count % 2 === 0 ? WORK_STATUS_COMPLETED : WORK_STATUS_FAILED });
      if (count % 8 === 0) await story.persist(partition);
    }
    await story.persist(partition);
    for (const instance of all.slice(-60, -40)) if (instance.entry.endMs === 0) story.finish(instance);
    await story.persist(partition);
  }
  return all;
}

function searchesOf(all: readonly Character[]): Search[] {
  const middleMs = all[30]?.entry.startMs ?? 0;
  const parts: Partial<Search>[] = [
    {},
    { namespace: "" },
    { namespace: "other" },
    { kinds: ["mission"] },
    { kinds: ["mission", "run", "lock"] },
    { statuses: [WORK_STATUS_RUNNING] },
    { statuses: [WORK_STATUS_FAILED, WORK_STATUS_COMPLETED] },
    { definition: "refund" },
    { definition: "unheard of" },
    { labels: [{ kind: "equals", name: "region", values: ["eu", "asia"] }] },
    { labels: [{ kind: "not", name: "region", values: ["eu"] }] },
    {
      labels: [
        { kind: "exists", name: "customer" },
        { kind: "absent", name: "region" },
      ],
    },
    { labels: [{ kind: "equals", name: "customer", values: ["c-1-5"] }] },
    { labels: [{ kind: "equals", name: "odd\u0001", values: ["a=b\u0003"] }] },
    { labels: [{ kind: "exists", name: "egion" }] },
    { startedMs: { from: middleMs, to: middleMs + 200 } },
    { endedMs: { from: middleMs, to: middleMs + 400 } },
    { idPrefix: "1-3-" },
    { idPrefix: "-3" },
    { kinds: ["run"], definition: "order", statuses: [WORK_STATUS_COMPLETED], idPrefix: "0" },
  ];
  const orders = ["started-descending", "started-ascending", "ended-descending"] as const;
  return parts.flatMap((part) => orders.map((order) => ({ ...plainSearch, limit: 17, ...part, order })));
}

async function pagesOf(archive: Archive, search: Search): Promise<IndexEntry[]> {
  const all: IndexEntry[] = [];
  let cursor = "";
  do {
    const page = await archive.search({ ...search, cursor });
    assert.ok(page.entries.length <= search.limit);
    all.push(...page.entries);
    cursor = page.cursor;
  } while (cursor !== "");
  return all;
}

const timesOf = ({ order }: Search, entries: readonly IndexEntry[]): number[] =>
  entries.map(({ startMs, endMs }) => (order === "ended-descending" ? endMs : startMs));

const byOrder =
  ({ order }: Search) =>
  (one: number, other: number): number =>
    order === "started-ascending" ? one - other : other - one;

const plain = (entry: IndexEntry | undefined): unknown => ({
  ...entry,
  startedBy: [...(entry?.startedBy ?? [])],
});
