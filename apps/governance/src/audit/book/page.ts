/**
 * A page of a book that processes share: a checkpoint with its heads, the hashes of the records under each,
 * and the objects with the records themselves.
 *
 *     length of the JSON, 4 bytes │ JSON │ checkpoint, encoded │ hashes of each head, concatenated
 */
import { hash } from "node:crypto";
import { Checkpoint } from "@tutti/contracts/governance/v1";
import { auditErrors } from "../errors.ts";
import type { Block } from "./blocks.ts";

/** The place of some records. */
export interface PageBlock extends Pick<Block, "first" | "records" | "firstMs" | "lastMs"> {
  /** Index of their head in the checkpoint. */
  readonly head: number;
  /** The name of its object. */
  readonly object: string;
}

export interface Page {
  /** With its heads. */
  readonly checkpoint: Checkpoint;
  readonly leaves: readonly Uint8Array[];
  readonly blocks: readonly PageBlock[];
}

interface PageHeader {
  readonly format: number;
  readonly checkpointBytes: number;
  readonly leafBytes: readonly number[];
  readonly blocks: readonly PageBlock[];
}

const pageFormat = 1;
const lengthBytes = 4;

/** Returns the name of an object, with the hash of its content: concurrent writers overwrite nothing. */
export function objectOf(leaf: number, { first, bytes }: Pick<Block, "first" | "bytes">): string {
  return `${objectsAt(leaf, first)}.${hash("sha256", bytes, "hex").slice(0, 32)}`;
}

/** Returns the name without the hash. */
export function objectsAt(leaf: number, first: number): string {
  return `records.${leaf}.${first}`;
}

export function pageName(number: number): string {
  return `pages.${number}`;
}

export function encodePage({ checkpoint, leaves, blocks }: Page): Uint8Array {
  const signed = Checkpoint.encode(checkpoint).finish();
  const header: PageHeader = {
    format: pageFormat,
    checkpointBytes: signed.length,
    blocks,
    leafBytes: leaves.map(({ length }) => length),
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, signed, ...leaves]);
}

export function decodePage(number: number, bytes: Uint8Array): Page {
  try {
    let at = lengthBytes + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
    const header: PageHeader = JSON.parse(Buffer.from(bytes.subarray(lengthBytes, at)).toString());
    if (header.format !== pageFormat) throw new RangeError(`it is of format ${header.format}`);
    const next = (length: number): Uint8Array => {
      at += length;
      return bytes.subarray(at - length, at);
    };
    const checkpoint = Checkpoint.decode(next(header.checkpointBytes));
    return { checkpoint, leaves: header.leafBytes.map(next), blocks: header.blocks };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw auditErrors.pageUnsound({ number, found: `it cannot be read: ${found}` });
  }
}
