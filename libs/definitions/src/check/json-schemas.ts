import type { Json } from "@tutti/expressions";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Findings, Path } from "../problem.ts";
import { isMembers, shown } from "./shape-checker.ts";

/** JSON Schemas that users write: whether they are ones, and whether values satisfy them. */

let made: Ajv2020 | undefined;

/** Made when the first schema is met: most of what it needs is the schema of schemas. */
function ajv(): Ajv2020 {
  made ??= new Ajv2020({
    strict: false,
    allErrors: true,
    addUsedSchema: false,
    validateFormats: false,
    logger: false,
  });
  return made;
}

/** Tells what is wrong with a schema itself. */
export function checkSchema(schema: Json, path: Path, findings: Findings): void {
  if (!isMembers(schema)) return;
  // Others may name dialects that are not known here; what they mean is theirs.
  const { $schema: _dialect, ...rest } = schema;
  if (ajv().validateSchema(rest) === true) return;
  const seen = new Set<string>();
  for (const { instancePath, message = "is wrong" } of ajv().errors ?? []) {
    if (seen.has(instancePath)) continue;
    seen.add(instancePath);
    const place = [...path, ...pathOf(instancePath)];
    findings.error(
      "wrong_schema",
      place,
      `this is no JSON Schema: ${wordOf(instancePath, path)} ${message}`,
      { expected: "JSON Schema of 2020-12" },
    );
  }
}

function wordOf(instancePath: string, path: Path): string {
  return `\`${instancePath.split("/").at(-1) || String(path.at(-1) ?? "schema")}\``;
}

function pathOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** A value with the defaults of its schema filled in; undefined when it does not satisfy the schema. */
export function satisfying(value: Json, schema: Json, path: Path, findings: Findings): Json | undefined {
  const copy: unknown = structuredClone(value);
  let validate: ValidateFunction;
  try {
    const filling = new Ajv2020({
      strict: false,
      allErrors: true,
      useDefaults: true,
      addUsedSchema: false,
      validateFormats: false,
      logger: false,
    });
    validate = filling.compile(
      isMembers(schema) ? withoutDialect(schema) : schema === true ? {} : { not: {} },
    );
  } catch {
    // What is wrong with the schema has been told where it stands.
    return undefined;
  }
  if (validate(copy)) return copy as Json;
  for (const error of validate.errors ?? []) tell(error, value, path, findings);
  return undefined;
}

function withoutDialect(schema: { readonly [key: string]: Json }): Record<string, Json> {
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  return rest;
}

function tell(
  { instancePath, message = "is wrong", keyword, params }: ErrorObject,
  value: Json,
  path: Path,
  findings: Findings,
): void {
  const inner = pathOf(instancePath);
  let found: Json = value;
  for (const part of inner)
    found = (isMembers(found) || Array.isArray(found) ? (found as never)[part] : null) ?? null;
  const extra =
    keyword === "additionalProperties"
      ? ` \`${String(params["additionalProperty"])}\``
      : keyword === "required"
        ? ""
        : `, found ${shown(found)}`;
  const what = inner.length === 0 ? "parameters" : `\`${inner.join(".")}\``;
  findings.error("wrong_parameters", [...path, ...inner], `${what} ${message}${extra}`);
}
