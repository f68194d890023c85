/**
 * The secrets of a namespace, a machine.
 *
 * 1. A value is here in an envelope alone; neither the machine nor its journal can open one.
 * 2. Each value is a version of its own, under a number that never names another one.
 * 3. Of what has ended nothing is kept but that it was; journals keep its envelope until they are cut.
 * 4. Whoever is given a value is in the journal before.
 */
import { SecretsSnapshotV1 } from "@tutti/contracts/governance/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Machine, Query } from "@tutti/kernel";
import { endSecret, secretEnded } from "./ending.ts";
import { resealSecrets, secretsResealed } from "./resealing.ts";
import { secretsSnapshots, snapshotOf } from "./snapshots.ts";
import { newSecrets, type Secrets, type SecretsView } from "./state.ts";
import { secretStored, storeSecret } from "./storing.ts";
import { noteSecretUses, secretsUsed } from "./using.ts";

export const secretsKind = "secrets";

/** All of them, as they were when it was asked. */
export const secretContents: Query<Secrets, void, SecretsView> = {
  type: "contents",
  answer: (state) => ({ ...state, kept: new Map(state.kept), gone: new Map(state.gone) }),
};

export const secrets: Machine<Secrets, never> = {
  kind: secretsKind,
  behaviour: 1,
  isEndless: true,
  create: newSecrets,
  commands: [storeSecret, endSecret, resealSecrets, noteSecretUses],
  events: [secretStored, secretEnded, secretsResealed, secretsUsed],
  queries: [secretContents],
  snapshots: secretsSnapshots,
  recover() {},
  describe: ({ kept }) => ({
    status: WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: { secrets: String(kept.size) },
    idChosen: true,
  }),
  project: (state) => SecretsSnapshotV1.toJSON(snapshotOf(state as Secrets)),
};
