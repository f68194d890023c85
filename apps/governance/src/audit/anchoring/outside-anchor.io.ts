import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { Checkpoint } from "@tutti/contracts/governance/v1";
import { systemTimers } from "@tutti/kernel";
import { outsideAnchor } from "./outside-anchor.ts";

const checkpointOf = (number: number) =>
  Checkpoint.fromPartial({ number, rootHash: new Uint8Array(32).fill(number) });

describe("an anchor outside", () => {
  let folder = "";
  let stored = "";
  const server = createServer(async (request, reply) => {
    if (request.method === "PUT") stored = await text(request);
    reply.writeHead(request.url === "/broken" ? 500 : stored === "" ? 404 : 200).end(stored);
  });
  const urlOf = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-anchor-"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const script = `#!/bin/sh\nif [ "$1" = write ]; then cat > ${folder}/told; else cat ${folder}/told 2>/dev/null || true; fi\n`;
    await writeFile(join(folder, "anchor.sh"), script);
    await chmod(join(folder, "anchor.sh"), 0o700);
  });
  after(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const places = {
    "a file": () => `file:${folder}/anchor.jsonl`,
    "a URL": () => urlOf("/anchor"),
    "a program": () => `command:${folder}/anchor.sh`,
  };
  for (const [title, place] of Object.entries(places))
    it(`in ${title} is empty at first, and then contains the last checkpoint`, async () => {
      const anchor = outsideAnchor(place(), systemTimers) ?? assert.fail("it is configured");
      assert.equal(await anchor.last(), undefined);
      for (const number of [1, 2]) await anchor.put(checkpointOf(number));
      const { number, rootHash } = (await anchor.last()) ?? assert.fail("it is there");
      assert.deepEqual([number, [...rootHash]], [2, [...checkpointOf(2).rootHash]]);
    });

  it("that cannot be used is named", async () => {
    for (const place of [urlOf("/broken"), `command:${folder}/none`, `file:${folder}/none/anchor`]) {
      const anchor = outsideAnchor(place, systemTimers) ?? assert.fail("it is configured");
      await assert.rejects(anchor.put(checkpointOf(1)), { code: "audit.anchor_unusable" });
    }
    assert.equal(outsideAnchor("", systemTimers), undefined);
  });
});
