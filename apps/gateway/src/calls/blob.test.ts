import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { GetReply, type GetRequest, type PutRequest } from "@tutti/contracts/blob/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import Fastify from "fastify";
import { blobAnswer, type StoredParts, stored } from "./blob.ts";
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

describe("a range of a blob", () => {
  /** Answers requests from a blob, and counts how often it is opened. */
  function serving(content: string) {
    const opened: Pick<GetRequest, "offset" | "length">[] = [];
    const client = {
      async *get({ offset, length }: GetRequest) {
        opened.push({ offset, length });
        assert.ok(offset <= content.length);
        const chunk = Buffer.from(content.slice(offset, length === 0 ? undefined : offset + length));
        yield GetReply.fromPartial({ size: content.length, chunk });
      },
    };
    const answer = blobAnswer({ client: () => client } as unknown as Parameters<typeof blobAnswer>[0]);
    const app = Fastify();
    app.get("/:sha256", (request, reply) =>
      answer(request, reply, {} as RequestContext, new URLSearchParams()),
    );
    const get = async (range: string) => {
      const { statusCode, body, headers } = await app.inject({
        url: `/${"0".repeat(64)}`,
        headers: { range },
      });
      return [statusCode, body, headers["content-range"]];
    };
    return { get, opened };
  }

  for (const [range, expected, opens] of [
    ["bytes=1-2", [206, "bc", "bytes 1-2/5"], 1],
    ["bytes=3-", [206, "de", "bytes 3-4/5"], 1],
    ["bytes=0-99", [206, "abcde", "bytes 0-4/5"], 1],
    ["bytes=-2", [206, "de", "bytes 3-4/5"], 2],
    ["bytes=-0", [416, "", "bytes */5"], 1],
    ["bytes=5-", [416, "", "bytes */5"], 2],
    ["bytes=2-1", [200, "abcde", undefined], 1],
    ["lines=1-2", [200, "abcde", undefined], 1],
  ] as const)
    it(`${range} opens the blob ${opens === 1 ? "once" : "twice"}`, async () => {
      const { get, opened } = serving("abcde");
      assert.deepEqual(await get(range), expected);
      assert.equal(opened.length, opens);
    });

  it("of an empty blob is the whole blob", async () => {
    const { get } = serving("");
    assert.deepEqual(await get("bytes=0-"), [200, "", undefined]);
  });
});
