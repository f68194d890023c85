import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FastifyReply, FastifyRequest } from "fastify";
import { docsFile } from "./docs.ts";

/** The files that are sent of a site in this folder. */
function sentFor(url: string): readonly string[] {
  const sent: string[] = [];
  const reply = {
    headers: () => reply,
    header: () => reply,
    sendFile: (file: string) => {
      sent.push(file);
      return reply;
    },
  };
  docsFile(import.meta.dirname, { url } as FastifyRequest, reply as unknown as FastifyReply);
  return sent;
}

describe("the address of a page of the documentation", () => {
  it("leads to a file of the site", () => {
    assert.deepEqual(sentFor("/docs/docs.ts?a=b"), ["/docs.ts"]);
    assert.deepEqual(sentFor("/docs/none.html"), []);
  });

  for (const outside of [
    "/docs/../front/front.ts",
    "/docs/x/../../front/front.ts",
    "/docs//../../src/index.ts",
  ])
    it(`does not reveal files outside of the site: ${outside}`, () => assert.deepEqual(sentFor(outside), []));
});
