/** Converts the input of a task to a request, and the answer to an output. */
import { randomUUID } from "node:crypto";
import { parseExactly } from "@tutti/rest/json/exact";
import { adapterErrors } from "../errors.ts";
import type { HttpAnswer } from "./wire.ts";

/** Form of a list or an object in an address. `form` with `explode` repeats the name. */
export type ParameterStyle =
  | "form"
  | "spaceDelimited"
  | "pipeDelimited"
  | "deepObject"
  | "simple"
  | "label"
  | "matrix";

export interface HttpParameter {
  readonly in: "path" | "query" | "header" | "cookie";
  /** Name in the request. Default: the name of the member. */
  readonly name?: string;
  readonly style?: ParameterStyle;
  /** Default: true for `form`. */
  readonly explode?: boolean;
}

export type BodyType = "json" | "form" | "multipart" | "text" | "bytes";

export interface HttpBody {
  readonly type: BodyType;
  /** Default: the media type of the body type. */
  readonly mediaType?: string;
  /** Styles of the members of a form. Default: `form`. */
  readonly styles?: Readonly<Record<string, Pick<HttpParameter, "style" | "explode">>>;
}

type Members = Readonly<Record<string, unknown>>;

export interface WrittenRequest {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | undefined;
}

/** Writes the request for an input. The part of the path after a `#` names an operation, and is not sent. */
export function writeRequest(
  base: URL,
  path: string,
  parameters: Readonly<Record<string, HttpParameter>>,
  body: HttpBody | undefined,
  input: Members,
): WrittenRequest {
  const headers: Record<string, string> = { accept: "application/json, */*;q=0.5" };
  const query: string[] = [];
  const cookies: string[] = [];
  const [pattern = ""] = path.split("#");
  let written = pattern;
  for (const [member, parameter] of Object.entries(parameters)) {
    const value = input[member];
    const { name = member, in: place, style, explode } = parameter;
    if (value === undefined || value === null) {
      if (place === "path" && pattern.includes(`{${name}}`))
        throw new ValueRefused(`the part \`${name}\` of the path is empty`);
      continue;
    }
    if (place === "path")
      written = written.replaceAll(`{${name}}`, () =>
        pathText(name, value, style ?? "simple", explode ?? false),
      );
    else if (place === "header") headers[name.toLowerCase()] = headerText(value);
    else if (place === "cookie") cookies.push(`${name}=${encodeURIComponent(plain(value))}`);
    else query.push(...queryParts(name, value, style ?? "form", explode ?? (style ?? "form") === "form"));
  }
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
  const url = new URL(base);
  const [pathname = "", ...search] = written.split("?");
  if (pattern !== "") url.pathname = `${base.pathname.replace(/\/+$/, "")}/${pathname.replace(/^\/+/, "")}`;
  const all = [base.search.slice(1), search.join("?"), ...query].filter((part) => part !== "");
  url.search = all.length === 0 ? "" : `?${all.join("&")}`;
  const content = body === undefined ? undefined : bodyOf(body, input["body"]);
  if (content !== undefined) headers["content-type"] = content.mediaType;
  return { url, headers, body: content?.bytes };
}

/** Writes a value in a path. Refuses `.`, `..` and empty values, which would address another operation. */
function pathText(name: string, value: unknown, style: ParameterStyle, explode: boolean): string {
  const text = pathValue(name, value, style, explode);
  if (text === "") throw new ValueRefused(`the part \`${name}\` of the path is empty`);
  if (text === "." || text === "..") throw new ValueRefused(`\`${text}\` cannot be a part of the path`);
  return text;
}

/** Writes `3,4`, `.3.4` or `;id=3,4`. */
function pathValue(name: string, value: unknown, style: ParameterStyle, explode: boolean): string {
  const encoded = (each: unknown) => encodeURIComponent(plain(each));
  const isList = Array.isArray(value);
  const isObject = typeof value === "object" && value !== null && !isList;
  const pairs = isObject ? Object.entries(value).map(([key, each]) => [encoded(key), encoded(each)]) : [];
  const parts = isList ? value.map(encoded) : [encoded(value)];
  const texts = isObject ? pairs.map((pair) => pair.join(explode ? "=" : ",")) : parts;
  if (style === "label") return `.${texts.join(explode ? "." : ",")}`;
  if (style !== "matrix") return texts.join(",");
  if (!explode) return `;${name}=${texts.join(",")}`;
  return texts.map((text) => (isObject ? `;${text}` : `;${name}=${text}`)).join("");
}

/** A value that would address another operation, or another object. */
export class ValueRefused extends Error {}

function headerText(value: unknown): string {
  // Node refuses characters that would end the header.
  return Array.isArray(value) ? value.map(plain).join(",") : plain(value);
}

