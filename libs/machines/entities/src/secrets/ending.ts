/** Ends versions, or all of a secret. */
import { EndSecret, SecretEndedV1, SecretsChanged } from "@tutti/contracts/governance/v1";
import { ended, isInForce, type SecretsCommand, type SecretsEvent, setSecret } from "./state.ts";

export const secretEnded: SecretsEvent<SecretEndedV1> = {
  type: "secret_ended",
  version: 1,
  codec: SecretEndedV1,
  described: true,
  evolve(state, { name, versions, timeMs }) {
    const secret = state.stored.get(name);
    if (secret === undefined) return;
    state.changes += 1;
    if (versions.length === 0) {
      setSecret(state, name, undefined);
      state.removed.set(name, secret.lastVersion);
      return;
    }
    const ending = new Set(versions);
    setSecret(state, name, {
      ...secret,
      revision: state.changes,
      versions: secret.versions.map((each) => (ending.has(each.version) ? ended(each, timeMs) : each)),
    });
  },
};

export const endSecret: SecretsCommand<EndSecret, SecretsChanged> = {
  type: "end_secret",
  codec: EndSecret,
  reply: SecretsChanged,
  decide({ stored }, { name, versions }, step) {
    const found = stored.get(name);
    if (found === undefined) return { versions: 0 };
    const isSelected = (version: number) => versions.length === 0 || versions.includes(version);
    const open = found.versions.filter((each) => isSelected(each.version) && isInForce(each, step.nowMs));
    if (open.length > 0 || versions.length === 0)
      step.emit(secretEnded, { name, versions: [...versions], timeMs: step.nowMs });
    return { versions: open.length };
  },
};
