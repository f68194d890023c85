import assert from "node:assert/strict";
import { describe, it } from "node:test";
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

/** A store in memory, with parts of four bytes. */
function storeInMemory() {
  const stored = new Map<string, { readonly data: Uint8Array; readonly sequence: number }>();
  let last = 0;
  const set = (name: string, data: Uint8Array) => {
    stored.set(name, { data, sequence: ++last });
    return last;
  };
  const objects: Objects = {
    place: "memory",
    partBytes: 4,
    put: async (name, data) => void set(name, data),
    replace: async (name, data, mark) =>
      (stored.get(name)?.sequence ?? 0) === mark ? set(name, data) : undefined,
    get: async (name) => stored.get(name)?.data,
    latest: async (name) => stored.get(name),
    list: async (prefix) => [...stored.keys()].filter((name) => name.startsWith(`${prefix}.`)),
    remove: async (names) => names.forEach((name) => void stored.delete(name)),
    removeUpTo: async (name, mark) => void (stored.get(name)?.sequence === mark && stored.delete(name)),
  };
  return { stored, objects };
}

describe("content that is stored again", () => {
  const content = Buffer.from("the output");
  const open = (objects: Objects) =>
    new ObjectBlobs({ clock: new VirtualTime(), chance: seededChance(1) }, objects);
  const read = async (blobs: ObjectBlobs, sha256: Uint8Array) => {
    const parts: Uint8Array[] = [];
    for await (const bytes of blobs.read("default", sha256)) parts.push(bytes);
    return Buffer.concat(parts).toString();
  };

  for (const damage of ["flipped", "missing"])
    it(`replaces content with a ${damage} part, and leaves no part over`, async () => {
      const { stored, objects } = storeInMemory();
      const blobs = open(objects);
      const { sha256 } = await blobs.put("default", [content]);
      const part = [...stored.keys()].find((name) => name.startsWith("parts."));
      assert.ok(part);
      if (damage === "missing") stored.delete(part);
      else stored.get(part)?.data.fill(0);
      await assert.rejects(read(blobs, sha256), /damaged/);
      await blobs.put("default", [content]);
      assert.equal(await read(blobs, sha256), "the output");
      assert.equal([...stored.keys()].filter((name) => name.startsWith("parts.")).length, 3);
    });

  for (const failing of ["remove", "replace"] as const)
    it(`is whole if ${failing} fails once after the write of the head`, async () => {
      const { objects } = storeInMemory();
      const { sha256 } = await open(storeInMemory().objects).put("default", [content]);
      let failures = 0;
      const failOnce = () => {
        if (failures++ === 0) throw new Error("unavailable");
      };
      const blobs = open({
        ...objects,
        remove: async (names) => {
          if (failing === "remove") failOnce();
          await objects.remove(names);
        },
        replace: async (name, data, mark) => {
          const written = await objects.replace(name, data, mark);
          if (failing === "replace") failOnce();
          return written;
        },
      });
      await blobs.put("default", [content]).catch(() => undefined);
      assert.ok(failures > 0);
      assert.equal(await read(blobs, sha256), "the output");
    });
});