function queryParts(name: string, value: unknown, style: ParameterStyle, explode: boolean): string[] {
  const pair = (key: string, text: string) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`;
  if (style === "deepObject") return deepPairs(name, value).map(([key, text]) => pair(key, text));
  if (Array.isArray(value)) {
    if (explode) return value.map((each) => pair(name, plain(each)));
    const between = style === "spaceDelimited" ? "%20" : style === "pipeDelimited" ? "%7C" : ",";
    return [
      `${encodeURIComponent(name)}=${value.map((each) => encodeURIComponent(plain(each))).join(between)}`,
    ];
  }
  if (typeof value !== "object" || value === null) return [pair(name, plain(value))];
  const members = Object.entries(value);
  if (explode) return members.map(([key, each]) => pair(key, plain(each)));
  return [pair(name, members.map(([key, each]) => `${key},${plain(each)}`).join(","))];
}

/** Writes `price[min]=3`, and `items[0][price]=p` for lists of objects. */
function deepPairs(name: string, value: unknown): (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[name, plain(value)]];
  return Object.entries(value).flatMap(([key, each]) => deepPairs(`${name}[${key}]`, each));
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  // It may be the number of another object.
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new ValueRefused(`the number ${String(value)} may have lost digits: pass it as a text`);
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function bodyOf(
  { type, mediaType, styles = {} }: HttpBody,
  value: unknown,
): { readonly bytes: string | Uint8Array; readonly mediaType: string } | undefined {
  if (value === undefined) return undefined;
  const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
  switch (type) {
    case "json":
      return { bytes: JSON.stringify(value), mediaType: mediaType ?? "application/json" };
    case "form": {
      const parts = members.flatMap(([name, each]) => {
        const { style = "form", explode = style === "form" } = styles[name] ?? {};
        return queryParts(name, each, style, explode);
      });
      return { bytes: parts.join("&"), mediaType: mediaType ?? "application/x-www-form-urlencoded" };
    }
    case "text":
      return { bytes: plain(value), mediaType: mediaType ?? "text/plain; charset=utf-8" };
    case "bytes":
      return {
        bytes: Buffer.from(plain(value), "base64"),
        mediaType: mediaType ?? "application/octet-stream",
      };
    case "multipart": {
      const boundary = `tutti-${randomUUID()}`;
      const parts = members.map(([name, each]) => multipart(boundary, name, each));
      const bytes = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
      return { bytes, mediaType: `multipart/form-data; boundary=${boundary}` };
    }
  }
}

/** Writes a part: a field, an object as JSON, or a file `{filename, base64}`. */
function multipart(boundary: string, name: string, value: unknown): Buffer {
  const file = value as { readonly filename?: unknown; readonly base64?: unknown } | null;
  const isFile = typeof file === "object" && file !== null && typeof file.base64 === "string";
  const quoted = (text: string) => `"${text.replaceAll(/["\r\n]/g, (sign) => encodeURIComponent(sign))}"`;
  const contentType = "\r\ncontent-type: application/";
  const filename = isFile
    ? `; filename=${quoted(String(file.filename ?? name))}${contentType}octet-stream`
    : typeof value === "object" && value !== null
      ? `${contentType}json`
      : "";
  const content = isFile ? Buffer.from(file.base64 as string, "base64") : Buffer.from(plain(value));
  const head = `--${boundary}\r\ncontent-disposition: form-data; name=${quoted(name)}${filename}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from("\r\n")]);
}

/** Expected type of the answer: a JSON value, a text, bytes, or any of them. */
export type AnswerType = "json" | "text" | "bytes" | "any";

const jsonForm = /^application\/(?:[\w.-]+\+)?json\b/i;

/** Reads the output: JSON as a value with exact numbers, text as a text, other content in base64. */
export function readAnswer(operation: string, expected: AnswerType, { body, headers }: HttpAnswer): unknown {
  const mediaType = headers["content-type"] ?? "";
  if (body.length === 0) return null;
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity" && expected !== "bytes") {
    const reason = `it is compressed by ${encoding.slice(0, 40)}, which the adapter did not request`;
    throw adapterErrors.answerUnreadable({ operation, reason });
  }
  const isJson = jsonForm.test(mediaType) || (mediaType === "" && expected === "json");
  if (isJson && expected !== "text") {
    const text = textOf(operation, body, mediaType);
    try {
      return parseExactly(text);
    } catch {
      throw adapterErrors.answerUnreadable({ operation, reason: "it is no complete JSON" });
    }
  }
  if (expected === "json")
    throw adapterErrors.answerUnreadable({ operation, reason: `expected JSON, got ${mediaType}` });
  if (expected !== "bytes" && /^text\/|[/+](?:xml|yaml)\b/i.test(mediaType))
    return textOf(operation, body, mediaType);
  return { mediaType, base64: body.toString("base64") };
}

/** Decodes a text in the charset of the answer, by default UTF-8, without a byte order mark. Throws for invalid text. */
function textOf(operation: string, body: Buffer, mediaType: string): string {
  const charset = /;\s*charset="?([^\s";]+)/i.exec(mediaType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body);
  } catch {
    throw adapterErrors.answerUnreadable({ operation, reason: `it is not valid ${charset.slice(0, 40)}` });
  }
}
