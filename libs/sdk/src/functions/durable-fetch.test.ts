import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testDurable } from "../testing/test-durable.ts";
import { durable } from "./durable.ts";
import { durableFetch } from "./durable-fetch.ts";

const address = "http://model.test/v1/answers";

describe("durableFetch", () => {
  it("sends each request once, also after a wait, and records no request header", async () => {
    const requests: string[] = [];
    const send: typeof fetch = async (input) => {
      const request = input as Request;
      requests.push(`${request.headers.get("authorization")} ${await request.text()}`);
      return Response.json({ number: requests.length });
    };
    const fn = durable("ask", async (ctx) => {
      const request = durableFetch(ctx, { fetch: send });
      const call = async (body: string): Promise<number> => {
        const init = { method: "POST", headers: { authorization: "Bearer k-1" }, body };
        return ((await (await request(address, init)).json()) as { number: number }).number;
      };
      const first = await call("one");
      await ctx.sleep("1h");
      return [first, await call("two")];
    });
    const run = await testDurable(fn).start();
    assert.deepEqual(await run.result(), [1, 2]);
    assert.deepEqual(requests, ["Bearer k-1 one", "Bearer k-1 two"]);
    assert.doesNotMatch(JSON.stringify(run.events), /k-1/);
  });

  it("retries an answer with a retryable status, and returns any other status", async () => {
    const statuses = [429, 503, 404];
    const send: typeof fetch = async () => new Response("no", { status: statuses.shift() ?? 500 });
    const fn = durable("ask", async (ctx) => (await durableFetch(ctx, { fetch: send })(address)).status);
    assert.equal(await testDurable(fn).execute(), 404);
    assert.deepEqual(statuses, []);
  });

  it("fails with the last answer after all attempts", async () => {
    const send: typeof fetch = async () => new Response("overloaded", { status: 529 });
    const fn = durable("ask", async (ctx) => {
      const request = durableFetch(ctx, { fetch: send, retry: { attempts: 2, backoff: "1s" } });
      return (await request(address)).status;
    });
    await assert.rejects(testDurable(fn).execute(), /model\.test: status 529: overloaded/);
  });
});
