import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { type ObjectBlobs, openS3Blobs, type S3Settings } from "@tutti/journal/objects";
import { blobConformance } from "@tutti/journal/testing";
import { silentLogger, systemClock, systemTimers } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { accessKey, refused, secretKey, startS3 } from "../../../tools/s3.mjs";

const foundation = {
  ...{ clock: systemClock, timers: systemTimers, logger: silentLogger },
  chance: seededChance(1),
};

function settingsOf(url: string, more: Partial<S3Settings> = {}): S3Settings {
  const credentials = async () => ({ accessKey, secretKey, sessionToken: "" });
  const location = { url, bucket: "blobs", prefix: "team", region: "us-east-1", bucketIn: "path" as const };
  return { ...location, timeoutMs: 10_000, credentials, ...more };
}

async function open() {
  const server = await startS3("blobs", { pageSize: 7 });
  const time = new VirtualTime();
  const opened = (): ObjectBlobs => openS3Blobs(settingsOf(server.url), foundation, { clock: time });
  return {
    ...{ server, time, blobs: opened() },
    crash: async () => opened(),
    flip: async (sha256: Uint8Array, byte: number) => {
      const hash = Buffer.from(sha256).toString("hex");
      const head = server.objects.get(`team/heads.${hash.slice(0, 2)}.${hash}.default`);
      const parts = /parts\.[\w-]+/.exec(
        head?.bytes.toString("latin1", 0, head.bytes.length - numberBytes) ?? "",
      )?.[0];
      const part = server.objects.get(`team/${parts}.${Math.floor(byte / partBytes)}`);
      assert.ok(part !== undefined);
      part.bytes[byte % partBytes] = (part.bytes[byte % partBytes] ?? 0) ^ 4;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const partBytes = 4 * 1_048_576;
const numberBytes = 8;

describe("blobs in a bucket", () => {
  blobConformance({ name: "S3", open });

  it("have large content in parts, which are read in their order", async () => {
    await using fixture = await open();
    const content = randomBytes(2 * partBytes + 5);
    const { sha256 } = await fixture.blobs.put("default", [content]);
    const names = [...fixture.server.objects.keys()].filter((name) => name.startsWith("team/parts."));
    assert.equal(names.length, 3);
    const parts: Uint8Array[] = [];
    for await (const part of fixture.blobs.read("default", sha256)) parts.push(part);
    assert.ok(Buffer.concat(parts).equals(content));
  });

  it("keep nothing of a broken upload", async () => {
    await using fixture = await open();
    const breaking = async function* () {
      yield randomBytes(partBytes);
      yield randomBytes(partBytes);
      throw new Error("the line broke");
    };
    await assert.rejects(fixture.blobs.put("default", breaking()), /the line broke/);
    assert.deepEqual([...fixture.server.objects.keys()], []);
  });

  it("wait for an unavailable bucket, and lose nothing", async () => {
    await using fixture = await open();
    for (let count = 0; count < 3; count++) fixture.server.next.push(refused(503, "SlowDown"));
    const { sha256 } = await fixture.blobs.put("default", [Buffer.from("late")]);
    assert.equal((await fixture.blobs.find("default", sha256))?.size, 4);
  });

  it("report an unavailable bucket to a reader that can retry", async () => {
    const server = await startS3("blobs");
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const blobs = openS3Blobs(settingsOf(url), foundation);
    await assert.rejects(blobs.find("default", new Uint8Array(32)), { code: "blobs.store_away" });
  });

  it("report a wrong key or bucket at once", async () => {
    await using fixture = await open();
    const { url } = fixture.server;
    const wrong = async () => ({ accessKey, secretKey: "wrong", sessionToken: "" });
    const refusal = { code: "blobs.store_refused" };
    for (const more of [{ credentials: wrong }, { bucket: "nope" }]) {
      const blobs = openS3Blobs(settingsOf(url, more), foundation);
      await assert.rejects(blobs.put("default", [Buffer.from("x")]), refusal);
    }
  });

  it("survive a sweep if another process stores them again meanwhile", async () => {
    await using fixture = await open();
    const { blobs, time } = fixture;
    const others = await fixture.crash();
    const { sha256 } = await blobs.put("default", [Buffer.from("again")]);
    await time.advance(10);
    const slice = sha256[0] ?? 0;
    const sweep = { beforeMs: time.now(), isReferenced: async () => [] };
    await Promise.all([blobs.sweep(slice, sweep), others.put("default", [Buffer.from("again")])]);
    const parts: Uint8Array[] = [];
    for await (const part of others.read("default", sha256)) parts.push(part);
    assert.equal(Buffer.concat(parts).toString(), "again");
  });
});
