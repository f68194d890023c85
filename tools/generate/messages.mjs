// Runs ts-proto over the image: the messages with their codecs.
import { spawnSync } from "node:child_process";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { tsProtoPlugin } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";

const options = [
  // The contracts know no transport: descriptions of our own take the place of ts-proto's services.
  "outputServices=none",
  "outputClientImpl=false",
  "importSuffix=.ts",
  // Whole messages can be given to fromPartial as they are; exact types would demand each property anew.
  "useExactTypes=false",
  "esModuleInterop=true",
  "enumsAsLiterals=true",
  "oneof=unions-value",
  // 64-bit integers are numbers; one that a number cannot hold fails the decoding instead of losing digits.
  "forceLong=number",
  "useDate=false",
  "useOptionals=none",
  "exportCommonSymbols=false",
  "annotateFilesWithVersion=false",
  "emitImportedFiles=false",
].join(",");

/** Not needed at run time: the rules are read here, and descriptor.proto is large. */
const leftOut = new Set(["google/protobuf/descriptor.proto", "tutti/types/v1/options.proto"]);

/** Files by path under `generated/`. */
export function messageModules(image) {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: image.set.file.map((file) => file.name).filter((name) => !leftOut.has(name)),
    parameter: options,
    protoFile: image.set.file,
  });
  const run = spawnSync(process.execPath, [tsProtoPlugin], {
    input: toBinary(CodeGeneratorRequestSchema, request),
    maxBuffer: 1 << 30,
  });
  if (run.status !== 0)
    throw new GenerationFailed(`ts-proto failed: ${run.error?.message ?? run.stderr.toString()}`);
  const response = fromBinary(CodeGeneratorResponseSchema, run.stdout);
  if (response.error) throw new GenerationFailed(`ts-proto failed: ${response.error}`);
  return new Map(response.file.map((file) => [file.name, latin1(file.content)]));
}

/** V8 keeps a source with any other character in twice the memory, and only comments have them. */
function latin1(text) {
  return text
    .replace(/[\u2010-\u2015]/g, "-")
    .replace(/\u2026/g, "...")
    .replace(/\u2264/g, "<=")
    .replace(/\u2265/g, ">=")
    .replace(/[\u0100-\uffff]/g, "?");
}
