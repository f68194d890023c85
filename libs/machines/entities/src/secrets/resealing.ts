/**
 * Reseals the keys of versions with another key of the installation. The values stay unchanged and sealed.
 */
import {
  type KeptSecretVersion,
  type ResealedKey,
  ResealSecrets,
  SecretsChanged,
  SecretsResealedV1,
} from "@tutti/contracts/governance/v1";
import type { ReadOnly } from "@tutti/kernel";
import { secretsErrors } from "./errors.ts";
import { atOnceMax } from "./limits.ts";
import { put, type SecretsCommand, type SecretsEvent, type SecretsView } from "./state.ts";

export const secretsResealed: SecretsEvent<SecretsResealedV1> = {
  type: "secrets_resealed",
  version: 1,
  codec: SecretsResealedV1,
  evolve(state, { keys }) {
    state.changes += 1;
    for (const [name, some] of Map.groupBy(keys, ({ name }) => name)) {
      const kept = state.kept.get(name);
      if (kept === undefined) continue;
      const byVersion = new Map(some.map((key) => [key.version, key]));
      const versions = kept.versions.map((one) => sealedBy(one, byVersion.get(one.version)));
      put(state, name, { ...kept, versions, revision: state.changes });
    }
  },
};

function sealedBy(version: KeptSecretVersion, resealed: ResealedKey | undefined): KeptSecretVersion {
  const { envelope } = version;
  if (envelope === undefined || resealed === undefined) return version;
  const { sealingKeyId, key } = resealed;
  return { ...version, envelope: { ...envelope, sealingKeyId, key } };
}

export const resealSecrets: SecretsCommand<ResealSecrets, SecretsChanged> = {
  type: "reseal_secrets",
  codec: ResealSecrets,
  reply: SecretsChanged,
  decide(state, { keys }, step) {
    if (keys.length > atOnceMax)
      return secretsErrors.invalid.refusal({
        problem: `expected at most ${atOnceMax} keys at once, found ${keys.length}`,
      });
    // A key that has ended, or that another call has resealed meanwhile, stays unchanged.
    const current = keys.filter((key) => envelopeOf(state, key)?.sealingKeyId === key.fromKeyId);
    if (current.length > 0) step.emit(secretsResealed, { keys: current });
    return { versions: current.length };
  },
};

function envelopeOf(
  { kept }: SecretsView,
  { name, version }: ReadOnly<ResealedKey>,
): ReadOnly<KeptSecretVersion["envelope"]> {
  return kept.get(name)?.versions.find((one) => one.version === version)?.envelope;
}
