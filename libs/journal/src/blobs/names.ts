import { createHash } from "node:crypto";
import type { BlobMention } from "./port.ts";

/** Returns a hash as a name. */
export function nameOf(sha256: Uint8Array): string {
  return Buffer.from(sha256.buffer, sha256.byteOffset, sha256.byteLength).toString("hex");
}

/** Returns the name of a slice: the start of the names in it. */
export function sliceName(slice: number): string {
  return slice.toString(16).padStart(2, "0");
}

/** Returns the name of a mentioning instance, in as few characters as keep any two distinct. */
export function mentionerOf({ namespace, service, kind, id }: BlobMention): string {
  const text = JSON.stringify([namespace, service, kind, id]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

interface MentionJson extends Omit<BlobMention, "sha256"> {
  readonly sha256: string;
}

export function encodeMention({ namespace, service, partition, kind, id, sha256 }: BlobMention): Buffer {
  const json: MentionJson = { namespace, service, partition, kind, id, sha256: nameOf(sha256) };
  return Buffer.from(JSON.stringify(json));
}

export function decodeMention(bytes: Uint8Array): BlobMention {
  // The cast: no other code writes these files, and each is whole or absent.
  const json = JSON.parse(Buffer.from(bytes).toString()) as MentionJson;
  return { ...json, sha256: Uint8Array.from(Buffer.from(json.sha256, "hex")) };
}
