/** Issues values: the record is durable before a value leaves. */
import { NoteSecretUses, SecretsChanged, SecretsUsedV1 } from "@tutti/contracts/governance/v1";
import { secretsErrors } from "./errors.ts";
import { atOnceMax, minuteMs } from "./limits.ts";
import { isInForce, type SecretsCommand, type SecretsEvent, setSecret } from "./state.ts";

export const secretsUsed: SecretsEvent<SecretsUsedV1> = {
  type: "secrets_used",
  version: 1,
  codec: SecretsUsedV1,
  evolve(state, { uses, timeMs }) {
    const useMs = Math.floor(timeMs / minuteMs) * minuteMs;
    for (const { name } of uses) {
      const secret = state.stored.get(name);
      if (secret !== undefined && secret.useMs < useMs) setSecret(state, name, { ...secret, useMs });
    }
  },
};

export const noteSecretUses: SecretsCommand<NoteSecretUses, SecretsChanged> = {
  type: "note_secret_uses",
  codec: NoteSecretUses,
  reply: SecretsChanged,
  decide({ stored }, { uses, work }, step) {
    if (uses.length > atOnceMax)
      return secretsErrors.invalid.refusal({
        problem: `expected at most ${atOnceMax} uses at once, got ${uses.length}`,
      });
    for (const { name, version } of uses) {
      const found = stored.get(name)?.versions.find((each) => each.version === version);
      if (found === undefined || !isInForce(found, step.nowMs))
        return secretsErrors.notInForce.refusal({ name, version });
    }
    if (uses.length > 0) step.emit(secretsUsed, { uses: [...uses], work, timeMs: step.nowMs });
    return { versions: uses.length };
  },
};
