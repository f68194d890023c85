import assert from "node:assert/strict";
import { it } from "node:test";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { ObjectBlobs, type Objects } from "./object-blobs.ts";

it("an aborted put does not wait for an unavailable store", async () => {
  let puts = 0;
  const objects = {
    place: "nowhere",
    partBytes: 4,
    put: (_name: string, _data: Uint8Array, signal: AbortSignal) => {
      puts++;
      return new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
    remove: async () => {},
  } as unknown as Objects;
  const blobs = new ObjectBlobs({ clock: new VirtualTime(), chance: seededChance(1) }, objects);
  const caller = new AbortController();
  const putting = blobs.put("default", [Buffer.from("content")], {}, caller.signal);
  caller.abort(new Error("given up"));
  await assert.rejects(putting, /given up/);
  assert.equal(puts, 1);
});
