import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseExactly } from "./exact.ts";
import { JsonLimitError, LateList, parseInTurns, sourceOf, writeInTurns } from "./slices.ts";

/** Longer than any slice, so that the document is read in several. */
const padding = (count: number) =>
  Array.from({ length: count }, (_, n) => `"${"p".repeat(90)}${n}"`).join(",");

/** Returns the value, or that there is none. */
async function read(parse: () => unknown): Promise<unknown> {
  try {
    return { value: await parse() };
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return "no JSON";
  }
}

describe("JSON in slices", () => {
  it("parses like JSON.parse, and fails if JSON.parse fails", async () => {
    const list = `[${padding(900)}]`;
    const object = `{${Array.from({ length: 9_000 }, (_, n) => `"key${n}":[${n}, {"a": null}]`).join(",")}}`;
    const frames = [
      (inner: string) => `[${inner},${list}]`,
      (inner: string) => `[${list},${inner}]`,
      (inner: string) => `[[${list}]${inner}]`,
      (inner: string) => `{"a":${list},"b":${inner}}`,
      (inner: string) => `{"a":{"b":[${list}]},${inner}}`,
      (inner: string) => `{"a":${object},${inner}:${list}}`,
      (inner: string) => ` {"__proto__":${object}, "big":${inner} }\n`,
      (inner: string) => `${inner}${list}`,
      (inner: string) => `${list}${inner}`,
    ];
    const inners = [
      ...["1", "", ",", " ", "]", "}", "[", "{", ":", "[]", "{}", "[1}", '"a"', '"a":1', "1,2", ",1", "1,"],
      ...['"\\""', '"]"', '"', "12345678901234567890", "1e400", '{"a":1,"a":2}', "\u00a0", "nul", "[[],[]]"],
    ];
    for (const frame of frames)
      for (const inner of inners) {
        const text = frame(inner);
        assert.deepEqual(
          await read(() => parseInTurns(text)),
          await read(() => parseExactly(text)),
          `${frames.indexOf(frame)} with ${inner}`,
        );
      }
  });

  it("reads any document, however its parts are larger than a slice", async () => {
    const part = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constant(JSON.parse(`[${padding(500)}]`)),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 5 }), tie("value"), { maxKeys: 4 }),
      ),
    })).value;
    const space = fc.constantFrom(undefined, 1, "\t");
    await fc.assert(
      fc.asyncProperty(part, space, async (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        assert.deepEqual(await parseInTurns(text), JSON.parse(text));
      }),
      { numRuns: 100 },
    );
  });

  it("writes the same text as JSON.stringify, for parts of any size", async () => {
    const leaf = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(undefined, JSON.rawJSON("1e400"), new Date(0)),
    );
    const part = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.constant(Array.from({ length: 300 }, (_, n) => (n % 7 === 0 ? undefined : { n }))),
        fc.constant(
          Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, n < 70 ? undefined : [n]])),
        ),
        fc.dictionary(fc.string({ maxLength: 5 }), tie("value"), { maxKeys: 4 }),
      ),
    })).value;
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 3 }), async (values) => {
        const object = { values, __proto__: 1 };
        assert.equal(await writeInTurns(values), JSON.stringify(values));
        assert.equal(await writeInTurns(object), JSON.stringify(object));
      }),
      { numRuns: 200 },
    );
    let turns = 0;
    const large = {
      name: "large",
      parts: { list: Array.from({ length: 20_000 }, (_, n) => ({ id: `t${n}`, needs: [n] })) },
    };
    const text = await writeInTurns(large, (run) => {
      turns++;
      run();
    });
    assert.equal(text, JSON.stringify(large));
    assert.ok(turns >= text.length / 40_000, `${turns} turns of ${text.length} characters`);
  });

  it("creates the entries of a late list while writing, in several turns", async () => {
    const entries = Array.from({ length: 10_000 }, (_, n) => n);
    const created: number[] = [];
    const late = new LateList(entries, (n) => {
      created.push(n);
      return n % 3 === 0 ? undefined : { id: `t${n}`, needs: [n] };
    });
    const createdAt: number[] = [];
    const value = { graph: { tasks: late, empty: new LateList([], String) } };
    const text = await writeInTurns(value, (run) => {
      createdAt.push(created.length);
      run();
    });
    assert.ok(text === JSON.stringify(value));
    assert.ok(createdAt.length > 5 && (createdAt[0] ?? 0) < 2_000, `entries made at each turn: ${createdAt}`);
  });

  it("yields to other work after each slice of any document", async () => {
    for (const member of ["{}", "1", '{"a":1}', "[[1,2]]", '"\\u0041\\n"', "12345678901234567890"]) {
      const text = `[${Array(Math.min(90_000, Math.ceil(1_000_000 / member.length)))
        .fill(member)
        .join(",")}]`;
      const longest: number[] = [];
      const parse = JSON.parse;
      JSON.parse = (...values) => {
        longest.push(values[0].length);
        return parse(...values);
      };
      let turns = 0;
      try {
        await parseInTurns(text, (run) => {
          turns++;
          setImmediate(run);
        });
      } finally {
        JSON.parse = parse;
      }
      assert.ok(turns >= Math.floor(text.length / 33_000), `${turns} turns of ${text.length} characters`);
      assert.ok(Math.max(...longest) < 40_000, `${Math.max(...longest)} characters at once`);
    }
  });

  it("keeps the text of a large part, so that it need not be written again", async () => {
    const large = `[${padding(900)}, 12345678901234567890]`;
    const { input, name } = (await parseInTurns(`{"name":"a","input": ${large} }`)) as Record<
      string,
      unknown
    >;
    assert.equal(sourceOf(input), large);
    assert.equal(sourceOf(name), undefined);
  });

  it("refuses nesting that is too deep, and too many lists and objects, before it reads on", async () => {
    const rejected = (text: string, message: RegExp) =>
      assert.rejects(
        parseInTurns(text),
        (error) => error instanceof JsonLimitError && message.test(error.message),
      );
    await rejected("[".repeat(600), /nested too deep/);
    await rejected(`[${padding(900)},${"[".repeat(600)}`, /nested too deep/);
    await rejected(`[${Array(200_001).fill("{}").join(",")}`, /more than 200000 lists and objects/);
  });
});
