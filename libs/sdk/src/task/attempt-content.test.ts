import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BlobReference } from "@tutti/contracts/types/v1";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { type BlobAccess, BlobRefused } from "../link/blobs.ts";
import { Attempt } from "./attempt.ts";
import { AttemptContent } from "./attempt-content.ts";

const reference: BlobReference = { sha256: new Uint8Array(32), size: 2 };

/** A store whose disk is full for some calls. */
function onDisk(failures: readonly Error[]) {
  const rest = [...failures];
  const messages: string[] = [];
  const time = new VirtualTime();
  const blobs: BlobAccess = {
    async *read() {
      const failure = rest.shift();
      if (failure !== undefined) throw failure;
      yield Buffer.from("ok");
    },
    async write() {
      const failure = rest.shift();
      if (failure !== undefined) throw failure;
      return reference;
    },
  };
  const port = {
    namespace: "shop",
    nowMs: () => 0,
    progressed: ({ pendingProgress }: Attempt) => messages.push(pendingProgress?.message ?? ""),
  };
  const attempt = new Attempt(
    "a",
    { namespace: "", workId: "r", taskId: "t" } as Attempt["assign"],
    { name: "scan", version: "" },
    port as unknown as Attempt["port"],
    0,
  );
  const content = new AttemptContent({
    ...{ namespace: "shop", timers: time, logger: recordingLogger() },
    blobs: () => blobs,
  });
  return { attempt, content, messages, time };
}

const full = new Error("the disk is full or faulty (ENOSPC)");
const parts = () => [][Symbol.iterator]() as unknown as AsyncIterable<Uint8Array>;

describe("content of an attempt on a full disk", () => {
  it("is stored as soon as there is space, and the progress of the attempt has the reason meanwhile", async () => {
    const { attempt, content, messages, time } = onDisk([full, full]);
    attempt.pendingProgress = { saved: Buffer.from("7"), fraction: 0.5, message: "half" };
    const stored = content.store(attempt, parts, "text/plain");
    await time.flush();
    const reason = "content cannot be stored, trying again: the disk is full or faulty (ENOSPC)";
    assert.deepEqual(messages, [reason]);
    // State that the handler saved at the same moment is kept.
    assert.deepEqual(attempt.pendingProgress, {
      saved: Buffer.from("7"),
      fraction: 0.5,
      message: reason,
    });
    await time.advanceAsync(1_000);
    await stored;
    assert.deepEqual(messages, [reason, reason, "content is stored"]);
  });

  it("is read as soon as that is possible, with the reason meanwhile", async () => {
    const { attempt, content, messages, time } = onDisk([full]);
    const text = content.file(attempt, reference, "text/plain").text();
    await time.flush();
    await time.advanceAsync(1_000);
    assert.equal(await text, "ok");
    assert.deepEqual(messages, [
      "content cannot be read, trying again: the disk is full or faulty (ENOSPC)",
      "content can be read again",
    ]);
  });

  it("reports nothing if the store answers, or refuses the content for good", async () => {
    const { attempt, content, messages } = onDisk([]);
    await content.store(attempt, parts, "text/plain");
    const refusing = onDisk([new BlobRefused("too large")]);
    await assert.rejects(refusing.content.store(refusing.attempt, parts, "text/plain"), /too large/);
    assert.deepEqual([...messages, ...refusing.messages], []);
  });
});
