/**
 * A place with files: a folder, an SFTP server or a bucket. Its operations are the same in each of them.
 *
 * 1. Paths of the input are relative, and have no `..`.
 * 2. A file is written as a whole or not at all. Writing it again writes the same bytes.
 * 3. Deleting a missing file, and moving a file that has been moved, is a success. So an attempt can be repeated.
 */
import { createHash } from "node:crypto";
import type { OptionNames } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import type { Caller } from "../source.ts";

export interface FileEntry {
  /** Relative to the place, with `/`. */
  readonly path: string;
  readonly size: number;
  /** ISO 8601. */
  readonly modified: string;
}

/** One call: its operation, its caller and its key. */
export interface FileCall extends Caller {
  readonly operation: string;
  readonly idempotencyKey?: string;
}

export interface FilePlace {
  /** Lists all files below a folder, ordered by path. `""` is the place itself. */
  list(folder: string, max: number, call: FileCall): Promise<readonly FileEntry[]>;
  /** Returns the entry of a file. Undefined if there is no such file. */
  info(path: string, call: FileCall): Promise<FileEntry | undefined>;
  /** Reads a file. Undefined if there is no such file. More than `bytesMax` is an error. */
  read(path: string, bytesMax: number, call: FileCall): Promise<Buffer | undefined>;
  /** Writes a file. Creates missing folders. */
  write(path: string, bytes: Uint8Array, call: FileCall): Promise<void>;
  /** Removes a file. Returns whether it existed. */
  remove(path: string, call: FileCall): Promise<boolean>;
  /** Moves a file, and replaces a file at `to`. Returns whether there was a file at `from`. */
  move(from: string, to: string, call: FileCall): Promise<boolean>;
  check(call: FileCall): Promise<void>;
  close(): void;
}

export interface FilesOptions {
  readonly name: string;
  readonly rate?: RateLimit;
  /** A larger file fails the task. Default: 1,048,576. */
  readonly bytesMax?: number;
  /** More files of a list fail the task. Default: 10,000. */
  readonly filesMax?: number;
}

