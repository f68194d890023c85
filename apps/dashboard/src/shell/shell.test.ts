import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runsSearch, sinceMs } from "../pages/runs/search.ts";
import {
  agentStates,
  badgeOf,
  firingStates,
  incidentStates,
  runBadge,
  runStates,
  taskStates,
  verdicts,
} from "../score/states.ts";
import { actionOf, type KeyAction } from "./keys.ts";
import { type Entry, matchScore, offered } from "./palette-entries.ts";
import { places, placesOfPhone, shortcuts } from "./places.ts";

const press = (
  key: string,
  more: Partial<Parameters<typeof actionOf>[0]> = {},
): Parameters<typeof actionOf>[0] => ({
  ...{ key, ctrlKey: false, metaKey: false, altKey: false, typing: false },
  ...more,
});

describe("keys of the page", () => {
  const table: readonly (readonly [
    what: string,
    given: Parameters<typeof actionOf>,
    kind: KeyAction["kind"],
  ])[] = [
    ["Ctrl K opens the palette", [press("k", { ctrlKey: true }), false], "palette"],
    [
      "⌘ K opens the palette, also while typing",
      [press("K", { metaKey: true, typing: true }), false],
      "palette",
    ],
    ["? shows the keys", [press("?"), false], "sheet"],
    ["? while typing is text", [press("?", { typing: true }), false], "nothing"],
    ["g waits for a letter", [press("g"), false], "waits"],
    ["g and r goes to the runs", [press("r"), true], "go"],
    ["r alone is nothing", [press("r"), false], "nothing"],
    ["Ctrl N is the browser's", [press("n", { ctrlKey: true }), false], "nothing"],
    ["Alt K is the browser's", [press("k", { altKey: true, ctrlKey: true }), false], "nothing"],
  ];
  for (const [scenario, input, kind] of table) {
    it(scenario, () => assert.equal(actionOf(...input).kind, kind));
  }

  it("every part has a key of its own, and the sheet shows it", () => {
    const keys = places.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) assert.ok(shortcuts.some(([keys]) => keys.includes("g") && keys.includes(key)));
  });
});

describe("the navigation of a phone", () => {
  for (const [path, expected] of [
    ["/", "Overview Runs Inbox Workflows"],
    ["/runs/order-1", "Overview Runs Inbox Workflows"],
    ["/schedules/nightly", "Overview Runs Inbox Workflows Schedules"],
    ["/sessions", "Overview Runs Sessions Inbox Workflows"],
    ["/choices", "Overview Runs Inbox Workflows"],
  ] as const)
    it(`has the most used pages and the current one: ${path}`, () =>
      assert.equal(
        placesOfPhone(path)
          .map(({ word }) => word)
          .join(" "),
        expected,
      ));
});

describe("the palette", () => {
  const entry = (word: string, detail = ""): Entry => ({
    ...{ id: word, word, detail },
    choice: { kind: "place", path: "/" },
  });

  it("matches letters in order, and lists whole matches before scattered ones", () => {
    const found = offered(
      [entry("Schedules"), entry("Workers"), entry("order-17"), entry("Workflows")],
      "wo",
    );
    assert.deepEqual(
      found.map(({ word }) => word),
      ["Workers", "Workflows"],
    );
    assert.equal(offered([entry("order-17")], "o17")[0]?.word, "order-17");
  });

  it("offers everything in order for an empty query, and nothing without a match", () => {
    assert.deepEqual(
      offered([entry("b"), entry("a")], "").map(({ word }) => word),
      ["b", "a"],
    );
    assert.deepEqual(offered([entry("b")], "zzz"), []);
    assert.equal(matchScore("abc", "cb"), undefined);
  });
});

describe("the display of states", () => {
  it("distinguishes every two states of a thing without colour", () => {
    for (const states of [runStates, taskStates, agentStates, firingStates, verdicts, incidentStates]) {
      const glyphs = Object.values(states).map(({ glyph }) => glyph);
      assert.deepEqual([...new Set(glyphs)].length, glyphs.length, glyphs.join());
      const labels = Object.values(states).map(({ label }) => label);
      assert.equal(new Set(labels).size, labels.length);
    }
  });

  it("shows a state that it does not know by its own name", () => {
    assert.deepEqual(badgeOf(runStates, "on_holiday"), {
      label: "on holiday",
      glyph: "rest",
      tone: "rest",
      live: false,
    });
    assert.equal(badgeOf(runStates, undefined).label, "unknown");
    assert.equal(runBadge("running", { paused: 1 }).label, "task paused");
    assert.equal(runBadge("running", { paused: 1, queued: 1 }).label, "running");
  });
});

describe("the address of the list of runs", () => {
  it("keeps valid parameters, and drops the rest", () => {
    const search = {
      status: ["failed", 7, "<b>"],
      workflow: "order",
      within: "1h",
      person: true,
      oldest: "yes",
      x: 1,
    };
    assert.deepEqual(runsSearch(search), {
      status: ["failed"],
      workflow: "order",
      within: "1h",
      person: true,
    });
    assert.deepEqual(runsSearch({ status: "failed", within: "1y", text: "" }), { status: ["failed"] });
  });

  it("rounds the start time, so that repeated queries stay equal", () => {
    assert.equal(sinceMs("1h", 3_600_000 + 40_000), 30_000);
    assert.equal(sinceMs("1h", 3_600_000 + 59_999), 30_000);
    assert.equal(sinceMs(undefined, 5), undefined);
  });
});
