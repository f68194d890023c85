/** Large content in a bucket instead of the data directory, including while the bucket is unavailable. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { latch } from "@tutti/kernel/testing";
import { type StoredFile, Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { accessKey, secretKey, startS3 } from "../../../tools/s3.mjs";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const definition = `
workflow: pass
tasks:
  make: {uses: big.make}
  take: {uses: big.take, with: "\${{ tasks.make.output }}"}
output: "\${{ tasks.take.output }}"
`;

describe("large content in a bucket", () => {
  let folder: Folder;
  let s3: Awaited<ReturnType<typeof startS3>>;
  let platform: Service;
  let tutti: Tutti;

  before(async () => {
    folder = await makeFolder();
    s3 = await startS3("content");
    await writeFile(join(folder.path, "key"), accessKey);
    await writeFile(join(folder.path, "secret"), secretKey);
    platform = await start("platform", [
      `--platform.dataDirectory=${join(folder.path, "data")}`,
      `--durable.blobs.s3.url=${s3.url}`,
      "--durable.blobs.s3.bucket=content",
      `--durable.blobs.s3.accessKey=file:${join(folder.path, "key")}`,
      `--durable.blobs.s3.secretKey=file:${join(folder.path, "secret")}`,
    ]);
    tutti = await connect({ address: platform.grpc });
    await tutti.workflows.register(definition);
  });
  after(async () => {
    await tutti?.close();
    await platform?.stop();
    await s3?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it("is there for the next task, and waits while the bucket is away", async (t) => {
    const content = randomBytes(9_000_000);
    const started = latch();
    const isBucketDown = latch();
    const worker = new Worker({ address: platform.grpc });
    t.after(() => worker.stop());
    worker.handle("big.make", async (_, task) => {
      started.open();
      await isBucketDown.opened;
      return task.store(content);
    });
    worker.handle("big.take", async (file: StoredFile) => Buffer.from(await file.bytes()).equals(content));
    await worker.start();
    const run = await tutti.run("pass");
    await started.opened;
    const { port, objects } = s3;
    await s3[Symbol.asyncDispose]();
    // Replaces the bucket: it receives requests and does not answer.
    const requested = latch();
    const deaf = createServer((socket) => {
      socket.destroy();
      requested.open();
    });
    await new Promise<void>((resolve) => deaf.listen(port, "127.0.0.1", resolve));
    isBucketDown.open();
    await requested.opened;
    await new Promise((resolve) => deaf.close(resolve));
    s3 = await startS3("content", { port, objects });
    assert.equal(await run.result(), true);
    const parts = [...objects.keys()].filter((name) => name.startsWith("parts."));
    assert.ok(parts.length >= 3, `${parts.length} parts`);
  });
});
