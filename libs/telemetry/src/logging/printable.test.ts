import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isSecretKey, SecretReference } from "@tutti/kernel";
import fc from "fast-check";
import { printableFields } from "./printable.ts";

const reference = new SecretReference("env:NATS_PASSWORD", {
  read: () => ({ secret: "s3cret" }),
  readLater: async () => ({ secret: "s3cret" }),
});

describe("fields of a line", () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ["a text", "hello", "hello"],
    ["a number", 1.5, 1.5],
    ["a number that JSON does not know", Number.NaN, "NaN"],
    ["infinity", Number.POSITIVE_INFINITY, "Infinity"],
    ["a large integer", 2n ** 64n, "18446744073709551616"],
    ["nothing", null, null],
    ["a symbol", Symbol("here"), "Symbol(here)"],
    ["bytes", new Uint8Array(300), "300 bytes"],
    ["a buffer", Buffer.from("abc"), "3 bytes"],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a set", new Set([1, 2]), [1, 2]],
    ["a map", new Map([["a", 1]]), { a: 1 }],
    ["a URL with a password", new URL("nats://me:pw@host:4222"), "nats://[redacted]@host:4222"],
    ["a reference to a secret", reference, "env:NATS_PASSWORD"],
    [
      "what cannot be read",
      {
        get broken() {
          throw new Error("no");
        },
      },
      { broken: "[unreadable]" },
    ],
    [
      "what cannot be made JSON",
      {
        toJSON() {
          throw new Error("no");
        },
      },
      "[unreadable]",
    ],
    [
      "an error",
      Object.assign(new TypeError("no"), { stack: "TypeError: no" }),
      { type: "TypeError", message: "no", stack: "" },
    ],
  ];
  for (const [title, value, expected] of cases) {
    it(`${title} is printed as data`, () =>
      assert.deepEqual(printableFields({ value }), { value: expected }));
  }

  it("undefined values are omitted", () => {
    assert.deepEqual(printableFields({ here: 1, away: undefined }), { here: 1 });
  });

  it("secrets are redacted by their key, at any depth and of any type", () => {
    const fields = {
      password: "pw",
      list: [{ accessToken: { value: "x" } }],
      headers: new Map([["Authorization", "Bearer x"]]),
    };
    assert.deepEqual(printableFields(fields), {
      password: "[redacted]",
      list: [{ accessToken: "[redacted]" }],
      headers: { Authorization: "[redacted]" },
    });
  });

  it("a reference to a secret is printed under a secret's key too, a count of tokens as well", () => {
    assert.deepEqual(printableFields({ password: reference, tokens: 12 }), {
      password: "env:NATS_PASSWORD",
      tokens: 12,
    });
  });

  it("a circular reference is cut, and the same object twice side by side is printed twice", () => {
    const circle: Record<string, unknown> = { name: "a" };
    circle["self"] = circle;
    assert.deepEqual(printableFields({ circle }), { circle: { name: "a", self: "[circular]" } });
    const shared = { x: 1 };
    assert.deepEqual(printableFields({ one: shared, two: shared }), { one: shared, two: shared });
  });

  it("length, breadth and depth are bounded", () => {
    const long = printableFields({ text: "x".repeat(100_000), list: Array.from({ length: 5000 }, () => 1) });
    assert.equal(String(long["text"]).length, 8193);
    assert.equal((long["list"] as unknown[]).at(-1), "… 4900 more");
    let deep: unknown = "end";
    for (let level = 0; level < 50; level += 1) deep = { deep };
    assert.ok(JSON.stringify(printableFields({ deep })).length < 200);
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key${index}`, index]));
    assert.equal(printableFields(wide)["…"], "200 more");
  });

  it("a field called __proto__ is a field", () => {
    const fields = JSON.parse('{"__proto__": {"polluted": true}}');
    assert.equal(JSON.stringify(printableFields(fields)), '{"__proto__":{"polluted":true}}');
  });

  it("any value becomes bounded JSON, without the values of secret keys", () => {
    const key = fc.constantFrom("a", "b", "token", "dbPassword", "x-api-key", "__proto__", "toJSON");
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true, withDate: true }),
        fc.dictionary(key, tie("value")),
      ),
    }));
    fc.assert(
      fc.property(value, (found) => {
        const text = JSON.stringify(printableFields({ found }));
        assert.ok(text.length < 3_000_000);
        JSON.parse(text, (name, each: unknown) => {
          if (isSecretKey(name) && typeof each === "string") assert.equal(each, "[redacted]");
          return each;
        });
      }),
    );
  });
});
