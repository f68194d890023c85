import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { EventLines } from "./event-lines.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (...pieces: readonly string[]) => {
  const lines = new EventLines();
  return pieces.flatMap((piece) => [...lines.parse(bytes(piece))]);
};

describe("server-sent events, read", () => {
  const cases: readonly [string, string, unknown][] = [
    ["an event with everything", "id: 7\nevent: gap\ndata: {}\n\n", { event: "gap", data: "{}", id: "7" }],
    ["one without a name", "data: a\n\n", { event: "message", data: "a", id: "" }],
    ["data of several lines", "data: a\ndata: b\n\n", { event: "message", data: "a\nb", id: "" }],
    ["a value with blanks and colons", "data:  a: b\n\n", { event: "message", data: " a: b", id: "" }],
    ["one that only moves the cursor", "id: 7\n\n", { event: "message", data: "", id: "7" }],
    ["a heartbeat", ": alive\n\n", undefined],
    ["unknown fields", "retry: 5\nfoo\ndata: a\n\n", { event: "message", data: "a", id: "" }],
    ["an id that could not be sent back", "id: a\0b\ndata: a\n\n", { event: "message", data: "a", id: "" }],
    [
      "lines that end as on other systems",
      "id: 1\r\ndata: a\r\r\n",
      { event: "message", data: "a", id: "1" },
    ],
  ];
  for (const [scenario, text, expected] of cases) {
    it(`are ${scenario}`, () => assert.deepEqual(read(text), [expected]));
  }

  it("are not there until they are whole", () => {
    assert.deepEqual(read("data: a\n"), []);
    assert.deepEqual(read("data: a\n", "\n"), [{ event: "message", data: "a", id: "" }]);
  });

  it("start over after each of them", () => {
    assert.deepEqual(read("id: 1\nevent: x\ndata: a\n\ndata: b\n\n"), [
      { event: "x", data: "a", id: "1" },
      { event: "message", data: "b", id: "" },
    ]);
  });

  it("are the same for any split of the bytes", () => {
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const line = fc.constantFrom("data: ä€😀", "data: b", "id: 7", "event: gap", ": alive", "");
    const text = fc.array(fc.tuple(line, end), { maxLength: 12 }).map((lines) => lines.flat().join(""));
    fc.assert(
      fc.property(text, fc.array(fc.nat(40), { maxLength: 8 }), (stream, sizes) => {
        const all = bytes(stream);
        const lines = new EventLines();
        const found: unknown[] = [];
        let from = 0;
        for (const size of [...sizes, all.length]) {
          found.push(...lines.parse(all.subarray(from, from + size)));
          from += size;
        }
        assert.deepEqual(found, read(stream));
      }),
    );
  });

  it("are refused if one exceeds the maximum size", () => {
    const lines = new EventLines();
    const piece = bytes("x".repeat(8 * 1_048_576));
    assert.throws(() => {
      for (let count = 0; count < 5; count++) [...lines.parse(piece)];
    }, /expected an event of at most/);
  });
});
