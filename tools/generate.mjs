#!/usr/bin/env node
// Generates libs/contracts/src/generated from proto/, and checks proto/ itself.
//
//   node tools/generate.mjs                 generate
//   node tools/generate.mjs --lint          buf lint and our own rules
//   node tools/generate.mjs --format        write proto/ in buf's format
//   node tools/generate.mjs --format-check  fail if a file is not in buf's format
//   node tools/generate.mjs --breaking      compare with the committed image
//   node tools/generate.mjs --image         accept the present contracts: rewrite the image
//
// Every command exits 0 and prints one line. After an error it exits 1 and prints a line per problem:
// `file:line: problem, what to do`.

import { checkBreaking, checkFormat, format, lint, writeImage } from "./generate/checks.mjs";
import { generate } from "./generate/generate.mjs";
import { GenerationFailed } from "./generate/problems.mjs";

const commands = {
  "": generate,
  "--lint": lint,
  "--format": format,
  "--format-check": checkFormat,
  "--breaking": checkBreaking,
  "--image": writeImage,
};

const name = process.argv[2] ?? "";
const command = commands[name];
if (command === undefined || process.argv.length > 3) {
  console.error(
    `generate: expected one of ${Object.keys(commands).filter(Boolean).join(", ")} or nothing, got ${process.argv.slice(2).join(" ")}`,
  );
  process.exitCode = 2;
} else {
  try {
    console.log(`generate: ${await command()}`);
  } catch (error) {
    if (!(error instanceof GenerationFailed)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
