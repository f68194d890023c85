/** What is large of a definition, as blobs: its plan, its source, and what is said about it. */
import type { BlobReference } from "@tutti/contracts/types/v1";
import { Definition, DefinitionSource, type KeptVersion } from "@tutti/contracts/workflow/v1";
import type { Blobs } from "@tutti/journal";
import type { ReadOnly } from "@tutti/kernel";

/** Facts that are larger are a blob beside the machine's state. */
const inlineMax = 8 * 1024;

export async function keepSource(blobs: Blobs, source: DefinitionSource): Promise<BlobReference> {
  return blobs.put([DefinitionSource.encode(source).finish()]);
}

export async function keepFacts(
  blobs: Blobs,
  definition: Definition,
): Promise<Pick<KeptVersion, "facts" | "factsBlob">> {
  const facts = Definition.encode(definition).finish();
  return facts.length <= inlineMax
    ? { facts, factsBlob: undefined }
    : { facts: new Uint8Array(), factsBlob: await blobs.put([facts]) };
}

export async function factsOf(
  blobs: Blobs,
  { facts, factsBlob }: ReadOnly<KeptVersion>,
): Promise<Definition> {
  return Definition.decode(
    factsBlob === undefined ? (facts as Uint8Array) : await whole(blobs, factsBlob.sha256),
  );
}

export async function sourceOf(blobs: Blobs, { source }: ReadOnly<KeptVersion>): Promise<DefinitionSource> {
  return DefinitionSource.decode(await whole(blobs, source?.sha256 ?? new Uint8Array()));
}

async function whole(blobs: Blobs, sha256: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of blobs.read(sha256)) parts.push(part);
  return Buffer.concat(parts);
}
