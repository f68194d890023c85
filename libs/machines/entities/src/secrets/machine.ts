/**
 * The secrets machine of a namespace.
 *
 * 1. A value exists here only in an envelope. Neither the machine nor its journal can open one.
 * 2. Each value is a version of its own, under a number that never names another one.
 * 3. Only the existence of an ended version is kept. Journals keep its envelope until they are cut.
 * 4. The journal records the receiver of a value before the value is sent.
 */
import { SecretsSnapshotV1 } from "@tutti/contracts/governance/v1";
import type { Query } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import { endSecret, secretEnded } from "./ending.ts";
import { resealSecrets, secretsResealed } from "./resealing.ts";
import { newSecrets, put, type Secrets, type SecretsView } from "./state.ts";
import { secretStored, storeSecret } from "./storing.ts";
import { noteSecretUses, secretsUsed } from "./using.ts";

export const secretsKind = "secrets";

/** Returns a copy of all secrets at the time of the request. */
export const secretContents: Query<Secrets, void, SecretsView> = {
  type: "contents",
  answer: (state) => ({ ...state, kept: new Map(state.kept), gone: new Map(state.gone) }),
};

export const secrets = entity({
  kind: secretsKind,
  isConfidential: true,
  create: newSecrets,
  commands: [storeSecret, endSecret, resealSecrets, noteSecretUses],
  events: [secretStored, secretEnded, secretsResealed, secretsUsed],
  queries: [secretContents],
  snapshot: {
    codec: SecretsSnapshotV1,
    of: ({ changes, kept, gone }: Secrets) => ({
      changes,
      secrets: [...kept.values()],
      gone: Object.fromEntries(gone),
    }),
    from({ changes, secrets: all, gone }) {
      const state = newSecrets();
      state.changes = changes;
      for (const kept of all) put(state, kept.secret?.name ?? "", kept);
      for (const [name, last] of Object.entries(gone)) state.gone.set(name, last);
      return state;
    },
  },
  labels: ({ kept }) => ({ secrets: String(kept.size) }),
});
