/** Values without a size limit, over gRPC and over HTTP only: as JSON, and as streamed files. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { durable, type FileReference, StoredFile, Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const mebibyte = 1_048_576;
const part = randomBytes(mebibyte);

function* parts(count: number): Generator<Uint8Array, void> {
  for (let index = 0; index < count; index++) yield part;
}

const definition = `
workflow: pass
tasks:
  make: {uses: big.make, with: "\${{ input }}"}
  take: {uses: big.take, with: "\${{ tasks.make.output }}"}
output: "\${{ tasks.take.output }}"
`;

describe("values that are too large for a message", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [
      `--platform.dataDirectory=${folder.path}`,
      `--durable.blobs.bytesMax=${16 * 1024 * mebibyte}`,
    ]);
    tutti = await connect({ address: platform.grpc });
    await tutti.workflows.register(definition);
  });
  after(async () => {
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  for (const kind of ["gRPC", "a WebSocket"])
    it(`pass from the client to a task, to the next task and back, over ${kind}`, async (t) => {
      const address = kind === "gRPC" ? platform.grpc : `${platform.http.replace("http", "ws")}/v1/link`;
      const worker = new Worker({ address });
      t.after(() => worker.stop());
      worker.handle("big.make", ({ text }: { readonly text: string }) => ({ text: text + text }));
      worker.handle("big.take", ({ text }: { readonly text: string }) => ({ text: text.toUpperCase() }));
      await worker.start();
      const text = "tutti ".repeat(500_000);
      const output = await tutti.execute<{ readonly text: string }>("pass", { input: { text } });
      assert.ok(output.text === (text + text).toUpperCase());
    });

  for (const kind of ["gRPC", "a WebSocket"])
    it(`are files if a task stores them, over ${kind}`, async (t) => {
      const address = kind === "gRPC" ? platform.grpc : `${platform.http.replace("http", "ws")}/v1/link`;
      const worker = new Worker({ address });
      t.after(() => worker.stop());
      const count = 40;
      worker.handle("big.make", (_, task) => task.store(() => parts(count), { mediaType: "video/mp4" }));
      worker.handle("big.take", async (film: StoredFile) => {
        assert.ok(film instanceof StoredFile);
        const hash = createHash("sha256");
        for await (const bytes of film.stream()) hash.update(bytes);
        return { size: film.size, mediaType: film.mediaType, isSame: hash.digest("hex") === film.sha256 };
      });
      await worker.start();
      const output = await tutti.execute("pass");
      assert.deepEqual(output, { size: count * mebibyte, mediaType: "video/mp4", isSame: true });
    });

  it("are references above 64 KiB if they are passed on, and values if a run reads them", async (t) => {
    const worker = new Worker({ address: platform.grpc });
    t.after(() => worker.stop());
    worker.handle("big.make", ({ text }: { readonly text: string }) => ({
      text: text + text,
      size: 2 * text.length,
    }));
    worker.handle("big.take", ({ text }: { readonly text: string }) => text.length);
    await worker.start();
    await tutti.workflows.register(`
workflow: handed
tasks:
  make: {uses: big.make, with: "\${{ input }}"}
  take: {uses: big.take, with: "\${{ tasks.make.output }}"}
output: "\${{ tasks.take.output }}"
`);
    await tutti.workflows.register(`
workflow: read
tasks:
  make: {uses: big.make, with: {text: "\${{ input.text }}"}}
  take:
    uses: big.take
    when: "\${{ tasks.make.output.size > 100000 }}"
    with: {text: "\${{ tasks.make.output.text }}"}
output: {length: "\${{ tasks.take.output }}", made: "\${{ tasks.make.output }}"}
`);
    const text = "tutti ".repeat(20_000);
    const handed = await tutti.run("handed", { input: { text } });
    assert.equal(await handed.result(), 2 * text.length);
    const read = await tutti.run("read", { input: { text } });
    const { length, made } = (await read.result()) as { length: number; made: { readonly text: string } };
    assert.deepEqual([length, made.text.length], [2 * text.length, 2 * text.length]);
    const taskOf = async ({ id }: { readonly id: string }) =>
      (await fetch(`${platform.http}/v1/runs/${id}/tasks/make`)).text();
    assert.match(await taskOf(handed), /"completed":\{"\$blob"/);
    assert.match(await taskOf(read), /"completed":\{"text"/);
  });

  it("are files within JSON, of a step of a durable function, for a task that opens them", async (t) => {
    const worker = new Worker({ address: platform.grpc, server: platform.http });
    t.after(() => worker.stop());
    worker.handle("big.take", async ({ film }: { readonly film: unknown }, task) => {
      const file = await task.content(film);
      assert.ok(file instanceof StoredFile);
      return { size: file.size, copy: await task.store(await file.bytes(), { mediaType: "video/mp4" }) };
    });
    worker.durable(
      durable("film", async (ctx) => {
        const film = await ctx.file("film", () => part, { mediaType: "video/mp4" });
        return await ctx.call<{ readonly size: number }>("big.take", { film, title: "Tutti" });
      }),
    );
    await worker.start();
    const run = await tutti.run("film");
    const { size, copy } = (await run.result()) as { readonly size: number; readonly copy: FileReference };
    const sha256 = createHash("sha256").update(part).digest("hex");
    assert.deepEqual([size, copy.$blob.sha256], [mebibyte, sha256]);
  });

  it("go through a durable function: of a task, of a step, and its own output", async (t) => {
    const worker = new Worker({ address: platform.grpc, server: platform.http });
    t.after(() => worker.stop());
    worker.handle("big.make", ({ count }: { readonly count: number }) => "x".repeat(count));
    worker.durable(
      durable(
        "large",
        async (ctx, { count, isLocal }: { readonly count: number; readonly isLocal: boolean }) => {
          if (isLocal) {
            const text = await ctx.run("local", () => "x".repeat(count));
            // The worker that continues must read the output of the step.
            await ctx.sleep("1ms");
            return { text, length: text.length };
          }
          const items = await ctx.call<string>("big.make", { count });
          return items.length;
        },
      ),
    );
    await worker.start();
    assert.equal(await tutti.execute("large", { input: { count: 3_000_000, isLocal: false } }), 3_000_000);
    const local = await tutti.run("large", { input: { count: 3_000_000, isLocal: true } });
    const { text, length } = (await local.result()) as { readonly text: string; readonly length: number };
    assert.deepEqual([text.length, length], [3_000_000, 3_000_000]);
    const history = await (await fetch(`${platform.http}/v1/runs/${local.id}/history`)).text();
    assert.ok(history.length < 100_000, "the journal has references");
  });

  it("are stored and read over REST", async () => {
    const content = Buffer.concat([...parts(3)]);
    const type = { "content-type": "application/octet-stream" };
    const upload = await fetch(`${platform.http}/v1/blobs`, { method: "POST", headers: type, body: content });
    assert.equal(upload.status, 201);
    const { blob } = (await upload.json()) as {
      readonly blob: { readonly sha256: string; readonly size: number };
    };
    assert.equal(blob.sha256, createHash("sha256").update(content).digest("hex"));
    const read = await fetch(`${platform.http}/v1/blobs/${blob.sha256}`);
    assert.ok(Buffer.from(await read.arrayBuffer()).equals(content));
    const range = await fetch(`${platform.http}/v1/blobs/${blob.sha256}`, {
      headers: { range: "bytes=5-9" },
    });
    assert.equal(range.status, 206);
    assert.equal(range.headers.get("content-range"), `bytes 5-9/${content.length}`);
    assert.ok(Buffer.from(await range.arrayBuffer()).equals(content.subarray(5, 10)));
    assert.equal((await fetch(`${platform.http}/v1/blobs/${"0".repeat(64)}`)).status, 404);
    for (const start of [content.length, content.length + 1]) {
      const beyond = await fetch(`${platform.http}/v1/blobs/${blob.sha256}`, {
        headers: { range: `bytes=${start}-` },
      });
      assert.deepEqual(
        [beyond.status, beyond.headers.get("content-range")],
        [416, `bytes */${content.length}`],
      );
    }
    const end = await fetch(`${platform.http}/v1/blobs/${blob.sha256}`, { headers: { range: "bytes=-5" } });
    assert.equal(end.status, 206);
    assert.ok(Buffer.from(await end.arrayBuffer()).equals(content.subarray(-5)));
    await fetch(`${platform.http}/v1/blobs`, { method: "POST", headers: type, body: "" });
    const empty = createHash("sha256").digest("hex");
    const all = await fetch(`${platform.http}/v1/blobs/${empty}`, { headers: { range: "bytes=0-" } });
    assert.deepEqual([all.status, all.headers.get("content-length")], [200, "0"]);
  });

  it("leave nothing on the disk after an aborted upload of 10 GiB", async () => {
    const incoming = join(folder.path, "blobs", "incoming");
    const bytesThere = async () => {
      const sizes = await Promise.all(
        (await readdir(incoming)).map(async (name) => (await stat(join(incoming, name))).size),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    const broken = requestHttp(`${platform.http}/v1/blobs`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream", "content-length": 10 * 1024 * mebibyte },
    });
    const ended = new Promise((resolve) => broken.on("error", resolve).on("close", resolve));
    for (let sent = 0; sent < 64; sent++) await new Promise((resolve) => broken.write(part, resolve));
    await until("a part is on the disk", async () =>
      (await bytesThere()) > 8 * mebibyte ? true : undefined,
    );
    broken.destroy();
    await ended;
    await until("it is removed", async () => ((await readdir(incoming)).length === 0 ? true : undefined));
  });
});
