import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Front } from "./front.ts";
import { fuzz, settle } from "./fuzzing.ts";

describe("every route, with requests drawn from the description", () => {
  let front: Front;

  before(async () => {
    front = await Front.open();
    await settle(front);
  });
  after(() => front?.[Symbol.asyncDispose]());

  it("is answered as described or refused in words, never by a failure", async () => {
    const { statuses } = await fuzz(front, { seed: 1, requests: 300 });
    assert.ok(
      (statuses.get(200) ?? 0) > 30,
      `too few were good to prove anything: ${[...statuses].join(" ")}`,
    );
  });
});
