// Runs ts-proto over the image: the messages with their codecs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { buffer, text } from "node:stream/consumers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { tsProtoPackage, tsProtoPlugin } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";
import { hash } from "./reuse.mjs";

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

/**
 * Files by path under `generated/`. What was made from the same sources before is taken again; for the rest the plugin
 * runs once per core, each time over a share of the files.
 */
export async function messageModules(image, reuse) {
  const files = new Map();
  const keyOf = keysOf(image.set);
  const toMake = [];
  for (const file of image.set.file.filter((one) => !leftOut.has(one.name))) {
    const path = file.name.replace(/\.proto$/, ".ts");
    const content = reuse.take(path, keyOf(file));
    if (content === undefined) toMake.push(file);
    else files.set(path, content);
  }
  const shares = shareOut(toMake, Math.min(availableParallelism(), 4));
  const made = await Promise.all(shares.map((share) => runPlugin(share, image.set.file)));
  const sources = new Map(toMake.map((file) => [file.name.replace(/\.proto$/, ".ts"), file]));
  for (const { name, content } of made.flat()) {
    files.set(name, latin1(content));
    reuse.keep(name, keyOf(sources.get(name)), files.get(name));
  }
  return files;
}

/** Gives for a file a hash of everything its code is made from: itself, what it imports, and how it is made. */
function keysOf(set) {
  const how = hash(readFileSync(tsProtoPackage), readFileSync(new URL(import.meta.url)));
  const byName = new Map(set.file.map((file) => [file.name, file]));
  const shapes = new Map();
  const shapeOf = (file) => {
    if (!shapes.has(file.name)) {
      const bytes = toBinary(FileDescriptorProtoSchema, { ...file, sourceCodeInfo: undefined });
      shapes.set(file.name, hash(bytes, ...file.dependency.map((name) => shapeOf(byName.get(name)))));
    }
    return shapes.get(file.name);
  };
  return (file) => hash(how, shapeOf(file), toBinary(FileDescriptorProtoSchema, file));
}

/** Shares of about the same size: the largest file goes to whom has least so far. */
function shareOut(files, count) {
  const shares = Array.from({ length: count }, () => ({ size: 0, files: [] }));
  const sized = files.map((file) => ({ file, size: file.sourceCodeInfo?.location.length ?? 1 }));
  for (const { file, size } of sized.sort((a, b) => b.size - a.size)) {
    const share = shares.reduce((least, one) => (one.size < least.size ? one : least));
    share.files.push(file);
    share.size += size;
  }
  return shares.map((share) => share.files).filter((share) => share.length > 0);
}

async function runPlugin(files, all) {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: files.map((file) => file.name),
    parameter: options,
    protoFile: all,
  });
  const plugin = spawn(process.execPath, [tsProtoPlugin], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(plugin, "close");
  plugin.stdin.end(toBinary(CodeGeneratorRequestSchema, request));
  const [output, said] = await Promise.all([buffer(plugin.stdout), text(plugin.stderr)]);
  const [code, signal] = await ended;
  if (code !== 0) throw new GenerationFailed(`ts-proto ended with ${code ?? signal}: ${said}`);
  const response = fromBinary(CodeGeneratorResponseSchema, output);
  if (response.error) throw new GenerationFailed(`ts-proto failed: ${response.error}`);
  return response.file;
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
