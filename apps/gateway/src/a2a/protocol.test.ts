import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  A2aError,
  integerIn,
  jsonNames,
  messageIn,
  requireOutputModes,
  requireVersion,
  rpcIdIn,
  rpcRequestIn,
} from "./protocol.ts";

const codeOf = (work: () => unknown): number => {
  try {
    work();
  } catch (error) {
    if (error instanceof A2aError) return error.code;
    throw error;
  }
  return 0;
};

const rpc = (fields: Readonly<Record<string, unknown>> = {}) => ({
  ...{ jsonrpc: "2.0", id: 7, method: "GetTask", params: { id: "t" } },
  ...fields,
});

describe("a request of JSON-RPC", () => {
  it("has a method, parameters and an id", () => {
    assert.deepEqual(rpcRequestIn(rpc()), { method: "GetTask", params: { id: "t" } });
    assert.deepEqual(rpcRequestIn(rpc({ params: undefined })), { method: "GetTask", params: {} });
    assert.equal(rpcIdIn(rpc()), 7);
    assert.equal(rpcIdIn(rpc({ id: {} })), null);
  });

  for (const [scenario, body, code] of [
    ["a batch", [rpc()], -32_600],
    ["nothing", undefined, -32_600],
    ["another version", rpc({ jsonrpc: "1.0" }), -32_600],
    ["no method", rpc({ method: undefined }), -32_600],
    ["an id that is an object", rpc({ id: { bad: 1 } }), -32_600],
    ["an id that is too long", rpc({ id: "x".repeat(257) }), -32_600],
    ["parameters that are a list", rpc({ params: [] }), -32_602],
  ] as const)
    it(`with ${scenario} is refused with ${code}`, () =>
      assert.equal(
        codeOf(() => rpcRequestIn(body)),
        code,
      ));
});

const message = (fields: Readonly<Record<string, unknown>> = {}) => ({
  message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "x" }], ...fields },
});

describe("a message", () => {
  it("has parts of text and data, and the metadata of its request", () => {
    const parts = [{ text: "x" }, { data: { a: 1 }, mediaType: "application/json" }];
    const read = messageIn({
      ...message({ parts, metadata: { skillId: "b" } }),
      metadata: { skillId: "a", x: 1 },
    });
    assert.deepEqual(read.parts, [{ text: "x" }, { data: { a: 1 } }]);
    assert.deepEqual(read.metadata, { skillId: "b", x: 1 });
    assert.deepEqual([read.messageId, read.taskId, read.contextId], ["m", "", ""]);
  });

  for (const [scenario, params, code] of [
    ["none", {}, -32_602],
    ["no id", message({ messageId: undefined }), -32_602],
    ["an id that is too long", message({ messageId: "x".repeat(201) }), -32_602],
    ["the role of an agent", message({ role: "ROLE_AGENT" }), -32_602],
    ["no parts", message({ parts: [] }), -32_602],
    ["too many parts", message({ parts: Array.from({ length: 101 }, () => ({ text: "x" })) }), -32_602],
    ["a part that is nothing", message({ parts: [{}] }), -32_602],
    ["a file by its address", message({ parts: [{ url: "https://example.com/x" }] }), -32_005],
    ["a file with its bytes", message({ parts: [{ raw: "eA==" }] }), -32_005],
  ] as const)
    it(`with ${scenario} is refused with ${code}`, () =>
      assert.equal(
        codeOf(() => messageIn(params)),
        code,
      ));
});

it("versions: 1.0 with any patch, or none", () => {
  for (const known of [undefined, "", "1.0", "1.0.1"])
    assert.equal(
      codeOf(() => requireVersion(known)),
      0,
    );
  for (const other of ["0.3", "1.1", "2.0", "x"])
    assert.equal(
      codeOf(() => requireVersion(other)),
      -32_009,
    );
});

it("media types of the output: an available one, or any", () => {
  for (const modes of [undefined, [], ["text/plain"], ["image/png", "application/json"], ["*/*"], ["text/*"]])
    assert.equal(
      codeOf(() => requireOutputModes(modes)),
      0,
    );
  assert.equal(
    codeOf(() => requireOutputModes(["image/png"])),
    -32_005,
  );
  assert.equal(
    codeOf(() => requireOutputModes("text/plain")),
    -32_602,
  );
});

it("whole numbers, also as the text of a query", () => {
  assert.equal(integerIn({ a: "12" }, "a", 0, 100), 12);
  assert.equal(integerIn({}, "a", 0, 100), undefined);
  for (const wrong of ["-1", -1, 101, 1.5, "x", "1e1", null])
    assert.equal(
      codeOf(() => integerIn({ a: wrong }, "a", 0, 100)),
      -32_602,
      String(wrong),
    );
});

it("accepts field names as the .proto file spells them", () => {
  const input = { task_id: "t", id: "c", page_size: 2, pageSize: 3 };
  assert.deepEqual(jsonNames(input), { taskId: "t", id: "c", page_size: 2, pageSize: 3 });
});
