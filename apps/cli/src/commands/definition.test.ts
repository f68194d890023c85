import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Server } from "../server/calls.ts";
import { definitionNamed, rememberedDefinitions } from "./definition.ts";

const first = `0123abcd${"0".repeat(56)}`;
const second = `0123abcd${"1".repeat(56)}`;
const third = `deadbeef${"2".repeat(56)}`;

/** A server with these versions, and how often they were listed. */
function versionServer() {
  const count = { lists: 0 };
  const server = {
    namespace: { namespace: "default" },
    call: async () => {
      count.lists += 1;
      return { versions: [first, second, third].map((hash) => ({ hash })) };
    },
  } as unknown as Server;
  return { server, count };
}

/** Returns the definition, and how often the versions were listed. */
async function named(target: string) {
  const { server, count } = versionServer();
  const definition = await definitionNamed(server, target);
  return { ...definition, ...count };
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

  it("is asked for once if many runs use it", async () => {
    const { server, count } = versionServer();
    const definitionOf = rememberedDefinitions(server);
    for (let run = 0; run < 3; run++)
      assert.deepEqual(await definitionOf("order@deadbeef"), { name: "order", hash: third });
    assert.equal(count.lists, 1);
  });
});
