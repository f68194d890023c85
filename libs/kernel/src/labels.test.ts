import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labelsMatch } from "./labels.ts";

const selector = { equals: { team: "blue" }, exists: ["zone"], absent: ["constructor"] };

describe("labels", () => {
  it("match a selector if they have every required label and no excluded label", () => {
    const labels = { team: "blue", zone: "a" };
    assert.ok(labelsMatch(labels, selector));
    assert.ok(labelsMatch({}, undefined));
    assert.ok(!labelsMatch({ ...labels, team: "red" }, selector));
    assert.ok(!labelsMatch({ team: "blue" }, selector));
    assert.ok(!labelsMatch({ ...labels, constructor: "yes" }, selector));
    assert.ok(!labelsMatch({}, { equals: {}, exists: ["toString"], absent: [] }));
  });
});
