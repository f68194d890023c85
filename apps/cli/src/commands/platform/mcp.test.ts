import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { linesOf } from "./mcp.ts";

describe("the lines of an answer to an MCP client", () => {
  it("remove their abort listener, even if they are not read to the end", async () => {
    const { signal } = new AbortController();
    const answer = async function* () {
      yield new TextEncoder().encode("one\ntwo\nthr");
      yield new TextEncoder().encode("ee");
    };
    const lines: string[] = [];
    for await (const line of linesOf(answer(), signal)) lines.push(line);
    assert.deepEqual(lines, ["one", "two", "three"]);
    for await (const line of linesOf(answer(), signal)) if (line === "one") break;
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
});
