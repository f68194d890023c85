/**
 * Reads an OpenAPI document as data.
 *
 * 1. References may only lead to parts of the same document. No other document is fetched.
 * 2. The size of a text, the number of YAML aliases and the nesting of YAML are limited.
 */
import { readFile, stat } from "node:fs/promises";
import { Agent as PlainAgent } from "node:http";
import { Agent as SecureAgent } from "node:https";
import { parseYaml, systemTimers, YamlTooDeep } from "@tutti/kernel";
import { LineCounter } from "yaml";
import { isMembers, type Members } from "../../agents/models/wire.ts";
import { adapterErrors } from "../errors.ts";
import { BrokenExchange, deadline, exchange } from "../http/wire.ts";

const textLengthMax = 64 * 1024 * 1024;
const referencesMax = 32;
const depthMax = 256;

const fetchMs = 30_000;

/** Reads a document of OpenAPI or AsyncAPI from a file or an HTTP address. Returns its text. */
export async function readDocument(place: string): Promise<string> {
  if (!/^https?:/.test(place)) {
    const fail = (problem: string) => adapterErrors.invalid({ adapter: place, problem });
    const found = await stat(place).catch(() => undefined);
    if (found?.isFile() !== true) throw fail("the file cannot be read");
    if (found.size > textLengthMax) throw fail(`it has more than ${textLengthMax} bytes`);
    return readFile(place, "utf8");
  }
  const agents = { plain: new PlainAgent(), secure: new SecureAgent() };
  const late = deadline(systemTimers, fetchMs);
  const operation = "read-document";
  try {
    const { status, body } = await exchange(
      {
        operation,
        method: "GET",
        url: new URL(place),
        signal: late.signal,
        headers: { accept: "application/json, application/yaml, */*" },
        answerBytesMax: textLengthMax,
      },
      agents,
    );
    if (status !== 200) throw adapterErrors.unreachable({ operation, reason: `${place} answers ${status}` });
    return body.toString("utf8");
  } catch (error) {
    if (!(error instanceof BrokenExchange)) throw error;
    throw adapterErrors.unreachable({ operation, reason: error.message }, { cause: error });
  } finally {
    late.cancel();
  }
}

export function parseDocument(adapter: string, source: string | Members): Members {
  const document = typeof source === "string" ? readText(adapter, source) : source;
  const version = isMembers(document) ? document["openapi"] : undefined;
  if (!isMembers(document) || typeof version !== "string" || !/^3\.[012](\.|$)/.test(version)) {
    const found =
      isMembers(document) && document["swagger"] !== undefined ? "Swagger 2" : String(version ?? "none");
    throw adapterErrors.invalid({
      adapter,
      problem: `expected \`openapi\` 3.0 to 3.2, got ${found.slice(0, 20)}`,
    });
  }
  return document;
}

/** Parses a text in JSON or YAML. */
export function readText(adapter: string, source: string): unknown {
  const fail = (problem: string) => adapterErrors.invalid({ adapter, problem });
  // Tools of Windows put a byte order mark before the text.
  const text = source.replace(/^\uFEFF/, "");
  if (text.length > textLengthMax) throw fail(`the document has more than ${textLengthMax} characters`);
  try {
    if (/^\s*\{/.test(text)) return JSON.parse(text);
    const document = parseYaml(text, { lines: new LineCounter(), depthMax, uniqueKeys: true });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (error instanceof YamlTooDeep) throw fail(`the document is nested more than ${depthMax} deep`);
    throw fail(
      `the document cannot be read: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : error}`,
    );
  }
}

/** Resolves the references of a part. Throws an `Unusable` with the problem. */
export function resolved(document: Members, part: unknown): Members {
  let found = part;
  for (let count = 0; count < referencesMax; count++) {
    if (!isMembers(found)) throw new Unusable("a part is no object");
    const reference = found["$ref"];
    if (typeof reference !== "string") return found;
    found = partOf(document, reference);
  }
  throw new Unusable("references lead in a circle");
}

/** The reason why an operation cannot be imported. */
export class Unusable extends Error {}

export function partOf(document: unknown, reference: string): unknown {
  if (!reference.startsWith("#/")) throw new Unusable(`\`${reference.slice(0, 80)}\` is another document`);
  let found = document;
  for (const part of reference.slice(2).split("/")) {
    const name = nameOf(part);
    const isThere = typeof found === "object" && found !== null && Object.hasOwn(found, name);
    if (!isThere) throw new Unusable(`the document has no part \`${reference.slice(0, 80)}\``);
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

function nameOf(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return part;
  }
}
