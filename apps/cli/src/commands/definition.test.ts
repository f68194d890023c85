import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Server } from "../server/calls.ts";
import { definitionNamed } from "./definition.ts";

const first = `0123abcd${"0".repeat(56)}`;
const second = `0123abcd${"1".repeat(56)}`;
const third = `deadbeef${"2".repeat(56)}`;

/** Returns the definition, and how often the versions were listed. */
async function named(target: string) {
  let lists = 0;
  const server = {
    namespace: { namespace: "default" },
    call: async () => {
      lists += 1;
      return { versions: [first, second, third].map((hash) => ({ hash })) };
    },
  } as unknown as Server;
  return { ...(await definitionNamed(server, target)), lists };
}

describe("a named definition", () => {
  it("has a name, a label or a hash", async () => {
    assert.deepEqual(await named("order"), { name: "order", lists: 0 });
    assert.deepEqual(await named("order@latest"), { name: "order", label: "latest", lists: 0 });
    assert.deepEqual(await named(`order@${third}`), { name: "order", hash: third, lists: 0 });
  });

  it("is found by the start of its hash, if one version has it", async () => {
    assert.deepEqual(await named("order@deadbeef2222"), { name: "order", hash: third, lists: 1 });
    assert.deepEqual(await named("order@0123abcd"), { name: "order", label: "0123abcd", lists: 1 });
  });

  it("has a label that looks like the start of a hash, if no version has it", async () => {
    assert.deepEqual(await named("order@20261203"), { name: "order", label: "20261203", lists: 1 });
  });
});
