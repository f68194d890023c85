/**
 * A value on its way to its user, sealed for a key that was made for one call. The identity of the secret is
 * part of the seal: it cannot be swapped on the way.
 */
import type { SealedValue } from "@tutti/contracts/governance/v1";
import type { Chance, SecretName } from "./envelope.ts";
import { openedBy, recipientKeyOf, sealedFor } from "./hpke.ts";

const info = Buffer.from("tutti unseal v1");
const keyBytes = 32;

/** Throws if the recipient's key is invalid. */
export function deliveryOf(
  value: Uint8Array,
  name: SecretName,
  { recipientKey, keepMs }: { readonly recipientKey: Uint8Array; readonly keepMs: number },
  chance: Chance,
): SealedValue {
  const ephemeral = chance.fill(new Uint8Array(keyBytes));
  const sealed = sealedFor({ recipientKey, info, plain: value, ephemeral, also: alsoOf(name) });
  return { name: name.name, version: name.version, keepMs, ...sealed };
}

/** The key pair of a receiver for one call. */
export interface Reception {
  readonly recipientKey: Uint8Array;
  /** Returns the value. Undefined if the receiver or the secret differs, or if it was changed. */
  open(sealed: Pick<SealedValue, "name" | "version" | "sealed" | "encapsulatedKey">): Uint8Array | undefined;
}

export function receptionIn(namespace: string, chance: Chance): Reception {
  const privateKey = chance.fill(new Uint8Array(keyBytes));
  return {
    recipientKey: recipientKeyOf(privateKey),
    open: ({ name, version, sealed, encapsulatedKey }) =>
      openedBy({ privateKey, encapsulatedKey, sealed, info, also: alsoOf({ namespace, name, version }) }),
  };
}

/** As JSON, so that no two names have the same form. */
function alsoOf({ namespace, name, version }: SecretName): Uint8Array {
  return Buffer.from(JSON.stringify([namespace, name, version]));
}
