/**
 * A folder's list of its files, so that a missing file is an error instead of a first start.
 *
 *     made    a line each: its name, and the hash of its content if that never changes
 *
 * 1. Lines are only added, after the file is there. A file of an older release is listed when it is used next.
 */
import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { privateModes, systemCodeOf } from "@tutti/kernel";

export interface ListedFile {
  readonly name: string;
  /** Empty if the content changes. */
  readonly sha256: string;
}

export const listFile = "made";
const line = /^(\S+)(?: ([0-9a-f]{64}))?$/;

/** Changed lines are left out: `isIntact` tells. */
export function readFileList(directory: string): {
  readonly files: readonly ListedFile[];
  readonly isIntact: boolean;
} {
  let text: string;
  try {
    text = readFileSync(join(directory, listFile), "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return { files: [], isIntact: true };
    throw error;
  }
  const lines = text.split("\n");
  const isEnded = lines.pop() === "";
  const found = lines.map((entry) => line.exec(entry));
  const files = found.flatMap((match) =>
    match === null ? [] : [{ name: match[1] ?? "", sha256: match[2] ?? "" }],
  );
  return { files, isIntact: isEnded && found.every((match) => match !== null) };
}

export function registerFile(directory: string, name: string, content?: Uint8Array): void {
  if (listedFile(directory, name) !== undefined) return;
  const sum = content === undefined ? "" : ` ${sha256Of(content)}`;
  appendFileSync(join(directory, listFile), `${name}${sum}\n`, { mode: privateModes.file, flush: true });
}

export function listedFile(directory: string, name: string): ListedFile | undefined {
  return readFileList(directory).files.find((file) => file.name === name);
}

export function sha256Of(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Returns text with a last line that has its hash. */
export function withSum(text: string): string {
  return `${text}\n${sha256Of(Buffer.from(text))}\n`;
}

/** Returns the text if it is unchanged. A text without a hash comes from an older release. */
export function textIn(content: string): string | undefined {
  const [text = "", sum] = content.split("\n");
  if (sum === undefined) return text;
  return sum === sha256Of(Buffer.from(text)) ? text : undefined;
}

/** Archives and audit log exist only with a journal. */
export function hadJournal(directory: string): boolean {
  return readFileList(directory).files.some(
    ({ name }) => name.startsWith("archive/") || name.startsWith("audit/"),
  );
}
