/**
 * Blocks of many different labels, in which a search reads shapes first: it finds the same lines as a check of each
 * line.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import type { IndexEntry, LabelCondition, Search } from "../port.ts";
import { matches } from "../search/conditions.ts";
import { openArchiveInline } from "./open.ts";

const search: Search = {
  ...{ namespace: "default", kinds: [], statuses: [], definition: "", labels: [], idPrefix: "" },
  ...{ startedMs: { from: 0, to: Number.POSITIVE_INFINITY }, endedMs: undefined },
  ...{ order: "started-descending", limit: 20, cursor: "" },
};

function entryOf(incarnation: number, labels: Readonly<Record<string, string>>): IndexEntry {
  return {
    key: { namespace: "default", kind: "run", id: `run-${incarnation}` },
    ...{ incarnation, labels, status: WorkStatus.WORK_STATUS_RUNNING, definition: "" },
    ...{ startMs: incarnation, endMs: 0, events: 1, last: { batch: 1, index: 0 } },
    ...{ startedBy: new Uint8Array(0), keepUntilMs: 0, idKeptUntilMs: 0 },
  };
}

/** Labels of lines, by their special property. */
const crowds: Readonly<Record<string, (number: number) => Record<string, string>>> = {
  "a few names, one with many values": (number) => ({
    region: ["eu", "us", "asia"][number % 3] ?? "",
    customer: `c-${number}`,
    ...(number % 100 === 7 ? { urgent: "" } : {}),
  }),
  "no labels at all now and then": (number) => (number % 2 === 0 ? {} : { customer: `c-${number}` }),
  "names in another order": (number) =>
    number % 2 === 0 ? { region: "eu", customer: `c-${number}` } : { customer: `c-${number}`, region: "us" },
  "more names than shapes": (number) => ({ [`name-${number % 300}`]: "x", customer: `c-${number}` }),
  "many names with few values each": (number) => ({
    ...{ region: `r-${number % 11}`, tier: `t-${number % 7}`, zone: `z-${number % 5}` },
    customer: `c-${number}`,
  }),
  "all that keeps texts apart in names and values": (number) => ({
    "region\u0000": ["\u0002", "\u0001", "\u0003eu", "\u00022"][number % 4] ?? "",
    "\u0002": `${number}\u0001`,
    region: "",
  }),
};

const names = ["region", "customer", "urgent", "tier", "zone", "name-3", "region\u0000", "\u0002", "none"];
const values = [["eu"], ["us", "c-44"], ["r-3", "nobody"], ["\u0002"], ["\u00022", ""]];

function conditions(): LabelCondition[] {
  return names.flatMap((name): LabelCondition[] => [
    ...(["exists", "absent"] as const).map((kind) => ({ kind, name })),
    ...values.flatMap((some) => (["equals", "not"] as const).map((kind) => ({ kind, name, values: some }))),
  ]);
}

describe("labels of a block", () => {
  for (const [about, labelsOf] of Object.entries(crowds)) {
    it(`are found by every condition, alone and with another: ${about}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), "tutti-labels-"));
      const time = new VirtualTime();
      const source = () => ({ async *read() {} });
      const archive = openArchiveInline(directory, { partitions: 1, clock: time, source });
      try {
        const partition = archive.partition(0);
        await partition.opening(1);
        const entries = Array.from({ length: 300 }, (_, index) => entryOf(index + 1, labelsOf(index)));
        const nothing = { coveredTo: 0, partitionSnapshot: undefined, snapshots: [] };
        await partition.commit(1, { ...nothing, entries });
        const all = conditions();
        for (const [index, condition] of all.entries()) {
          const other = all[(index * 7 + 3) % all.length] ?? condition;
          for (const labels of [[condition], [condition, other]]) {
            const labelSearch = { ...search, labels };
            const found = (await archive.search(labelSearch)).entries.map(({ incarnation }) => incarnation);
            const expected = entries
              .filter((entry) => matches(labelSearch, entry))
              .reverse()
              .slice(0, search.limit);
            assert.deepEqual(
              found,
              expected.map(({ incarnation }) => incarnation),
              JSON.stringify(labels),
            );
          }
        }
      } finally {
        await archive.close();
        rmSync(directory, { recursive: true });
      }
    });
  }
});
