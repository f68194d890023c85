import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { s3Adapter, s3Source } from "@tutti/sdk/adapters";
import { accessKey, refused, secretKey, startS3 } from "../../../../../tools/s3.mjs";
import { Busy } from "../../task/failure.ts";
import { describePlace, failsWith, Task } from "./files.fixture.ts";

describe("a bucket of S3", () => {
  let server: Awaited<ReturnType<typeof startS3>>;
  const secrets = new Map([
    ["env:ACCESS", accessKey],
    ["env:SECRET", secretKey],
    ["env:WRONG", "sesame-wrong"],
  ]);
  const secret = (reference: string) => secrets.get(reference) ?? "";
  before(async () => {
    server = await startS3("orders", { pageSize: 7 });
  });
  after(() => server?.[Symbol.asyncDispose]());
  const base = () => ({
    ...{ url: server.url, bucket: "orders", prefix: "shop", timeoutMs: 10_000 },
    ...{ accessKey: "env:ACCESS" as const, secretKey: "env:SECRET" as const },
  });
  const adapterOf = (more: object = {}) => s3Adapter({ name: "shop", ...base(), ...more });

  describePlace(() => ({
    adapter: adapterOf,
    source: (options) => s3Source({ ...options, ...base() }),
    secret,
    put: async (path, text) => {
      server.objects.set(`shop/${path}`, { bytes: Buffer.from(text, "latin1"), atMs: Date.now() });
    },
  }));

  it("lists all pages and names that need encoding, and no object of another prefix", async () => {
    const adapter = adapterOf();
    const names = Array.from(
      { length: 30 },
      (_, number) => `many/${String(number).padStart(2, "0")} +&%ü(1)`,
    );
    for (const path of names) await adapter.operations["write"]?.call({ path, text: "" }, new Task(secret));
    server.objects.set("shopping/many/x", { bytes: Buffer.of(), atMs: 0 });
    server.objects.set("shop/many/folder/", { bytes: Buffer.of(), atMs: 0 });
    const all = (await adapter.operations["list"]?.call({ folder: "many" }, new Task(secret))) as {
      path: string;
    }[];
    assert.deepEqual(
      all.map(({ path }) => path),
      names,
    );
    adapter.close?.();
  });

  const check = async (more: object = {}) => {
    const adapter = adapterOf(more);
    await adapter.check(new Task(secret)).finally(() => adapter.close?.());
  };

  it("reports why it does not work, without the key", async () => {
    await check();
    await failsWith(check({ secretKey: "env:WRONG" }), "adapter.not_signed_in");
    await failsWith(check({ accessKey: "env:WRONG" }), "adapter.not_signed_in");
    assert.match(
      await failsWith(check({ bucket: "gone" }), "adapter.refused"),
      /Correct `bucket` of the adapter/,
    );
    await failsWith(check({ url: "http://127.0.0.1:1" }), "adapter.unreachable");
    await failsWith(check({ url: "http://169.254.169.254" }), "adapter.address_refused");
    assert.throws(() => adapterOf({ url: "ftp://host" }), /expected an HTTP address/);
    assert.throws(() => adapterOf({ bucket: "a/b" }), /is no name of a bucket/);
    assert.throws(() => adapterOf({ secretKey: "sesame" }), /expected a reference/);
  });

  const move = async () => {
    const adapter = adapterOf();
    await adapter.operations["move"]
      ?.call({ path: "a", to: "b" }, new Task(secret))
      .finally(() => adapter.close?.());
  };

  it("has tasks wait in the queue while the server is busy", async () => {
    server.next.push({ ...refused(503, "SlowDown"), headers: { "retry-after": "7" } });
    await assert.rejects(move(), (error) => error instanceof Busy && error.retryAfterMs === 7_000);
  });

  it("fails a copy with the code for the server's error, also if the error is inside of a 200 answer", async () => {
    for (const [answer, code] of [
      [refused(500, "InternalError"), "adapter.failed"],
      [refused(200, "InternalError"), "adapter.failed"],
      [refused(403, "RequestTimeTooSkewed"), "adapter.not_signed_in"],
      [refused(403, "AccessDenied"), "adapter.refused"],
      [refused(404, "NoSuchBucket"), "adapter.refused"],
    ] as const) {
      server.next.push(answer);
      assert.match(await failsWith(move(), code), /later & again/);
    }
  });
});
