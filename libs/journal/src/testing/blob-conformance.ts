import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { VirtualTime } from "@tutti/kernel/testing";
import { blobErrors } from "../blobs/errors.ts";
import type { Blobs } from "../blobs/port.ts";

/** Blobs under test. */
export interface BlobsFixture extends AsyncDisposable {
  readonly blobs: Blobs;
  readonly time: VirtualTime;
  /** Its process dies; opens what it left. */
  crash(): Promise<Blobs>;
  /** Flips one bit of a blob where it is kept. */
  flip(sha256: Uint8Array, byte: number): Promise<void>;
}

export interface BlobsUnderTest {
  readonly name: string;
  open(): Promise<BlobsFixture>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function contentOf(blobs: Blobs, sha256: Uint8Array): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of blobs.read(sha256)) parts.push(part);
  return Buffer.concat(parts);
}

/** What every store of blobs has to do. Run it on each implementation. */
export function blobConformance({ name, open }: BlobsUnderTest): void {
  describe(`blobs (${name})`, () => {
    it("gives back what was put, by its hash, in whatever parts it came", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      const large = Buffer.alloc(700_000, "abc");
      for (const parts of [[], [bytesOf("small")], [large], [bytesOf("a"), large, bytesOf("b")]]) {
        const { sha256, size } = await blobs.put(parts);
        const content = Buffer.concat(parts);
        assert.deepEqual(Buffer.from(sha256), createHash("sha256").update(content).digest());
        assert.equal(size, content.length);
        assert.equal(await blobs.size(sha256), content.length);
        assert.ok((await contentOf(blobs, sha256)).equals(content));
      }
    });

    it("has after a crash what was put before, and not what had only begun", async () => {
      await using fixture = await open();
      const { sha256 } = await fixture.blobs.put([bytesOf("whole")]);
      const broken = function* (): Generator<Uint8Array> {
        yield bytesOf("half");
        throw new Error("the caller has gone");
      };
      await assert.rejects(() => fixture.blobs.put(broken()), /the caller has gone/);
      const blobs = await fixture.crash();
      assert.equal((await contentOf(blobs, sha256)).toString(), "whole");
      assert.equal(await blobs.size(createHash("sha256").update("half").digest()), undefined);
    });

    it("says that a blob is missing, before it was put and after it was removed", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      const sha256 = createHash("sha256").update("missing").digest();
      await assert.rejects(() => contentOf(blobs, sha256), blobErrors.missing.is);
      assert.equal(await blobs.size(sha256), undefined);
      await blobs.put([bytesOf("missing")]);
      await blobs.remove(sha256);
      await blobs.remove(sha256);
      await assert.rejects(() => contentOf(blobs, sha256), blobErrors.missing.is);
    });

    it("reports a flipped bit instead of handing out the end of it", async () => {
      await using fixture = await open();
      const content = Buffer.alloc(600_000, "abcdefg");
      const { sha256 } = await fixture.blobs.put([content]);
      for (const byte of [0, 300_000, 599_999]) {
        await fixture.flip(sha256, byte);
        let read = 0;
        const reading = async (): Promise<void> => {
          for await (const part of fixture.blobs.read(sha256)) read += part.length;
        };
        await assert.rejects(reading, blobErrors.damaged.is);
        assert.ok(read < content.length);
        await fixture.flip(sha256, byte);
      }
      assert.ok((await contentOf(fixture.blobs, sha256)).equals(content));
    });

    it("sweeps what nothing names any more, and leaves what is live or was put lately, also once more", async () => {
      await using fixture = await open();
      const { blobs, time } = fixture;
      const put = async (text: string): Promise<Uint8Array> => (await blobs.put([bytesOf(text)])).sha256;
      const [live, old, again] = [await put("live"), await put("old"), await put("again")];
      await time.advance(10_000);
      const beforeMs = time.now() - 5_000;
      const late = await put("late");
      await put("again");
      const isLive = (sha256: Uint8Array): boolean => Buffer.from(sha256).equals(live);
      assert.equal(await blobs.sweep(isLive, beforeMs), 1);
      const sizes = await Promise.all([live, old, again, late].map((sha256) => blobs.size(sha256)));
      assert.deepEqual(sizes, [4, undefined, 5, 4]);
      assert.equal(await blobs.sweep(isLive, time.now() + 1), 2);
    });
  });
}
