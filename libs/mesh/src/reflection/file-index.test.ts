import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileDescriptorSet } from "@tutti/contracts/descriptors";
import { describedCodec } from "../described/codec.ts";
import { fileDescriptor } from "../described/descriptor.ts";
import { healthFile } from "../health/health-contract.ts";
import { FileIndex } from "./file-index.ts";
import { type ReflectionReply, type ReflectionRequest, reflectionFile } from "./reflection-contract.ts";

const index = new FileIndex();
index.addSet(fileDescriptorSet());
index.add(fileDescriptor(healthFile));

describe("the index of descriptors", () => {
  const symbols: readonly (readonly [string, string | undefined])[] = [
    ["tutti.registry.v1.RegistryService", "tutti/registry/v1/registry.proto"],
    ["tutti.registry.v1.RegistryService.Register", "tutti/registry/v1/registry.proto"],
    [".tutti.registry.v1.Instance", "tutti/registry/v1/registry.proto"],
    ["tutti.registry.v1.Instance.address", "tutti/registry/v1/registry.proto"],
    ["tutti.registry.v1.HealthState", "tutti/registry/v1/registry.proto"],
    ["tutti.types.v1.rpc", "tutti/types/v1/options.proto"],
    ["grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"],
    ["tutti.nothing", undefined],
  ];
  for (const [symbol, file] of symbols) {
    it(`finds ${symbol} in ${file ?? "no file"}`, () => assert.equal(index.fileOfSymbol(symbol), file));
  }

  it("returns a file with all its imports, itself first and without duplicates", () => {
    const files = index.withImports("tutti/registry/v1/registry.proto") ?? [];
    const names = files.map(
      (bytes) => describedCodec<{ name: string }>(fileNames, "File").decode(bytes).name,
    );
    assert.equal(names[0], "tutti/registry/v1/registry.proto");
    assert.ok(names.includes("google/protobuf/descriptor.proto"));
    assert.equal(new Set(names).size, names.length);
    assert.equal(index.withImports("nothing.proto"), undefined);
  });

  it("knows extensions", () => {
    assert.deepEqual(index.extensionsOf("google.protobuf.MethodOptions"), [50_201]);
    assert.equal(
      index.fileOfExtension("google.protobuf.FieldOptions", 50_202),
      "tutti/types/v1/options.proto",
    );
    assert.deepEqual(index.extensionsOf("tutti.registry.v1.Instance"), []);
    assert.equal(index.extensionsOf("tutti.nothing"), undefined);
  });
});

const fileNames = {
  name: "names",
  package: "",
  messages: { File: [{ name: "name", number: 1, type: "string" }] },
  enums: {},
  services: {},
} as const;

describe("messages that are described by tables", () => {
  it("keep their values when encoded and decoded, also an empty choice", () => {
    const file = reflectionFile("v1");
    const requests = describedCodec<ReflectionRequest>(file, "ServerReflectionRequest");
    assert.deepEqual(requests.decode(requests.encode({ listServices: "" })), { listServices: "" });
    const nested: ReflectionRequest = {
      host: "h",
      fileContainingExtension: { containingType: "t", extensionNumber: 7 },
    };
    assert.deepEqual(requests.decode(requests.encode(nested)), nested);
    const replies = describedCodec<ReflectionReply>(file, "ServerReflectionResponse");
    const reply: ReflectionReply = {
      originalRequest: nested,
      listServicesResponse: { service: [{ name: "a" }, { name: "b" }] },
    };
    assert.deepEqual(replies.decode(replies.encode(reply)), reply);
  });
});
