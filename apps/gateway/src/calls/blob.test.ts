import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import type { PutRequest } from "@tutti/contracts/blob/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import { type StoredParts, stored } from "./blob.ts";
import type { RequestContext } from "./request-context.ts";

const minuteMs = 60_000;

function uploading() {
  const time = new VirtualTime();
  const body = new PassThrough();
  let receivedBytes = 0;
  const client = {
    /** As the mesh: the call has no time limit of its own, and ends when its signal is aborted. */
    async put(requests: AsyncIterable<PutRequest>, options: { timeoutMs?: number; signal: AbortSignal }) {
      assert.equal(options.timeoutMs, undefined);
      const { promise: aborted, reject } = Promise.withResolvers<never>();
      options.signal.addEventListener("abort", () => reject(new Error("aborted")));
      const hash = createHash("sha256");
      const reading = async () => {
        for await (const { part } of requests) {
          if (part?.$case !== "chunk") continue;
          receivedBytes += part.value.length;
          hash.update(part.value);
        }
        return { blob: { sha256: hash.digest(), size: receivedBytes } };
      };
      return Promise.race([reading(), aborted]);
    },
  };
  const parts = { mesh: { client: () => client }, timers: time, requireSize: () => {} };
  const request = { headers: { "content-type": "application/octet-stream" }, body };
  const context = {} as RequestContext;
  const answer = stored(parts as unknown as StoredParts, request, context, new URLSearchParams());
  answer.catch(() => {});
  return { time, body, answer };
}

describe("an upload", () => {
  it("is stored if it takes hours and moves", async () => {
    const { time, body, answer } = uploading();
    for (let part = 0; part < 24; part++) {
      body.write("x");
      await time.flush();
      await time.advanceAsync(9 * minuteMs);
    }
    body.end();
    const { blob } = await answer;
    assert.equal(blob.size, 24);
    assert.equal(time.nextDueMs, undefined);
  });

  it("fails with the reason if it does not move for ten minutes", async () => {
    const { time, body, answer } = uploading();
    body.write("x");
    await time.flush();
    await time.advanceAsync(10 * minuteMs);
    await assert.rejects(answer, { code: "gateway.upload_idle" });
  });
});
