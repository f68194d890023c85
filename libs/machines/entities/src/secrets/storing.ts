/** Stores values, as versions of secrets. */
import {
  type KeptSecretVersion,
  Secret,
  SecretStoredV1,
  SecretsChanged,
  StoreSecret,
} from "@tutti/contracts/governance/v1";
import { toTimestamp } from "@tutti/kernel";
import { idProblem, sorted, weightOf, weightProblem } from "../index.ts";
import { secretsErrors } from "./errors.ts";
import {
  descriptionWeightMax,
  nameLengthMax,
  secretsMax,
  valueWeightMax,
  versionsMax,
  weightMax,
} from "./limits.ts";
import { ended, lastVersionOf, type SecretsCommand, type SecretsEvent, setSecret } from "./state.ts";

export const secretStored: SecretsEvent<SecretStoredV1> = {
  type: "secret_stored",
  version: 1,
  codec: SecretStoredV1,
  described: true,
  evolve(state, { secret, version, overlapUntilMs, rotateMs, timeMs }) {
    if (secret === undefined || version === undefined) return;
    const { name } = secret;
    const before = state.stored.get(name);
    state.changes += 1;
    const older = (before?.versions ?? []).map((each) => endingAt(each, overlapUntilMs, timeMs));
    setSecret(state, name, {
      secret,
      rotateMs,
      revision: state.changes,
      lastVersion: version.version,
      versions: [...older, version].slice(-versionsMax),
      useMs: before?.useMs ?? 0,
    });
    state.removed.delete(name);
  },
};

function endingAt(version: KeptSecretVersion, untilMs: number, nowMs: number): KeptSecretVersion {
  const expireMs = version.expireMs === 0 ? untilMs : Math.min(version.expireMs, untilMs);
  return expireMs <= nowMs ? ended(version, expireMs) : { ...version, expireMs };
}

export const storeSecret: SecretsCommand<StoreSecret, SecretsChanged> = {
  type: "store_secret",
  codec: StoreSecret,
  reply: SecretsChanged,
  decide(state, { secret, version, overlapMs, rotateMs }, step) {
    if (secret === undefined || version?.envelope === undefined)
      return secretsErrors.invalid.refusal({ problem: "expected a secret with a sealed value, got none" });
    const { name } = secret;
    const bareSecret = bare(secret);
    const { value } = version.envelope;
    const problem =
      idProblem("secret", name, nameLengthMax) ??
      weightProblem("description", Secret, bareSecret, descriptionWeightMax) ??
      (value.length > valueWeightMax ? `expected a value of at most 65536 bytes` : undefined);
    if (problem !== undefined) return secretsErrors.invalid.refusal({ problem });
    const existing = state.stored.get(name);
    const repeated = existing?.versions.find(({ intent }) => intent !== "" && intent === version.intent);
    if (repeated !== undefined) return secretsErrors.repeated.refusal({ name, version: repeated.version });
    const last = lastVersionOf(state, name);
    if (version.version !== last + 1)
      return secretsErrors.moved.refusal({ name, version: version.version, next: last + 1 });
    if (existing === undefined && state.stored.size >= secretsMax)
      return secretsErrors.full.refusal({ items: "secrets", max: secretsMax });
    if (state.weight + weightOf(Secret, bareSecret) + value.length > weightMax)
      return secretsErrors.full.refusal({ items: "bytes of secrets", max: weightMax });
    const { nowMs, cause: createCause } = step;
    step.emit(secretStored, {
      secret: bareSecret,
      version: { ...version, createMs: nowMs, createCause },
      overlapUntilMs: nowMs + Math.max(0, overlapMs),
      rotateMs,
      timeMs: nowMs,
    });
    return { versions: 1 };
  },
};

/** Returns the secret without fields that the service sets. */
function bare({ name, description, labels, users }: Secret): Secret {
  return Secret.fromPartial({ name, description, labels: sorted(labels), users });
}

/** Returns a version as a message of the contract. */
export function versionOf(
  { version, createMs, createCause, expireMs }: KeptSecretVersion,
  hasEnded: boolean,
) {
  return {
    version,
    createCause,
    ended: hasEnded,
    createTime: toTimestamp(createMs),
    expireTime: expireMs === 0 ? undefined : toTimestamp(expireMs),
  };
}
