import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import type { VirtualTime } from "@tutti/kernel/testing";
import { blobErrors } from "../blobs/errors.ts";
import { type BlobMention, type Blobs, type Sweep, wholeBlob } from "../blobs/port.ts";

/** Blobs under test. */
export interface BlobsFixture extends AsyncDisposable {
  readonly blobs: Blobs;
  readonly time: VirtualTime;
  /** Kills its process and opens the remaining data. */
  crash(): Promise<Blobs>;
  /** Flips one bit of a stored blob of the namespace `default`. */
  flip(sha256: Uint8Array, byte: number): Promise<void>;
}

export interface BlobsUnderTest {
  readonly name: string;
  open(): Promise<BlobsFixture>;
}

const space = "default";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function contentOf(blobs: Blobs, sha256: Uint8Array): Promise<Buffer> {
  return wholeBlob(blobs, space, sha256);
}

/** The contract of a blob store. Run it on each implementation. */
export function blobConformance({ name, open }: BlobsUnderTest): void {
  describe(`blobs (${name})`, () => {
    it("returns stored content by its hash, for any split into parts", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      const large = Buffer.alloc(700_000, "abc");
      const even = Buffer.alloc(1_048_576, "defg");
      for (const parts of [
        ...[[], [bytesOf("small")], [large], [bytesOf("a"), large, bytesOf("b")]],
        ...[[even], [even, bytesOf("c")], [large, even, even, large, large], [even, even, even, even]],
      ]) {
        const { sha256, size } = await blobs.put(space, parts);
        const content = Buffer.concat(parts);
        assert.deepEqual(Buffer.from(sha256), createHash("sha256").update(content).digest());
        assert.equal(size, content.length);
        assert.equal((await blobs.find(space, sha256))?.size, content.length);
        assert.ok((await contentOf(blobs, sha256)).equals(content));
      }
    });

    it("returns stored content at once, or reports that it is not at hand. Never returns damaged content", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      const { sha256 } = await blobs.put(space, [bytesOf("a plan")]);
      const found = blobs.readNow(sha256);
      assert.ok(found === undefined || Buffer.from(found).toString() === "a plan");
      assert.equal(blobs.readNow(createHash("sha256").update("nothing").digest()), undefined);
      if (found === undefined) return;
      await fixture.flip(sha256, 2);
      assert.throws(
        () => blobs.readNow(sha256),
        (error) => blobErrors.damaged.is(error),
      );
    });

    it("has after a crash the blobs stored before, and nothing of unfinished ones", async () => {
      await using fixture = await open();
      const { sha256 } = await fixture.blobs.put(space, [bytesOf("whole")]);
      const broken = function* (): Generator<Uint8Array> {
        yield bytesOf("half");
        throw new Error("the caller has gone");
      };
      await assert.rejects(() => fixture.blobs.put(space, broken()), /the caller has gone/);
      const blobs = await fixture.crash();
      assert.equal((await contentOf(blobs, sha256)).toString(), "whole");
      assert.equal(await blobs.find(space, createHash("sha256").update("half").digest()), undefined);
    });

    it("reports that a blob is missing, before it is stored and in another namespace", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      const sha256 = createHash("sha256").update("missing").digest();
      await assert.rejects(() => contentOf(blobs, sha256), blobErrors.missing.is);
      assert.equal(await blobs.find(space, sha256), undefined);
      await blobs.put("elsewhere", [bytesOf("missing")]);
      await assert.rejects(() => contentOf(blobs, sha256), blobErrors.missing.is);
      assert.equal(await blobs.find(space, sha256), undefined);
    });

    it("refuses content that differs from its description", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      const sha256 = createHash("sha256").update("content").digest();
      const other = createHash("sha256").update("other").digest();
      const content = [bytesOf("cont"), bytesOf("ent")];
      await assert.rejects(blobs.put(space, content, { size: 8 }), blobErrors.notAsSaid.is);
      await assert.rejects(blobs.put(space, content, { size: 7, sha256: other }), blobErrors.notAsSaid.is);
      assert.equal(await blobs.find(space, sha256), undefined);
      assert.equal(await blobs.find(space, other), undefined);
      assert.equal((await blobs.put(space, content, { size: 7, sha256 })).size, 7);
    });

    it("reports a flipped bit instead of handing out the end of it", async () => {
      await using fixture = await open();
      const content = Buffer.alloc(3_600_000, "abcdefg");
      const { sha256 } = await fixture.blobs.put(space, [content]);
      for (const byte of [0, 1_800_000, 3_599_999]) {
        await fixture.flip(sha256, byte);
        let read = 0;
        const reading = async (): Promise<void> => {
          for await (const part of fixture.blobs.read(space, sha256)) read += part.length;
        };
        await assert.rejects(reading, blobErrors.damaged.is);
        assert.ok(read < content.length);
        await fixture.flip(sha256, byte);
      }
      assert.ok((await contentOf(fixture.blobs, sha256)).equals(content));
    });

    it("replaces damaged content when it is stored again", async () => {
      await using fixture = await open();
      const content = Buffer.alloc(3_600_000, "abcdefg");
      const { sha256 } = await fixture.blobs.put(space, [content]);
      await fixture.flip(sha256, 1_800_000);
      await assert.rejects(contentOf(fixture.blobs, sha256), blobErrors.damaged.is);
      await fixture.blobs.put(space, [content]);
      assert.ok((await contentOf(fixture.blobs, sha256)).equals(content));
    });

    it("sweeps old blobs without a mention, and reports them", async () => {
      await using fixture = await open();
      const { blobs, time } = fixture;
      const [old, rewritten] = [await putText(blobs, "old"), await putText(blobs, "again")];
      await time.advance(10_000);
      const beforeMs = time.now() - 5_000;
      const late = await putText(blobs, "late");
      await putText(blobs, "again");
      assert.equal(await sweepAt(blobs, [old, rewritten, late], beforeMs), 1);
      assert.deepEqual(await sizes(blobs, [old, rewritten, late]), [undefined, 5, 4]);
      assert.equal((await blobs.find(space, late))?.putMs, time.now());
      assert.equal(await sweepAt(blobs, [old, rewritten, late], time.now() + 1), 2);
      assert.equal(await sweepAt(blobs, [old, rewritten, late], time.now() + 1), 0);
    });

    it("keeps a mentioned blob, also after a crash and while one of two mentions remains", async () => {
      await using fixture = await open();
      const sha256 = await putText(fixture.blobs, "mentioned");
      await fixture.blobs.mention([mentionBy("anna", sha256), mentionBy("ben", sha256)]);
      // There is no blob under this hash yet.
      const absent = createHash("sha256").update("none").digest();
      await fixture.blobs.mention([mentionBy("anna", absent)]);
      const blobs = await fixture.crash();
      await fixture.time.advance(10_000);
      const questions: string[] = [];
      const isReferenced = async (mentions: readonly BlobMention[]) =>
        mentions.map(({ id, service, partition, kind, namespace }) => {
          questions.push(`${service}/${partition} ${namespace}/${kind}/${id}`);
          return id !== "anna";
        });
      assert.equal(await sweepAt(blobs, [sha256, absent], fixture.time.now(), isReferenced), 0);
      const [anna, ben] = ["bank/3 default/account/anna", "bank/3 default/account/ben"];
      assert.deepEqual(questions.sort(), [anna, anna, ben]);
      questions.length = 0;
      assert.equal(await sweepAt(blobs, [sha256, absent], fixture.time.now() + 1, isReferenced), 0);
      assert.deepEqual(questions, [ben]);
      assert.deepEqual(await sizes(blobs, [sha256]), [9]);
    });

    it("keeps a blob after its last mention for as long as after its upload", async () => {
      await using fixture = await open();
      const { blobs, time } = fixture;
      const sha256 = await putText(blobs, "mentioned");
      await blobs.mention([mentionBy("anna", sha256)]);
      await time.advance(10_000);
      const unused = async (mentions: readonly BlobMention[]) => mentions.map(() => false);
      assert.equal(await sweepAt(blobs, [sha256], time.now(), unused), 0);
      assert.equal((await blobs.find(space, sha256))?.putMs, time.now());
      await time.advance(1);
      assert.equal(await sweepAt(blobs, [sha256], time.now(), unused), 1);
    });

    it("does not lose blobs that are stored or mentioned during a sweep", async () => {
      await using fixture = await open();
      const { blobs, time } = fixture;
      const sha256 = await putText(blobs, "busy");
      await blobs.mention([mentionBy("anna", sha256)]);
      await time.advance(10_000);
      // The instance restarts while its end is being determined.
      const isReferenced = async (mentions: readonly BlobMention[]) => {
        await blobs.mention([mentionBy("anna", sha256)]);
        return mentions.map(() => false);
      };
      await sweepAt(blobs, [sha256], time.now() + 1, isReferenced);
      await time.advance(10_000);
      assert.equal(await sweepAt(blobs, [sha256], time.now() + 1), 0);
      const other = await putText(blobs, "another");
      await time.advance(10_000);
      await Promise.all([sweepAt(blobs, [other], time.now()), putText(blobs, "another")]);
      assert.deepEqual(await sizes(blobs, [sha256, other]), [4, 7]);
    });

    it("knows up to when all that mention have done so", async () => {
      await using fixture = await open();
      const { blobs } = fixture;
      assert.equal(await blobs.through(), undefined);
      await blobs.recordThrough({ service: "bank", partition: 1 }, 2_000);
      await blobs.recordThrough({ service: "bank", partition: 2 }, 3_000);
      assert.deepEqual(await blobs.through(), { service: "bank", partition: 1, throughMs: 2_000 });
      await blobs.recordThrough({ service: "bank", partition: 1 }, 4_000);
      const through = await (await fixture.crash()).through();
      assert.deepEqual(through, { service: "bank", partition: 2, throughMs: 3_000 });
    });
  });
}

const putText = async (blobs: Blobs, text: string): Promise<Uint8Array> =>
  (await blobs.put(space, [bytesOf(text)])).sha256;

function sizes(blobs: Blobs, hashes: readonly Uint8Array[]): Promise<(number | undefined)[]> {
  return Promise.all(hashes.map(async (sha256) => (await blobs.find(space, sha256))?.size));
}

function mentionBy(id: string, sha256: Uint8Array): BlobMention {
  return { namespace: space, service: "bank", partition: 3, kind: "account", id, sha256 };
}

const allReferenced: Sweep["isReferenced"] = async (mentions) => mentions.map(() => true);

/** Sweeps only the slices of these blobs. A full sweep takes a networked store long. */
async function sweepAt(
  blobs: Blobs,
  hashes: readonly Uint8Array[],
  beforeMs: number,
  isReferenced = allReferenced,
): Promise<number> {
  let removed = 0;
  for (const slice of new Set(hashes.map(([first = 0]) => first)))
    removed += await blobs.sweep(slice, { beforeMs, isReferenced });
  return removed;
}
