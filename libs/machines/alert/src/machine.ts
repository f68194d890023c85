/**
 * The alert machine of a namespace: the table of its commands, events and queries.
 *
 * 1. The service evaluates rules. The machine decides about the changes of an evaluation, and the receivers to
 *    notify.
 * 2. Receivers are notified of every start and every end once, each with messages of its own. A message stays
 *    outstanding until its receiver has it, or it is dead and visible.
 * 3. A receiver that does not know of a start is not notified of the end.
 * 4. Receivers get no messages about an alert while it is silenced or inhibited. Afterwards they get its status.
 * 5. Alerts of one cause are one incident. An alert stays in the incident that it joined.
 * 6. The alerts of a rule escalate step by step until they are acknowledged or have ended, see
 *    `escalation/climb.ts`.
 */
import { AlertSnapshotV1, type KeptRule } from "@tutti/contracts/insight/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Machine, Query } from "@tutti/kernel";
import { observe, takeAlert } from "./alert/commands.ts";
import { alertsChanged, alertsTaken, alertTaken } from "./alert/events.ts";
import { retryDeliveries, settleDelivery } from "./delivery/commands.ts";
import { recover } from "./delivery/due.ts";
import { deliveriesRequested, deliveriesRetried, deliverySettled } from "./delivery/events.ts";
import { expire } from "./delivery/send.ts";
import { escalationsChanged } from "./escalation/events.ts";
import { changeIncident } from "./incident/commands.ts";
import { incidentsChanged } from "./incident/events.ts";
import { keepPolicy, keepRotation, removePolicy, removeRotation } from "./on-call/commands.ts";
import { onCallChanged } from "./on-call/events.ts";
import { takeAlertReports } from "./report/commands.ts";
import { alertReportsRenewed } from "./report/events.ts";
import { installRules, keepRule, removeRule } from "./rule/commands.ts";
import { ruleRemoved, rulesKept } from "./rule/events.ts";
import { addSilence, endSilence, silenceAdded, silenceEnded } from "./silence/silences.ts";
import { alertSnapshots, snapshotOf } from "./snapshots.ts";
import { type Alerts, type DeliverAlerts, newAlerts } from "./state.ts";

/** Returns the whole state. */
export const snapshotQuery: Query<Alerts, void, AlertSnapshotV1> = {
  type: "kept",
  answer: (state) => snapshotOf(state),
};

/** Returns only the rules: they are read for every evaluation. */
export const rulesQuery: Query<Alerts, void, readonly KeptRule[]> = {
  type: "kept_rules",
  // The cast is safe: the value is only read.
  answer: (state) => [...state.rules.values()] as KeptRule[],
};

/** Returns the number of dead messages. */
export const deadMessages: Query<Alerts, void, number> = {
  type: "dead_messages",
  answer: ({ deliveries }) => [...deliveries.values()].filter(({ problem }) => problem !== "").length,
};

export const alert: Machine<Alerts, DeliverAlerts> = {
  kind: "alert",
  behaviour: 1,
  isEndless: true,
  create: newAlerts,
  commands: [
    installRules,
    keepRule,
    removeRule,
    observe,
    takeAlert,
    takeAlertReports,
    addSilence,
    endSilence,
    settleDelivery,
    retryDeliveries,
    changeIncident,
    keepRotation,
    removeRotation,
    keepPolicy,
    removePolicy,
  ],
  events: [
    rulesKept,
    ruleRemoved,
    alertsChanged,
    alertTaken,
    alertReportsRenewed,
    silenceAdded,
    silenceEnded,
    deliveriesRequested,
    deliverySettled,
    deliveriesRetried,
    incidentsChanged,
    alertsTaken,
    onCallChanged,
    escalationsChanged,
  ],
  queries: [snapshotQuery, rulesQuery, deadMessages],
  expire: (state, _, step) => expire(state, step),
  snapshots: alertSnapshots,
  recover,
  describe: () => ({ status: WorkStatus.WORK_STATUS_RUNNING, definition: "", labels: {}, idChosen: true }),
  project: (state) => AlertSnapshotV1.toJSON(snapshotOf(state)),
};
