import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredConstants, declaredGuarantees } from "./constants.mjs";
import { defaultsPage, shownValue, topicOf } from "./defaults.mjs";

const fileOf = (text, path = "libs/kernel/src/pauses.ts") => ({ path, file: path, text });
const found = (text, path) =>
  declaredConstants([fileOf(text, path)]).map(({ name, value, help }) => [name, value, help]);

describe("constants of the page of defaults", () => {
  it("are those with default in their name, tagged ones, and exported ones of limits.ts", () => {
    assert.deepEqual(found("/** A lease. */\nconst leaseDefaultMs = 60_000;\nconst otherMs = 1;"), [
      ["leaseDefaultMs", 60_000, "A lease."],
    ]);
    assert.deepEqual(
      found("/**\n * A pause.\n *\n * @defaults\n */\nconst pauseMs = 2 * second;\nconst second = 1e3;"),
      [["pauseMs", 2_000, "A pause."]],
    );
    assert.deepEqual(found("export const tasksMax = 5;\nconst inner = 6;", "libs/x/src/limits.ts"), [
      ["tasksMax", 5, ""],
    ]);
  });

  it("have a row for each member, with the comment of the member or of its interface", () => {
    const text = `interface Policy {
      /** Attempts in all. */
      readonly attempts: number;
      readonly codes: readonly string[];
    }
    export const retryDefaults: Policy = Object.freeze({
      attempts: 5,
      /** None. */
      codes: Object.freeze([]),
    } as const);`;
    assert.deepEqual(found(text), [
      ["retryDefaults.attempts", 5, "Attempts in all."],
      ["retryDefaults.codes", [], "None."],
    ]);
  });

  it("fail the page if a tagged value cannot be read", () => {
    assert.throws(
      () => found("/** @defaults */\nconst pauseMs = chosen();"),
      /the value of pauseMs cannot be read/,
    );
  });
});

describe("the page of defaults", () => {
  it("shows values in the unit of their name", () => {
    assert.equal(shownValue("leaseMs", 60_000), "1 min");
    assert.equal(shownValue("leaseMs", 12_500), "12.5 s");
    assert.equal(shownValue("retention.idKeptMs", 604_800_000), "7 d");
    assert.equal(shownValue("frameBytesMax", 4 * 1_048_576), "4 MiB");
    assert.equal(shownValue("tasksMax", 100_000), "100,000");
    assert.equal(shownValue("mode", "auto"), '`"auto"`');
  });

  it("has each name in one topic", () => {
    for (const [name, topic] of [
      ["retryDefaults.maxAttempts", "Retries"],
      ["lostMax", "Losses"],
      ["swarm.links.suspectMs", "Leases and detection"],
      ["operations.port", "Ports and addresses"],
      ["gateway.callMs", "Timeouts and pauses"],
      ["durable.retention.keepMs", "Retention"],
      ["tasksMax", "Limits"],
      ["log.level", "Other defaults"],
    ])
      assert.equal(topicOf(name), topic, name);
  });

  it("lists keys with a default, options of the SDK and guarantees", () => {
    const option =
      "export interface Options {\n  /** Tasks at once. Default 16. */\n  readonly slots?: number;\n}";
    const lock = "/**\n * The lock.\n *\n * @guarantee A grant has\n * a token.\n */\nexport const a = 1;";
    const page = defaultsPage(
      [fileOf(option, "libs/sdk/src/worker.ts"), fileOf(lock)],
      [
        {
          keys: [
            { name: "gateway.callMs", default: 30_000, description: "Time for a request." },
            { name: "gateway.key", default: undefined, description: "A key." },
          ],
        },
      ],
    );
    assert.match(page, /\| Time for a request\. \| 30 s \| key `gateway\.callMs` \|/);
    assert.doesNotMatch(page, /gateway\.key/);
    assert.match(page, /\| `slots` \| 16 \| Tasks at once\. \| `libs\/sdk\/src\/worker\.ts` \|/);
    assert.match(page, /\| A grant has a token\. \| `libs\/kernel\/src\/pauses\.ts` \|/);
    assert.deepEqual(declaredGuarantees([fileOf("const guarantee = 1;")]), []);
  });
});
