/** Writes an export, line by line, and signs it. It can stop after any line and continue elsewhere. */
import type { Checkpoint, JournalHead, SigningKey } from "@tutti/contracts/governance/v1";
import { hashBytes, hashOf } from "../../merkle/hashes.ts";
import type { MerkleTree } from "../../merkle/tree.ts";
import type { RecordAt } from "../checkpoints.ts";
import type { Signer } from "../signing.ts";
import {
  checkpointLineOf,
  type EndLine,
  type ExportedRecord,
  type ExportLine,
  exportVersion,
  headLineOf,
  keyLineOf,
  leavesPerLine,
  type MissingLine,
  recordLineOf,
  toText,
} from "./lines.ts";

/** The hash of a record, with its place if the record is in the export. */
export interface ExportedLeaf {
  readonly hash: Uint8Array;
  readonly at: RecordAt | undefined;
}

/** The progress of an export. */
export interface ExportState {
  readonly lines: number;
  /** Hash of all lines up to here. */
  readonly chain: Uint8Array;
}

export class ExportWriter {
  #lines: number;
  #chain: Uint8Array;

  constructor({ lines, chain }: ExportState = { lines: 0, chain: chainBefore }) {
    this.#lines = lines;
    this.#chain = chain;
  }

  get state(): ExportState {
    return { lines: this.#lines, chain: this.#chain };
  }

  /** `tree`: all heads so far. `size`: the number of heads before the first exported one. */
  writeHead({ namespace, filter, tree, size }: ExportOpening): string {
    const before = { size, parts: tree.parts(size).map(toText) };
    const line: ExportLine = { version: exportVersion, namespace, filter, before };
    return this.#line({ export: line });
  }

  key(key: SigningKey): string {
    return this.#line({ key: keyLineOf(key) });
  }

  /** Returns the line of a head, with its leaves if any record of it is in the export. */
  head(head: JournalHead, leaves: readonly ExportedLeaf[]): string {
    const included = leaves.filter(({ at }) => at !== undefined).length;
    let text = this.#line({ head: headLineOf(head, included) });
    if (included === 0) return text;
    for (let from = 0; from < leaves.length; from += leavesPerLine) {
      const some = leaves.slice(from, from + leavesPerLine);
      text += this.#line({ leaves: some.map(leafText) });
    }
    return text;
  }

  record(head: JournalHead, record: ExportedRecord): string {
    const line = recordLineOf(head.service, head.partition, record);
    if (line === undefined) throw new TypeError("expected a record of a journal, got other bytes");
    return this.#line({ record: line });
  }

  missing(missing: MissingLine): string {
    return this.#line({ missing });
  }

  checkpoint(checkpoint: Checkpoint): string {
    return this.#line({ checkpoint: checkpointLineOf(checkpoint) });
  }

  writeEnd(
    timeMs: number,
    { signingKeyId, key }: { readonly signingKeyId: string; readonly key: Signer },
  ): string {
    const fields = { lines: this.#lines, time_ms: timeMs };
    const signature = key.sign("export", signedPartOf(fields, this.#chain));
    const line: EndLine = { ...fields, signature: toText(signature), signing_key_id: signingKeyId };
    return `${JSON.stringify({ end: line })}\n`;
  }

  #line(document: object): string {
    const text = JSON.stringify(document);
    this.#chain = chained(this.#chain, text);
    this.#lines++;
    return `${text}\n`;
  }
}

export interface ExportOpening {
  readonly namespace: string;
  readonly filter: unknown;
  readonly tree: MerkleTree;
  readonly size: number;
}

export const chainBefore: Uint8Array = new Uint8Array(hashBytes);

/** Returns the hash of all lines up to this one. */
export function chained(before: Uint8Array, line: string | Uint8Array): Uint8Array {
  const length = typeof line === "string" ? Buffer.byteLength(line) : line.length;
  if (link.length < hashBytes + length) link = Buffer.alloc(2 * (hashBytes + length));
  link.set(before);
  if (typeof line === "string") link.write(line, hashBytes);
  else link.set(line, hashBytes);
  return hashOf(link.subarray(0, hashBytes + length));
}

/** Buffer for the line that is being hashed: there are more lines than records. */
let link = Buffer.alloc(4_096);

export function signedPartOf(
  { lines, time_ms }: Pick<EndLine, "lines" | "time_ms">,
  chain: Uint8Array,
): Uint8Array {
  return Buffer.from(`${lines} lines at ${time_ms}\n${toText(chain)}`);
}

function leafText({ hash: leaf, at }: ExportedLeaf): string {
  return at === undefined ? toText(leaf) : `${at.batch}/${at.index} ${toText(leaf)}`;
}
