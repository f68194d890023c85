import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  blobService,
  GetRequest,
  type PutHeader,
  type PutRequest,
  StatRequest,
} from "@tutti/contracts/blob/v1";
import { fromTimestamp } from "@tutti/kernel";
import { BankProcess, createFolder, type Folder } from "./storage.fixture.ts";

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();
const header = (fields: Partial<PutHeader> = {}, namespace = ""): PutRequest => ({
  namespace,
  part: { $case: "header", value: { sha256: new Uint8Array(0), size: undefined, ...fields } },
});
const chunk = (text: string): PutRequest => ({
  namespace: "",
  part: { $case: "chunk", value: Buffer.from(text) },
});

async function* stream(...requests: readonly PutRequest[]): AsyncGenerator<PutRequest> {
  yield* requests;
}

for (const transport of ["in-process", "grpc"] as const) {
  describe(`blobs of a process (${transport})`, () => {
    let folder: Folder;
    let bank: BankProcess;
    const start = () =>
      BankProcess.start(folder.path, [`--mesh.transport=${transport}`, "--durable.blobs.bytesMax=3000000"]);
    before(async () => {
      folder = await createFolder();
      bank = await start();
    });
    after(async () => {
      await bank.host.stop();
      await folder?.[Symbol.asyncDispose]();
    });

    const client = () => bank.host.mesh.client(blobService);
    const read = async (sha256: Uint8Array, range: Partial<GetRequest> = {}) => {
      let size: number | undefined;
      const chunks: Uint8Array[] = [];
      for await (const reply of client().get(GetRequest.fromPartial({ sha256, ...range }))) {
        size ??= reply.size;
        assert.ok(reply.chunk.length <= 1_048_576);
        chunks.push(Uint8Array.from(reply.chunk));
      }
      return { size, text: Buffer.concat(chunks).toString() };
    };
    const stored = async (...texts: readonly string[]): Promise<string[]> => {
      const request = StatRequest.fromPartial({ sha256: texts.map(hashOf) });
      const { blobs } = await client().stat(request);
      return blobs.map(
        ({ blob }) => texts.find((text) => hashOf(text).equals(blob?.sha256 ?? hashOf(""))) ?? "?",
      );
    };

    it("are written and read in chunks, whole or by range, and survive a restart", async () => {
      const large = "0123456789".repeat(150_000);
      const chunks = [large.slice(0, 1_000_000), large.slice(1_000_000)].map(chunk);
      const declared = { sha256: hashOf(large), size: large.length };
      const { blob } = await client().put(stream(header(declared), ...chunks));
      assert.deepEqual([Buffer.from(blob?.sha256 ?? []), blob?.size], [hashOf(large), large.length]);
      assert.deepEqual(await read(declared.sha256), { size: large.length, text: large });
      const range = { offset: 262_143, length: 262_146 };
      assert.deepEqual(await read(declared.sha256, range), {
        size: large.length,
        text: large.slice(range.offset, range.offset + range.length),
      });
      assert.deepEqual(await read(declared.sha256, { offset: large.length - 3 }), {
        size: large.length,
        text: "789",
      });
      assert.deepEqual(await read(declared.sha256, { offset: large.length }), {
        size: large.length,
        text: "",
      });
      await bank.host.stop();
      bank = await start();
      assert.deepEqual(await read(declared.sha256), { size: large.length, text: large });
    });

    it("may be empty", async () => {
      await client().put(stream(header({ size: 0 })));
      assert.deepEqual(await read(hashOf("")), { size: 0, text: "" });
    });

    it("are described in the order of the request with their put time, without absent ones", async () => {
      const beforeMs = Date.parse("2026-01-01T00:00:00Z");
      for (const text of ["one", "two", "one"]) await client().put(stream(header(), chunk(text)));
      assert.deepEqual(await stored("two", "none", "one", "two"), ["two", "one", "two"]);
      const { blobs } = await client().stat(StatRequest.fromPartial({ sha256: [hashOf("one")] }));
      assert.ok(fromTimestamp(blobs[0]?.putTime ?? { seconds: 0, nanos: 0 }) > beforeMs);
    });

    const refusals: readonly [what: string, code: string, ...stream: readonly PutRequest[]][] = [
      [
        "content with another hash than said",
        "blobs.not_as_said",
        header({ sha256: hashOf("b") }),
        chunk("a"),
      ],
      ["less content than said", "blobs.not_as_said", header({ size: 5 }), chunk("a")],
      ["more content than said", "blobs.not_as_said", header({ size: 1 }), chunk("a"), chunk("b")],
      ["more than a blob may have, by its header", "blobs.too_large", header({ size: 3_000_001 })],
      [
        "more than a blob may have, as it comes",
        "blobs.too_large",
        header(),
        ...Array.from({ length: 4 }, () => chunk("x".repeat(1_000_000))),
      ],
      ["a chunk without a header", "blobs.disordered", chunk("a")],
      ["a second header", "blobs.disordered", header(), header()],
      ["nothing at all", "blobs.disordered"],
    ];
    for (const [label, code, ...requests] of refusals)
      it(`are rejected for ${label}, and leave no data`, async () => {
        await assert.rejects(client().put(stream(...requests)), { code });
        assert.deepEqual(await stored("a", "ab", "x".repeat(4_000_000)), []);
        assert.deepEqual(await readdir(join(folder.path, "blobs", "incoming")), []);
      });

    it("are not stored if their stream breaks", async () => {
      const broken = async function* (): AsyncGenerator<PutRequest> {
        yield header();
        yield chunk("begun");
        throw new Error("the caller has gone");
      };
      await assert.rejects(client().put(broken()));
      assert.deepEqual(await stored("begun"), []);
    });

    it("are of their namespace alone", async () => {
      await client().put(stream(header({}, "acme"), chunk("secret")));
      await assert.rejects(read(hashOf("secret")), { code: "blobs.missing" });
      assert.equal((await read(hashOf("secret"), { namespace: "acme" })).text, "secret");
      assert.deepEqual(await stored("secret"), []);
    });

    it("are refused behind their end, and when they are damaged", async () => {
      await client().put(stream(header(), chunk("whole")));
      await assert.rejects(read(hashOf("whole"), { offset: 6 }), { code: "blobs.outside" });
      const name = Buffer.from(hashOf("whole")).toString("hex");
      const file = await open(
        join(folder.path, "blobs", "content", name.slice(0, 2), `${name}.default`),
        "r+",
      );
      await file.write("W", 0);
      await file.close();
      for (const range of [{}, { offset: 3, length: 1 }])
        await assert.rejects(read(hashOf("whole"), range), { code: "blobs.damaged" });
    });
  });
}
