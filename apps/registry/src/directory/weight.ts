import type { CapabilityVersion, Instance } from "@tutti/contracts/registry/v1";
import type { Capability } from "@tutti/contracts/types/v1";

/** Maximum of one message: far below the limit of a mesh, so that a rough weight is sufficient. */
const messageWeightMax = 1_048_576;

/** Returns the approximate bytes of an instance: it may have thousands of offers with schemas. */
export function weightOf({ offers, labels, health }: Instance): number {
  let weight = 300 + Object.keys(labels).length * 100 + (health?.reason.length ?? 0);
  for (const { capability } of offers) weight += weightOfCapability(capability);
  return weight;
}

/** Returns the approximate bytes of the versions of a capability. */
export function weightOfVersions(versions: readonly CapabilityVersion[]): number {
  let weight = 0;
  for (const { capability, providers } of versions) {
    weight += weightOfCapability(capability) + providers.length * 150;
  }
  return weight;
}

function weightOfCapability(capability: Capability | undefined): number {
  if (capability === undefined) return 100;
  return 100 + capability.inputSchema.length + capability.outputSchema.length + capability.description.length;
}

/** Splits a list into pieces that fit a message: limited in number and weight. An empty list is one piece. */
export function* inPieces<T>(
  items: Iterable<T>,
  { weightOf, itemsMax }: { readonly weightOf: (item: T) => number; readonly itemsMax: number },
): Generator<readonly T[]> {
  let piece: T[] = [];
  let weight = 0;
  for (const item of items) {
    const own = weightOf(item);
    if (piece.length > 0 && (piece.length === itemsMax || weight + own > messageWeightMax)) {
      yield piece;
      piece = [];
      weight = 0;
    }
    piece.push(item);
    weight += own;
  }
  yield piece;
}
