/** Ends versions, or all of a secret. */
import { EndSecret, SecretEndedV1, SecretsChanged } from "@tutti/contracts/governance/v1";
import { ended, isInForce, put, type SecretsCommand, type SecretsEvent } from "./state.ts";

export const secretEnded: SecretsEvent<SecretEndedV1> = {
  type: "secret_ended",
  version: 1,
  codec: SecretEndedV1,
  described: true,
  evolve(state, { name, versions, timeMs }) {
    const kept = state.kept.get(name);
    if (kept === undefined) return;
    state.changes += 1;
    if (versions.length === 0) {
      put(state, name, undefined);
      state.gone.set(name, kept.lastVersion);
      return;
    }
    const wanted = new Set(versions);
    put(state, name, {
      ...kept,
      revision: state.changes,
      versions: kept.versions.map((one) => (wanted.has(one.version) ? ended(one, timeMs) : one)),
    });
  },
};

export const endSecret: SecretsCommand<EndSecret, SecretsChanged> = {
  type: "end_secret",
  codec: EndSecret,
  reply: SecretsChanged,
  decide({ kept }, { name, versions }, step) {
    const found = kept.get(name);
    if (found === undefined) return { versions: 0 };
    const isMeant = (version: number) => versions.length === 0 || versions.includes(version);
    const open = found.versions.filter((one) => isMeant(one.version) && isInForce(one, step.nowMs));
    if (open.length > 0 || versions.length === 0)
      step.emit(secretEnded, { name, versions: [...versions], timeMs: step.nowMs });
    return { versions: open.length };
  },
};
