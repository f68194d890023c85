import assert from "node:assert/strict";
import type { Json } from "@tutti/expressions";
import { Findings } from "../src/problem.ts";
import { readSource } from "../src/source/source.ts";

/** Parses written text. It must be valid. */
export function readBack(text: string, format: "yaml" | "json"): Json | undefined {
  const findings = new Findings();
  const { value } = readSource({ format, text, fileName: "a" }, findings);
  assert.deepEqual(findings.list, []);
  return value;
}