export const filesOptionNames: OptionNames<FilesOptions> = {
  name: true,
  rate: rateNames,
  bytesMax: true,
  filesMax: true,
};
const defaults = { bytesMax: 1_048_576, filesMax: 10_000 };
const text: JsonSchema = { type: "string" };
const pathSchema: JsonSchema = { type: "string", minLength: 1, maxLength: 1_024 };
const outputOf = (
  present: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema => ({
  type: "object",
  required: Object.keys(present),
  properties: { ...present, ...optional },
});
const entrySchema = outputOf({ path: text, size: { type: "integer" }, modified: text });
const ofPath: JsonSchema = { type: "object", required: ["path"], properties: { path: pathSchema } };

/** Returns an adapter with the operations of a place. */
export function filesAdapterOf(kind: string, options: FilesOptions, place: FilePlace): Adapter {
  const { name, rate } = options;
  const callOf = (operation: string, call: AdapterCall): FileCall => ({
    operation: `${name}.${operation}`,
    signal: call.signal,
    idempotencyKey: call.idempotencyKey,
    ...(call.remainingMs !== undefined && { remainingMs: call.remainingMs }),
    secret: (reference) => call.secret(reference),
  });
  return {
    name,
    kind,
    operations: Object.fromEntries(
      Object.entries({ ...reading(options, place), ...writing(options, place) }).map(
        ([key, { run, ...operation }]) => [
          key,
          { ...operation, call: (input, call) => run(input, callOf(key, call)) } satisfies AdapterOperation,
        ],
      ),
    ),
    ...(rate !== undefined && { rate }),
    check: (call) => place.check(callOf("check", call)),
    close: () => place.close(),
  };
}

interface FileOperation extends Omit<AdapterOperation, "call"> {
  run(input: Readonly<Record<string, unknown>>, call: FileCall): Promise<unknown>;
}

function reading(
  { bytesMax = defaults.bytesMax, filesMax = defaults.filesMax }: FilesOptions,
  place: FilePlace,
): Readonly<Record<string, FileOperation>> {
  return {
    list: {
      description: "Lists the files below a folder, in the order of their paths.",
      repeat: "safe",
      input: { type: "object", properties: { folder: { type: "string", maxLength: 1_024 } } },
      output: { type: "array", items: entrySchema },
      run: (input, call) => place.list(pathOf(call, input["folder"] ?? "", "folder"), filesMax, call),
    },
    info: {
      description: "Returns the size and the modification time of a file, or null if it does not exist.",
      repeat: "safe",
      input: ofPath,
      output: { anyOf: [entrySchema, { type: "null" }] },
      run: async (input, call) => (await place.info(pathOf(call, input["path"]), call)) ?? null,
    },
    read: {
      description: "Returns the content of a file as `text`, or as `base64`.",
      repeat: "safe",
      input: {
        type: "object",
        required: ["path"],
        properties: { path: pathSchema, as: { enum: ["text", "base64"] } },
      },
      output: outputOf({ path: text, size: { type: "integer" } }, { text, base64: text }),
      run: async (input, call) => {
        const path = pathOf(call, input["path"]);
        const bytes = await place.read(path, bytesMax, call);
        if (bytes === undefined) throw missing(call, path);
        const about = { path, size: bytes.length };
        return input["as"] === "base64"
          ? { ...about, base64: bytes.toString("base64") }
          : { ...about, text: textOf(call, bytes) };
      },
    },
  };
}

function writing(
  { bytesMax = defaults.bytesMax }: FilesOptions,
  place: FilePlace,
): Readonly<Record<string, FileOperation>> {
  return {
    write: {
      description: "Writes a file as a whole, from `text` or `base64`.",
      repeat: "safe",
      input: { type: "object", required: ["path"], properties: { path: pathSchema, text, base64: text } },
      output: outputOf({ path: text, size: { type: "integer" } }),
      run: async (input, call) => {
        const path = pathOf(call, input["path"]);
        const bytes = bytesOf(call, input);
        if (bytes.length > bytesMax) throw tooLarge(call, bytesMax);
        await place.write(path, bytes, call);
        return { path, size: bytes.length };
      },
    },
    delete: {
      description: "Deletes a file. Succeeds if the file does not exist.",
      repeat: "safe",
      input: ofPath,
      output: outputOf({ deleted: { type: "boolean" } }),
      run: async (input, call) => ({ deleted: await place.remove(pathOf(call, input["path"]), call) }),
    },
    move: {
      description: "Moves a file. Succeeds if the file has already been moved.",
      repeat: "safe",
      input: { type: "object", required: ["path", "to"], properties: { path: pathSchema, to: pathSchema } },
      output: outputOf({ path: text }),
      run: async (input, call) => {
        const [path, to] = [pathOf(call, input["path"]), pathOf(call, input["to"], "to")];
        if (path === to || (await place.move(path, to, call))) return { path: to };
        // An earlier attempt has moved it.
        if ((await place.info(to, call)) === undefined) throw missing(call, path);
        return { path: to };
      },
    },
  };
}

function missing({ operation }: FileCall, path: string): Error {
  return adapterErrors.refused({ operation, reason: `there is no file \`${path}\`` });
}

/** Returns a validated relative path, with `/`. */
function pathOf({ operation }: FileCall, value: unknown, name = "path"): string {
  const path = String(value);
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const reason = path.startsWith("/")
    ? "is absolute"
    : parts.includes("..")
      ? "has `..`"
      : /[\0\\]/.test(path)
        ? "has a forbidden character"
        : path !== "" && parts.length === 0
          ? "names no file"
          : undefined;
  if (reason === undefined) return parts.join("/");
  throw adapterErrors.inputInvalid({ operation, reason: `\`${name}\` ${reason}` });
}

function bytesOf({ operation }: FileCall, input: Readonly<Record<string, unknown>>): Buffer {
  const [content, base64] = [input["text"], input["base64"]];
  if ((content === undefined) === (base64 === undefined))
    throw adapterErrors.inputInvalid({ operation, reason: "expected either `text` or `base64`" });
  return base64 === undefined ? Buffer.from(String(content)) : Buffer.from(String(base64), "base64");
}

function textOf({ operation }: FileCall, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw adapterErrors.answerUnreadable({ operation, reason: "it is no UTF-8. Read it as base64" });
  }
}

export function tooLarge({ operation }: FileCall, bytesMax: number): Error {
  return adapterErrors.answerUnreadable({ operation, reason: `the file has more than ${bytesMax} bytes` });
}

export function tooMany({ operation }: FileCall, filesMax: number): Error {
  return adapterErrors.answerUnreadable({ operation, reason: `there are more than ${filesMax} files` });
}

/** Prefix of files that are being written. Lists leave them out. */
export const partPrefix = ".tutti-part-";

/** Returns the path of the part. Attempts of one task share a part. Other tasks have other parts. */
export function partOf(path: string, { idempotencyKey = "" }: FileCall): string {
  const at = path.lastIndexOf("/") + 1;
  const digest = createHash("sha256").update(`${path}\n${idempotencyKey}`).digest("hex").slice(0, 16);
  return `${path.slice(0, at)}${partPrefix}${digest}`;
}

/** Returns the folders above a path, the outermost first. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
