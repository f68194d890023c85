import type { Json } from "@tutti/expressions";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Findings, Path } from "../problem.ts";
import { partAt, SchemaValidator } from "./schema-validator.ts";
import { isMembers } from "./shape-checker.ts";
import type { Steps } from "./steps.ts";

/** JSON Schemas of users: validates schemas, and values against them. */

let instance: Ajv2020 | undefined;

/** Created for the first schema: most of the cost is the meta-schema. */
function ajv(): Ajv2020 {
  instance ??= new Ajv2020({
    strict: false,
    allErrors: true,
    addUsedSchema: false,
    validateFormats: false,
    logger: false,
  });
  return instance;
}

const partsMax = 20_000;

/** Reports the problems of a schema itself. */
export function checkSchema(schema: Json, path: Path, findings: Findings): void {
  if (!isMembers(schema)) return;
  if (partsOf(schema) > partsMax) {
    findings.error("too_large", path, `expected a schema of at most ${partsMax} parts, got a larger one`);
    return;
  }
  checkReferences(schema, path, findings);
  // Other tools may use dialects that are unknown here.
  const { $schema: _dialect, ...rest } = schema;
  if (ajv().validateSchema(rest) === true) return;
  const reportedPaths = new Set<string>();
  for (const { instancePath, message = "is wrong" } of ajv().errors ?? []) {
    if (reportedPaths.has(instancePath)) continue;
    reportedPaths.add(instancePath);
    const place = [...path, ...pathOf(instancePath)];
    findings.error(
      "wrong_schema",
      place,
      `this is no JSON Schema: ${labelOf(instancePath, path)} ${message}`,
      { expected: "JSON Schema of 2020-12" },
    );
  }
}

/** Keys whose values are data, in which `$ref` is a name like any other. */
const dataKeys = new Set(["const", "enum", "default", "examples"]);
const referenceKeys = ["$ref", "$dynamicRef"];

/** A reference must lead to a part of the same schema: nothing is fetched from a network or a disk. */
function checkReferences(root: Json, path: Path, findings: Findings): void {
  const open: { readonly schema: Json; readonly at: Path }[] = [{ schema: root, at: path }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { schema, at } = next;
    if (typeof schema !== "object" || schema === null) continue;
    for (const key of isMembers(schema) ? referenceKeys : []) {
      const reference = isMembers(schema) ? schema[key] : undefined;
      if (typeof reference !== "string" || reference === "#") continue;
      const shortened = reference.length > 60 ? `${reference.slice(0, 60)}…` : reference;
      if (!reference.startsWith("#/")) {
        const message = `\`${shortened}\` is outside of this schema, and is not fetched; copy that schema under \`$defs\``;
        findings.error("wrong_schema", [...at, key], message, { expected: "`#/$defs/NAME`" });
      } else if (partAt(root, reference) === undefined) {
        const message = `this schema has no part \`${shortened}\``;
        findings.error("wrong_schema", [...at, key], message, { expected: "a part that is there" });
      }
    }
    for (const [key, inner] of Object.entries(schema as { readonly [key: string]: Json })) {
      if (isMembers(schema) && dataKeys.has(key) && !isNames(at)) continue;
      open.push({ schema: inner, at: [...at, Array.isArray(schema) ? Number(key) : key] });
    }
  }
}

/** Returns whether the keys at a path are names of the author, such as those of properties. */
function isNames(path: Path): boolean {
  return ["properties", "patternProperties", "$defs", "dependentSchemas"].includes(String(path.at(-1)));
}

function partsOf(value: Json): number {
  const open: Json[] = [value];
  let parts = 0;
  for (let next = open.pop(); next !== undefined && parts <= partsMax; next = open.pop()) {
    parts += 1;
    if (typeof next === "object" && next !== null) for (const inner of Object.values(next)) open.push(inner);
  }
  return parts;
}

function labelOf(instancePath: string, path: Path): string {
  return `\`${instancePath.split("/").at(-1) || String(path.at(-1) ?? "schema")}\``;
}

function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** Returns a value with the defaults of its schema filled in. Undefined if it does not satisfy the schema. */
export function satisfying(
  value: Json,
  schema: Json,
  path: Path,
  { findings, steps }: { readonly findings: Findings; readonly steps: Steps },
): Json | undefined {
  const validator = new SchemaValidator(schema, steps);
  const filled = validator.validate(value);
  for (const violation of validator.violations) {
    const subject = violation.path.length === 0 ? "parameters" : `\`${violation.path.join(".")}\``;
    findings.error("wrong_parameters", [...path, ...violation.path], `${subject} ${violation.message}`);
  }
  return validator.violations.length === 0 ? filled : undefined;
}
