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
import { newSecrets, type Secrets, type SecretsView, setSecret } from "./state.ts";
import { secretStored, storeSecret } from "./storing.ts";
import { noteSecretUses, secretsUsed } from "./using.ts";

export const secretsKind = "secrets";

/** Returns a copy of all secrets at the time of the request. */
export const secretContents: Query<Secrets, void, SecretsView> = {
  type: "contents",
  answer: (state) => ({ ...state, stored: new Map(state.stored), removed: new Map(state.removed) }),
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
    of: ({ changes, stored, removed }: Secrets) => ({
      changes,
      secrets: [...stored.values()],
      gone: Object.fromEntries(removed),
    }),
    from({ changes, secrets: all, gone }) {
      const state = newSecrets();
      state.changes = changes;
      for (const secret of all) setSecret(state, secret.secret?.name ?? "", secret);
      for (const [name, last] of Object.entries(gone)) state.removed.set(name, last);
      return state;
    },
  },
  labels: ({ stored }) => ({ secrets: String(stored.size) }),
});
