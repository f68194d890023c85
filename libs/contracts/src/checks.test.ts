import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as rule from "./checks.ts";

type FormName = keyof typeof rule.forms;

const good: Record<FormName, readonly string[]> = {
  id: ["a", "Order-17", "run_01hx", "0.9", "_x", "a".repeat(200)],
  name: ["pay", "pay.charge", "a-1.b_2.c", "x".repeat(200)],
  version: ["0.0.0", "2.1.0", "1.0.0-rc.1", "1.0.0+build.5", "10.20.30-a-b.0+x"],
  versionRange: ["^2", "~1.2", "1.x", "*", ">=1.2.0 <2", "1 - 2", "^1 || ^2.3.4-beta.1", "=1.0.0", "v2"],
  json: ["{}", "[]", "null", '"text"', '{"type":"object"}', "1e3"],
  traceparent: [
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
  ],
  address: ["localhost:7401", "10.0.0.1:1", "[::1]:65535", "workflow-0.workflow.svc:7401"],
  namespace: ["a", "default", "team-7", "a".repeat(63)],
  label: ["zone", "app.example/team", "0", "A_b-c.d/e", "l".repeat(128)],
};

const bad: Record<FormName, readonly string[]> = {
  id: [".a", "-a", "a b", "a/b", "ä", "a\n", "a".repeat(201)],
  name: ["Pay", "pay.", ".pay", "pay..charge", "pay charge", "x".repeat(201)],
  version: [
    "1",
    "1.2",
    "v1.2.3",
    "01.2.3",
    "1.2.3-",
    "1.2.3\n",
    "1.0.0-01",
    "9007199254740992.0.0",
    `1.0.0-${"a".repeat(200)}`,
  ],
  versionRange: [
    "two",
    "^",
    ">=",
    "1.2.3.4",
    "^1 ||",
    "||",
    "1 -",
    "^1 - 2",
    "01",
    "1.x.2-rc",
    " ".repeat(300),
  ],
  json: ["{", "undefined", "{'a':1}", "1,", "NaN"],
  traceparent: [
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-4bf92f",
  ],
  address: [
    "localhost",
    "localhost:",
    ":7401",
    "localhost:0",
    "localhost:65536",
    "http://localhost:1",
    "::1:80",
  ],
  namespace: ["A", "1a", "-a", "a.b", "a_b", "a".repeat(64)],
  label: ["/a", "-a", "a b", "__proto__", "ä", "l".repeat(129)],
};

function findings(check: (found: rule.Found) => void): rule.Found {
  const found: rule.Found = [];
  check(found);
  return found;
}

describe("forms of strings", () => {
  for (const name of Object.keys(good) as FormName[]) {
    it(`${name}: accepts valid values`, () => {
      for (const value of good[name]) assert.equal(rule.forms[name].fits(value), true, value);
    });
    it(`${name}: refuses invalid values`, () => {
      for (const value of bad[name]) assert.equal(rule.forms[name].fits(value), false, value);
    });
  }

  it("an empty string passes, for whether it may be empty is another question", () => {
    assert.deepEqual(
      findings((found) => rule.form(found, "id", "", rule.forms.id)),
      [],
    );
  });

  it("a finding contains the expected form and the beginning of the found value", () => {
    assert.deepEqual(
      findings((found) => rule.form(found, "name", `Pay${"y".repeat(100)}`, rule.forms.name)),
      [
        {
          field: "name",
          message: `expected a dotted lower-case name such as pay.charge, at most 200 characters, got "Pay${"y".repeat(57)}…"`,
        },
      ],
    );
  });
});

describe("lengths, counts and ranges", () => {
  const lengths: readonly [value: string, min: number, max: number, message: string | undefined][] = [
    ["", 2, 3, undefined],
    ["ab", 2, 3, undefined],
    ["abc", 2, 3, undefined],
    ["a", 2, 3, "expected at least 2 characters, got 1"],
    ["abcd", 2, 3, "expected at most 3 characters, got 4"],
    ["abcd", 3, 3, "expected exactly 3 characters, got 4"],
    ["😀😀😀", 0, 3, undefined],
    ["😀😀😀😀", 0, 3, "expected at most 3 characters, got 4"],
    ["😀", 2, 9, "expected at least 2 characters, got 1"],
  ];
  for (const [value, min, max, message] of lengths) {
    it(`${JSON.stringify(value)} in ${min} to ${max} characters: ${message ?? "passes"}`, () => {
      const found = findings((into) => rule.textLength(into, "x", value, min, max));
      assert.deepEqual(found, message === undefined ? [] : [{ field: "x", message }]);
    });
  }

  it("bytes are counted as they are, and none pass", () => {
    assert.deepEqual(
      findings((found) => rule.byteLength(found, "x", new Uint8Array(0), 16, 16)),
      [],
    );
    assert.deepEqual(
      findings((found) => rule.byteLength(found, "x", new Uint8Array(16), 16, 16)),
      [],
    );
    assert.deepEqual(
      findings((found) => rule.byteLength(found, "x", new Uint8Array(15), 16, 16)),
      [{ field: "x", message: "expected exactly 16 bytes, got 15" }],
    );
  });

  it("entries beyond the limit are counted in the finding", () => {
    assert.deepEqual(
      findings((found) => rule.itemCount(found, "x", 65, 64)),
      [{ field: "x", message: "expected at most 64 entries, got 65" }],
    );
  });

  const ranges: readonly [value: number, min: number, max: number, message: string | undefined][] = [
    [0, 0, 1, undefined],
    [1, 0, 1, undefined],
    [-0.1, 0, 1, "expected a number from 0 to 1, got -0.1"],
    [-1, 0, Infinity, "expected a number of at least 0, got -1"],
    [2, -Infinity, 1, "expected a number of at most 1, got 2"],
    [Number.NaN, 0, Infinity, "expected a number of at least 0, got NaN"],
    [Infinity, 0, Infinity, "expected a number of at least 0, got Infinity"],
  ];
  for (const [value, min, max, message] of ranges) {
    it(`${value} in ${min} to ${max}: ${message ?? "passes"}`, () => {
      const found = findings((into) => rule.range(into, "x", value, min, max));
      assert.deepEqual(found, message === undefined ? [] : [{ field: "x", message }]);
    });
  }
});

describe("paths of findings", () => {
  const path = (...steps: readonly string[]): string | undefined => {
    const found: rule.Found = [];
    rule.missing(found, steps.at(-1) ?? "");
    for (const step of steps.slice(0, -1).reverse()) rule.within(found, 0, step);
    return found[0]?.field;
  };

  it("fields are joined by dots, entries of lists and maps are not", () => {
    assert.equal(path("instance", "capabilities[2]", "name"), "instance.capabilities[2].name");
    assert.equal(path('labels["x"]', ""), 'labels["x"]');
    assert.equal(path("spec", 'labels["a.b"]', ""), 'spec.labels["a.b"]');
  });

  it("only findings within a field get its path", () => {
    const found: rule.Found = [];
    rule.missing(found, "a");
    const before = found.length;
    rule.missing(found, "b");
    rule.within(found, before, "c");
    assert.deepEqual(
      found.map((problem) => problem.field),
      ["a", "c.b"],
    );
  });

  it("a request with thousands of errors gives twenty findings", () => {
    const found: rule.Found = [];
    for (let i = 0; i < 5000; i++) {
      const before = found.length;
      rule.missing(found, "x");
      rule.within(found, before, `list[${i}]`);
    }
    assert.equal(found.length, 20);
    assert.equal(found[19]?.field, "list[19].x");
  });
});
