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
import { type SecretsCommand, type SecretsEvent, type SecretsView, setSecret } from "./state.ts";

export const secretsResealed: SecretsEvent<SecretsResealedV1> = {
  type: "secrets_resealed",
  version: 1,
  codec: SecretsResealedV1,
  evolve(state, { keys }) {
    state.changes += 1;
    for (const [name, some] of Map.groupBy(keys, ({ name }) => name)) {
      const secret = state.stored.get(name);
      if (secret === undefined) continue;
      const byVersion = new Map(some.map((key) => [key.version, key]));
      const versions = secret.versions.map((each) => sealedBy(each, byVersion.get(each.version)));
      setSecret(state, name, { ...secret, versions, revision: state.changes });
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
        problem: `expected at most ${atOnceMax} keys at once, got ${keys.length}`,
      });
    // A key that has ended, or that another call has resealed meanwhile, stays unchanged.
    const current = keys.filter((key) => envelopeOf(state, key)?.sealingKeyId === key.fromKeyId);
    if (current.length > 0) step.emit(secretsResealed, { keys: current });
    return { versions: current.length };
  },
};

function envelopeOf(
  { stored }: SecretsView,
  { name, version }: ReadOnly<ResealedKey>,
): ReadOnly<KeptSecretVersion["envelope"]> {
  return stored.get(name)?.versions.find((each) => each.version === version)?.envelope;
}
