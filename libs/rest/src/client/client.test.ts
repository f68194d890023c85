import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Client } from "./client.ts";

describe("a client of REST", () => {
  for (const status of [200, 404])
    it(`says that a web server which answers ${status} with a page is not Tutti`, async () => {
      const page = () => Promise.resolve(new Response("<!doctype html><p>shop</p>", { status }));
      const client = new Client({ url: "http://shop.example/foo", fetch: page as never });
      await assert.rejects(client.call("runs.list"), {
        code: "rest.strange_answer",
        message: new RegExp(`expected an answer of Tutti, found ${status}: <!doctype html>.*has no path`),
      });
    });
});
