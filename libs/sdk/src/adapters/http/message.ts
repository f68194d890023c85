/** The request of an operation from the input of a task, and the output from the answer. */
import { randomUUID } from "node:crypto";
import { adapterErrors } from "../errors.ts";
import type { HttpAnswer } from "./wire.ts";

/** How a list or an object is written in an address. `form` with `explode` repeats the name. */
export type ParameterStyle = "form" | "spaceDelimited" | "pipeDelimited" | "deepObject" | "simple";

export interface HttpParameter {
  readonly in: "path" | "query" | "header" | "cookie";
  /** At the other side. Default: the name of the member. */
  readonly name?: string;
  readonly style?: ParameterStyle;
  /** Default: true for `form`. */
  readonly explode?: boolean;
}

export type BodyType = "json" | "form" | "multipart" | "text" | "bytes";

export interface HttpBody {
  readonly type: BodyType;
  /** Default: that of the type. */
  readonly mediaType?: string;
}

type Members = Readonly<Record<string, unknown>>;

export interface Written {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | undefined;
}

/** The request for an input. */
export function writeRequest(
  base: URL,
  path: string,
  parameters: Readonly<Record<string, HttpParameter>>,
  body: HttpBody | undefined,
  input: Members,
): Written {
  const headers: Record<string, string> = { accept: "application/json, */*;q=0.5" };
  const query: string[] = [];
  const cookies: string[] = [];
  let written = path;
  for (const [member, parameter] of Object.entries(parameters)) {
    const value = input[member];
    if (value === undefined || value === null) continue;
    const { name = member, in: place, style, explode } = parameter;
    if (place === "path") written = written.replaceAll(`{${name}}`, () => pathText(value));
    else if (place === "header") headers[name.toLowerCase()] = headerText(value);
    else if (place === "cookie") cookies.push(`${name}=${encodeURIComponent(plain(value))}`);
    else query.push(...queryParts(name, value, style ?? "form", explode ?? (style ?? "form") === "form"));
  }
  if (cookies.length > 0) headers["cookie"] = cookies.join("; ");
  const url = new URL(base);
  if (path !== "") url.pathname = `${base.pathname.replace(/\/+$/, "")}/${written.replace(/^\/+/, "")}`;
  const all = [base.search.slice(1), ...query].filter((part) => part !== "");
  url.search = all.length === 0 ? "" : `?${all.join("&")}`;
  const content = body === undefined ? undefined : bodyOf(body, input["body"]);
  if (content !== undefined) headers["content-type"] = content.mediaType;
  return { url, headers, body: content?.bytes };
}

/** `.` and `..` would leave the path of the operation, and nothing would be another operation. */
function pathText(value: unknown): string {
  const parts = Array.isArray(value) ? value.map(plain) : [plain(value)];
  const text = parts.map(encodeURIComponent).join(",");
  if (text === "." || text === ".." || text === "") throw new PathRefused(text);
  return text;
}

/** A value that would change the path of an operation. */
export class PathRefused extends Error {
  constructor(value: string) {
    super(value === "" ? "a part of the path is empty" : `\`${value}\` cannot be a part of the path`);
  }
}

function headerText(value: unknown): string {
  // Node refuses characters that would end the header.
  return Array.isArray(value) ? value.map(plain).join(",") : plain(value);
}

function queryParts(name: string, value: unknown, style: ParameterStyle, explode: boolean): string[] {
  const pair = (key: string, text: string) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`;
  if (Array.isArray(value)) {
    if (explode) return value.map((each) => pair(name, plain(each)));
    const between = style === "spaceDelimited" ? "%20" : style === "pipeDelimited" ? "%7C" : ",";
    return [
      `${encodeURIComponent(name)}=${value.map((each) => encodeURIComponent(plain(each))).join(between)}`,
    ];
  }
  if (typeof value !== "object" || value === null) return [pair(name, plain(value))];
  const members = Object.entries(value);
  if (style === "deepObject") return members.map(([key, each]) => pair(`${name}[${key}]`, plain(each)));
  if (explode) return members.map(([key, each]) => pair(key, plain(each)));
  return [pair(name, members.map(([key, each]) => `${key},${plain(each)}`).join(","))];
}

function plain(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

function bodyOf(
  { type, mediaType }: HttpBody,
  value: unknown,
): { readonly bytes: string | Uint8Array; readonly mediaType: string } | undefined {
  if (value === undefined) return undefined;
  const members = typeof value === "object" && value !== null ? Object.entries(value) : [];
  switch (type) {
    case "json":
      return { bytes: JSON.stringify(value), mediaType: mediaType ?? "application/json" };
    case "form": {
      const parts = members.flatMap(([name, each]) => queryParts(name, each, "form", true));
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

/** A field, or a file: `{filename, base64}`. */
function multipart(boundary: string, name: string, value: unknown): Buffer {
  const file = value as { readonly filename?: unknown; readonly base64?: unknown } | null;
  const isFile = typeof file === "object" && file !== null && typeof file.base64 === "string";
  const quoted = (text: string) => `"${text.replaceAll(/["\r\n]/g, (sign) => encodeURIComponent(sign))}"`;
  const filename = isFile
    ? `; filename=${quoted(String(file.filename ?? name))}\r\ncontent-type: application/octet-stream`
    : "";
  const content = isFile ? Buffer.from(file.base64 as string, "base64") : Buffer.from(plain(value));
  const head = `--${boundary}\r\ncontent-disposition: form-data; name=${quoted(name)}${filename}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from("\r\n")]);
}

/** What an operation expects: a JSON value, a text, bytes, or any of them. */
export type AnswerType = "json" | "text" | "bytes" | "any";

const jsonForm = /^application\/(?:[\w.-]+\+)?json\b/i;

/** The output: JSON as a value, text as a text, other content in base64. */
export function readAnswer(operation: string, expected: AnswerType, { body, headers }: HttpAnswer): unknown {
  const mediaType = headers["content-type"] ?? "";
  if (body.length === 0) return null;
  const isJson = jsonForm.test(mediaType) || (mediaType === "" && expected === "json");
  if (isJson && expected !== "text") {
    try {
      return JSON.parse(body.toString("utf8")) as unknown;
    } catch {
      throw adapterErrors.answerUnreadable({ operation, reason: "it is no complete JSON" });
    }
  }
  if (expected === "json")
    throw adapterErrors.answerUnreadable({ operation, reason: `expected JSON, got ${mediaType}` });
  if (expected !== "bytes" && /^text\/|[/+](?:xml|yaml)\b/i.test(mediaType)) return body.toString("utf8");
  return { mediaType, base64: body.toString("base64") };
}
