import { blobErrors } from "./errors.ts";
import { nameOf } from "./names.ts";
import type { Blob, BlobMention, MentionedThrough, Sweep } from "./port.ts";

/** Mentions checked at a time. */
const pageMax = 256;

/** A mention with its version. It is removed only if it has not changed since. */
export interface FoundMention {
  readonly mention: BlobMention;
}

/**
 * Checks mentions, and releases those of instances that are no longer kept. Resolves with the names of the blobs of the
 * rest. `release` returns whether the mention is gone. It stays if it was renewed meanwhile.
 */
export async function mentionedBlobs<Found extends FoundMention>(
  found: readonly Found[],
  isReferenced: Sweep["isReferenced"],
  release: (found: Found) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const mentioned = new Set<string>();
  for (let from = 0; from < found.length; from += pageMax) {
    const page = found.slice(from, from + pageMax);
    const referenced = await isReferenced(page.map(({ mention }) => mention));
    for (const [index, candidate] of page.entries()) {
      const { namespace, sha256 } = candidate.mention;
      if (referenced[index] !== false || !(await release(candidate)))
        mentioned.add(blobName(namespace, nameOf(sha256)));
    }
  }
  return mentioned;
}

/** Returns the name of a blob among those of all namespaces. */
export function blobName(namespace: string, name: string): string {
  return `${name}.${namespace}`;
}

/** Returns the blob that a name stands for. */
export function blobOf(name: string): Pick<Blob, "sha256"> & { readonly namespace: string } {
  const dot = name.indexOf(".");
  return { sha256: Uint8Array.from(Buffer.from(name.slice(0, dot), "hex")), namespace: name.slice(dot + 1) };
}

export function earliestOf(all: Iterable<MentionedThrough>): MentionedThrough | undefined {
  let earliest: MentionedThrough | undefined;
  for (const mentioned of all)
    if (mentioned.throughMs < (earliest?.throughMs ?? Number.POSITIVE_INFINITY)) earliest = mentioned;
  return earliest;
}

/** Returns the content of an entry such as `bank.3`. */
export function throughIn(name: string, content: Uint8Array): MentionedThrough {
  const dot = name.lastIndexOf(".");
  const throughMs = Number(Buffer.from(content).toString());
  return { service: name.slice(0, dot), partition: Number(name.slice(dot + 1)), throughMs };
}

/** Throws if the content differs from its announcement. */
export function checkAnnounced({ sha256, size }: Blob, announced: Partial<Blob>): void {
  const [found, expected] = [nameOf(sha256), announced.sha256 && nameOf(announced.sha256)];
  if (announced.size !== undefined && announced.size !== size)
    throw blobErrors.notAsSaid({ expected: `${announced.size} bytes`, found: `${size} bytes` });
  if (expected !== undefined && expected !== found)
    throw blobErrors.notAsSaid({ expected: `the hash ${expected}`, found });
}
