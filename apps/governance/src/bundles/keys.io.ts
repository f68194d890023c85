import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { testFoundation } from "@tutti/kernel/testing";
import { Keys } from "./keys.ts";

it("tokens are issued again after the keys could not be opened for a while", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "keys-"));
  t.after(() => rm(root, { recursive: true }));
  const place = join(root, "disk");
  await writeFile(place, "no directory yet");
  const keys = new Keys(join(place, "keys"), "", "tutti", testFoundation());
  await assert.rejects(keys.issuer());
  await rm(place);
  assert.ok(await keys.issuer());
});
