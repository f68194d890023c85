/** The large parts of a definition, as blobs: its plan, its source, and its description. */
import type { BlobReference } from "@tutti/contracts/types/v1";
import { Definition, DefinitionSource, type KeptVersion } from "@tutti/contracts/workflow/v1";
import { type Blobs, wholeBlob } from "@tutti/journal";
import type { ReadOnly } from "@tutti/kernel";

/** The blobs of one namespace. */
export interface Shelf {
  readonly blobs: Blobs;
  readonly namespace: string;
}

/** Larger facts are in a blob next to the machine's state. */
const inlineMax = 8 * 1024;

export async function keepSource(shelf: Shelf, source: DefinitionSource): Promise<BlobReference> {
  return keep(shelf, DefinitionSource.encode(source).finish());
}

export async function keepFacts(
  shelf: Shelf,
  definition: Definition,
): Promise<Pick<KeptVersion, "facts" | "factsBlob">> {
  const facts = Definition.encode(definition).finish();
  return facts.length <= inlineMax
    ? { facts, factsBlob: undefined }
    : { facts: new Uint8Array(), factsBlob: await keep(shelf, facts) };
}

export async function factsOf(
  shelf: Shelf,
  { facts, factsBlob }: ReadOnly<KeptVersion>,
): Promise<Definition> {
  return Definition.decode(
    factsBlob === undefined ? (facts as Uint8Array) : await whole(shelf, factsBlob.sha256),
  );
}

export async function sourceOf(shelf: Shelf, { source }: ReadOnly<KeptVersion>): Promise<DefinitionSource> {
  return DefinitionSource.decode(await whole(shelf, source?.sha256 ?? new Uint8Array()));
}

/** Stores content. It is durable when the promise resolves. */
export function keep({ blobs, namespace }: Shelf, content: Uint8Array): Promise<BlobReference> {
  return blobs.put(namespace, [content]);
}

function whole({ blobs, namespace }: Shelf, sha256: Uint8Array): Promise<Uint8Array> {
  return wholeBlob(blobs, namespace, sha256);
}
