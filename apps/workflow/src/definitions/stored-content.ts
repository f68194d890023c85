/** The large parts of a definition, as blobs: its plan, its source, and its description. */
import type { BlobReference } from "@tutti/contracts/types/v1";
import { Definition, DefinitionSource, type KeptVersion } from "@tutti/contracts/workflow/v1";
import { type Blobs, wholeBlob } from "@tutti/journal";
import type { ReadOnly } from "@tutti/kernel";

/** The blobs of one namespace. */
export interface NamespaceBlobs {
  readonly blobs: Blobs;
  readonly namespace: string;
}

/** Larger facts are in a blob next to the machine's state. */
const inlineMax = 8 * 1024;

export async function storeSource(store: NamespaceBlobs, source: DefinitionSource): Promise<BlobReference> {
  return storeContent(store, DefinitionSource.encode(source).finish());
}

export async function storeFacts(
  store: NamespaceBlobs,
  definition: Definition,
): Promise<Pick<KeptVersion, "facts" | "factsBlob">> {
  const facts = Definition.encode(definition).finish();
  return facts.length <= inlineMax
    ? { facts, factsBlob: undefined }
    : { facts: new Uint8Array(), factsBlob: await storeContent(store, facts) };
}

export async function factsOf(
  store: NamespaceBlobs,
  { facts, factsBlob }: ReadOnly<KeptVersion>,
): Promise<Definition> {
  return Definition.decode(
    factsBlob === undefined ? (facts as Uint8Array) : await readContent(store, factsBlob.sha256),
  );
}

export async function sourceOf(
  store: NamespaceBlobs,
  { source }: ReadOnly<KeptVersion>,
): Promise<DefinitionSource> {
  return DefinitionSource.decode(await readContent(store, source?.sha256 ?? new Uint8Array()));
}

/** Stores content. It is durable when the promise resolves. */
export function storeContent(
  { blobs, namespace }: NamespaceBlobs,
  content: Uint8Array,
): Promise<BlobReference> {
  return blobs.put(namespace, [content]);
}

function readContent({ blobs, namespace }: NamespaceBlobs, sha256: Uint8Array): Promise<Uint8Array> {
  return wholeBlob(blobs, namespace, sha256);
}
