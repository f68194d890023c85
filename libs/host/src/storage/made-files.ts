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

export interface MadeFile {
  readonly name: string;
  /** Empty if the content changes. */
  readonly sha256: string;
}

export const madeList = "made";
const line = /^(\S+)(?: ([0-9a-f]{64}))?$/;

/** Changed lines are left out: `isWhole` tells. */
export function readMade(directory: string): {
  readonly files: readonly MadeFile[];
  readonly isWhole: boolean;
} {
  let text: string;
  try {
    text = readFileSync(join(directory, madeList), "utf8");
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return { files: [], isWhole: true };
    throw error;
  }
  const lines = text.split("\n");
  const isEnded = lines.pop() === "";
  const found = lines.map((one) => line.exec(one));
  const files = found.flatMap((one) => (one === null ? [] : [{ name: one[1] ?? "", sha256: one[2] ?? "" }]));
  return { files, isWhole: isEnded && found.every((one) => one !== null) };
}

export function noteMade(directory: string, name: string, content?: Uint8Array): void {
  if (madeFile(directory, name) !== undefined) return;
  const sum = content === undefined ? "" : ` ${sha256Of(content)}`;
  appendFileSync(join(directory, madeList), `${name}${sum}\n`, { mode: privateModes.file, flush: true });
}

export function madeFile(directory: string, name: string): MadeFile | undefined {
  return readMade(directory).files.find((one) => one.name === name);
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
  return readMade(directory).files.some(
    ({ name }) => name.startsWith("archive/") || name.startsWith("audit/"),
  );
}
