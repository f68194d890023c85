/** Seals and opens values with the keys of the installation. */
import type { KeptSecretVersion } from "@tutti/contracts/governance/v1";
import type { SealingKeys } from "@tutti/host";
import type { ReadOnly } from "@tutti/kernel";
import { type Envelope, type SealingKey, type SecretName, unwrapped } from "@tutti/policy";
import { governanceErrors } from "../errors.ts";

/** Returns the sealing key of an envelope. */
export function sealingKeyOf(sealing: SealingKeys, envelope: Envelope, { name }: SecretName): SealingKey {
  const { sealingKeyId } = envelope;
  const key = sealing.find(sealingKeyId);
  if (key === undefined) throw governanceErrors.sealingKeyMissing({ name, sealingKeyId });
  return key;
}

export function envelopeIn({ envelope }: ReadOnly<KeptSecretVersion>): Envelope | undefined {
  // The cast: it is only read.
  return envelope as Envelope | undefined;
}

export function valueIn(sealing: SealingKeys, envelope: Envelope, name: SecretName): Uint8Array {
  const value = unwrapped(envelope, name, sealingKeyOf(sealing, envelope, name));
  if (value === undefined)
    throw governanceErrors.secretUnreadable({ name: name.name, version: name.version });
  return value;
}
