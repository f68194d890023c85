import type { Owner, Place } from "../ports/ownership.ts";
import { defineErrors } from "./catalogue.ts";
import { TuttiError } from "./tutti-error.ts";

/**
 * The answer to a keyed call that reached a process which does not own the place. It belongs to the ownership port, so
 * it is declared here: the mesh follows it, and owners of places return it.
 */
const ownershipErrors = defineErrors("mesh", {
  notOwner: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The call reached a process that does not own the place. Nothing was changed. The details name the owner if it is known: call the owner once, then wait for the ownership table. Clients of Tutti do so automatically.",
    message: ({ place, owner }: { place: string; owner: Owner | undefined }) =>
      owner === undefined
        ? `${place} is not owned here, and its owner is unknown`
        : `${place} is not owned here but by ${owner.instance} at ${owner.address || "this process"} (epoch ${owner.epoch})`,
    remedy: "Call the owner.",
  },
});

export const notOwnerCode = ownershipErrors.notOwner.code;

/** Returns the answer of a process about a place that it does not own. */
export function notOwner(place: Place | string, owner: Owner | undefined): TuttiError {
  const known = owner && { instance: owner.instance, address: owner.address, epoch: String(owner.epoch) };
  return ownershipErrors.notOwner({ place, owner }, { details: { place, ...known } });
}

/**
 * Returns the place of a `NotOwner` error, and the owner if the answering process knew it. Undefined for any other
 * error.
 */
export function notOwnerOf(error: unknown): { place: string; owner: Owner | undefined } | undefined {
  if (!(error instanceof TuttiError) || error.code !== notOwnerCode) return undefined;
  const { place, instance, address, epoch } = error.details;
  if (place === undefined) return undefined;
  const number = Number(epoch);
  const known =
    instance !== undefined && address !== undefined && Number.isSafeInteger(number) && number >= 0;
  return { place, owner: known ? { instance, address, epoch: number } : undefined };
}
