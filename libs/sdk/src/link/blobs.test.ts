import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { blobsAt, isFinal, readAll, readPatiently } from "./blobs.ts";

const content = Buffer.from("abcdef");
const sha256 = createHash("sha256").update(content).digest();
const blob = { namespace: "default", sha256, bytes: content.length };

describe("content of the blob store", () => {
  it("is read once although the store breaks off in between", async () => {
    let reads = 0;
    const pauses: number[] = [];
    const read = async function* () {
      reads++;
      if (reads === 2) throw new Error("away");
      yield content.subarray(0, reads === 1 ? 2 : 4);
      if (reads < 4) throw new Error("away");
      yield content.subarray(4);
    };
    const bytes = await readAll(readPatiently(read, async (_, failures) => void pauses.push(failures)));
    assert.equal(Buffer.from(bytes).toString(), "abcdef");
    assert.deepEqual(pauses, [0, 1, 0]);
  });

  const problem = (status: number, code: string) =>
    Response.json({ code, detail: "It is away." }, { status });
  const broken = () =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError("terminated")) }));
  for (const [title, answers, expected, final] of [
    ["gone", [problem(404, "blobs.missing")], /cannot be read: it is not in the blob store\. Restore/, true],
    ["damaged", [problem(500, "blobs.damaged")], /cannot be read: its content is damaged/, true],
    ["damaged, and more than one part", [broken(), problem(500, "blobs.damaged")], /is damaged/, true],
    ["whole, and the connection broke", [broken(), new Response("f")], /terminated/, false],
    ["in a store that is away", [problem(503, "mesh.unavailable")], /answers with 503: It is away/, false],
    ["another than its hash says", [new Response("abcdeg")], /6 bytes that do not have its hash/, true],
  ] as const)
    it(`over HTTP: ${title}`, async (t) => {
      const remaining = [...answers];
      t.mock.method(globalThis, "fetch", async () => remaining.shift());
      const reading = readAll(blobsAt("http://127.0.0.1", () => ({})).read(blob));
      const error = await reading.then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      assert.match(String(error), expected);
      assert.equal(isFinal(error), final);
      assert.equal(remaining.length, 0);
    });
});
