import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TuttiError, toErrorDetail } from "@tutti/kernel";
import { parseExactly } from "@tutti/rest/json/exact";
import { maskedOutcome, maskedProgress } from "./attempts.ts";
import { Masks } from "./masks.ts";

const secret = 'p"ss word/1+ü';

function masksOf(...secrets: readonly (readonly [string, string])[]): Masks {
  const masks = new Masks();
  for (const [name, value] of secrets) masks.add(name, value);
  return masks;
}

describe("the report of an attempt that has read a secret", () => {
  const masks = masksOf(["secret:till", secret]);

  it("contains the name of the secret in place of its value, also for encoded values", () => {
    const bytes = Buffer.from(secret);
    const coded = [encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
    for (const form of [secret, ...coded, bytes.toString("base64"), bytes.toString("hex")])
      assert.equal(masks.text(`before ${form} after`), "before [secret secret:till] after");
  });

  it("remains JSON, for texts, field names and secrets of any form", () => {
    const document = masksOf(["secret:json", '{"a":1}']);
    assert.deepEqual(document.json({ a: 1 }), { a: 1 });
    const output = { list: [`x${secret}`], [secret]: 1, when: new Date(0), none: null };
    assert.deepEqual(masks.json(output), {
      list: ["x[secret secret:till]"],
      "[secret secret:till]": 1,
      ...{ when: "1970-01-01T00:00:00.000Z", none: null },
    });
  });

  it("keeps every digit of numbers", () => {
    const text = '{"ids":[12345678901234567890,1]}';
    assert.equal(JSON.stringify(masks.json(parseExactly(text))), text);
  });

  it("has no secret in errors, progress and partial outputs", () => {
    const cause = new TuttiError({
      code: "a.b",
      message: `cause ${secret}`,
      status: "UNKNOWN",
      retry: "never",
    });
    const value = toErrorDetail(
      new TuttiError({ code: "a.b", message: secret, status: "UNKNOWN", retry: "never", cause }),
    );
    const maskedText = JSON.stringify([
      maskedOutcome({ $case: "failed", value }, masks),
      maskedOutcome({ $case: "busy", value: { retryAfterMs: 0, message: secret, capabilities: [] } }, masks),
      maskedOutcome({ $case: "stopped", value: { message: secret } }, masks),
      maskedProgress({ saved: undefined, fraction: 0, message: secret }, masks),
    ]);
    assert.ok(!maskedText.includes(JSON.stringify(secret).slice(1, -1)), maskedText);
    const piece = Buffer.concat([Buffer.from([0xff, 0]), Buffer.from(secret), Buffer.from([0xfe])]);
    const masked = Buffer.from(masks.bytes(piece));
    assert.ok(!masked.includes(secret));
    assert.deepEqual([masked[0], masked.at(-1)], [0xff, 0xfe]);
  });

  it("masks the longer of two secrets first, and skips texts that are too short to be a secret", () => {
    const both = masksOf(["secret:a", "abcd"], ["secret:b", "abcdefgh"], ["secret:c", "x"]);
    assert.equal(both.text("abcdefgh x abcd"), "[secret secret:b] x [secret secret:a]");
  });
});
