import { SecretsSnapshotV1 } from "@tutti/contracts/governance/v1";
import { kernelErrors, type SnapshotCodec } from "@tutti/kernel";
import { newSecrets, put, type Secrets } from "./state.ts";

const newest = 1;

export const secretsSnapshots: SnapshotCodec<Secrets> = {
  version: newest,
  encode: (secrets) => SecretsSnapshotV1.encode(snapshotOf(secrets as Secrets)).finish(),
  decode(bytes, version) {
    if (version !== newest) throw kernelErrors.snapshotUnknown({ kind: "secrets", version, newest });
    const { changes, secrets, gone } = SecretsSnapshotV1.decode(bytes);
    const state = newSecrets();
    state.changes = changes;
    for (const kept of secrets) put(state, kept.secret?.name ?? "", kept);
    for (const [name, last] of Object.entries(gone)) state.gone.set(name, last);
    return state;
  },
};

export function snapshotOf({ changes, kept, gone }: Secrets): SecretsSnapshotV1 {
  return { changes, secrets: [...kept.values()], gone: Object.fromEntries(gone) };
}
