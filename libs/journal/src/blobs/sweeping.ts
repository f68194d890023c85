import { blobErrors } from "./errors.ts";
import { nameOf } from "./names.ts";
import type { Blob, BlobMention, MentionedThrough, Sweep } from "./port.ts";

/** Mentions that are asked about at a time. */
const pageMax = 256;

/** A mention as it was found: its remover has to find it as it was. */
export interface FoundMention {
  readonly mention: BlobMention;
}

/**
 * Goes through mentions, and releases those of instances that are no longer kept. Resolves with the rest, as
 * names of blobs.
 * `release` says whether the mention is gone. It is not when it was made again meanwhile.
 */
export async function mentionedBlobs<Found extends FoundMention>(
  found: readonly Found[],
  isKept: Sweep["isKept"],
  release: (found: Found) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const mentioned = new Set<string>();
  for (let from = 0; from < found.length; from += pageMax) {
    const page = found.slice(from, from + pageMax);
    const kept = await isKept(page.map(({ mention }) => mention));
    for (const [index, one] of page.entries()) {
      const { namespace, sha256 } = one.mention;
      if (kept[index] !== false || !(await release(one))) mentioned.add(blobName(namespace, nameOf(sha256)));
    }
  }
  return mentioned;
}

/** Of one blob among those of all namespaces. */
export function blobName(namespace: string, name: string): string {
  return `${name}.${namespace}`;
}

/** What a blob is that is kept under such a name. */
export function blobOf(name: string): Pick<Blob, "sha256"> & { readonly namespace: string } {
  const dot = name.indexOf(".");
  return { sha256: Uint8Array.from(Buffer.from(name.slice(0, dot), "hex")), namespace: name.slice(dot + 1) };
}

export function earliestOf(all: Iterable<MentionedThrough>): MentionedThrough | undefined {
  let earliest: MentionedThrough | undefined;
  for (const one of all)
    if (one.throughMs < (earliest?.throughMs ?? Number.POSITIVE_INFINITY)) earliest = one;
  return earliest;
}

/** What a store keeps under `bank.3`. */
export function throughIn(name: string, content: Uint8Array): MentionedThrough {
  const dot = name.lastIndexOf(".");
  const throughMs = Number(Buffer.from(content).toString());
  return { service: name.slice(0, dot), partition: Number(name.slice(dot + 1)), throughMs };
}

/** Before content counts: it has to be what was announced. */
export function checkAsSaid({ sha256, size }: Blob, announced: Partial<Blob>): void {
  const [found, expected] = [nameOf(sha256), announced.sha256 && nameOf(announced.sha256)];
  if (announced.size !== undefined && announced.size !== size)
    throw blobErrors.notAsSaid({ expected: `${announced.size} bytes`, found: `${size} bytes` });
  if (expected !== undefined && expected !== found)
    throw blobErrors.notAsSaid({ expected: `the hash ${expected}`, found });
}
