import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client } from "./client.ts";

describe("a client of REST", () => {
  for (const status of [200, 404])
    it(`reports that a web server that answers ${status} with a page is not Tutti`, async () => {
      const page = () => Promise.resolve(new Response("<!doctype html><p>shop</p>", { status }));
      const client = new Client({ url: "http://shop.example/foo", fetch: page as never });
      await assert.rejects(client.call("runs.list"), {
        code: "rest.strange_answer",
        message: new RegExp(`expected an answer of Tutti, got ${status}: <!doctype html>.*has no path`),
      });
    });

  for (const [key, authorization] of [
    [undefined, null],
    ["", null],
    ["tutti_live_1", "Bearer tutti_live_1"],
  ] as const)
    it(`sends ${authorization ?? "no key"} for the key ${JSON.stringify(key)}`, async () => {
      const sent: (string | null)[] = [];
      const via = (_: string, { headers }: RequestInit) => {
        sent.push(new Headers(headers).get("authorization"));
        return Promise.resolve(Response.json({ runs: [] }));
      };
      const options = { url: "http://tutti.example", fetch: via as never };
      await new Client(key === undefined ? options : { ...options, key }).call("runs.list");
      assert.deepEqual(sent, [authorization]);
    });

  it("reports a server that accepts a call and does not answer as unreachable", async () => {
    const hangs = (_: string, { signal }: { readonly signal: AbortSignal }) =>
      new Promise<never>((_, fail) => {
        signal.addEventListener("abort", () => fail(signal.reason));
      });
    const client = new Client({ url: "http://frozen.example", fetch: hangs as never });
    await assert.rejects(client.call("whoami", { timeoutMs: -990 }), {
      name: "RestError",
      code: "rest.unreachable",
      message:
        /^http:\/\/frozen\.example: No answer within .* The platform may hang, be suspended or be overloaded\.$/,
    });
  });
});
