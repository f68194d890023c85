import type {
  AlertDelivery,
  KeptAlert,
  KeptEscalation,
  KeptEscalationPolicy,
  KeptIncident,
  KeptRotation,
  KeptRule,
  KeptSilence,
} from "@tutti/contracts/insight/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";

/** The alerts of a namespace, folded from events. Only folds change them. */
export interface Alerts {
  readonly rules: Map<string, KeptRule>;
  /** Alerts by id. Ended ones are in the order of their ends. */
  readonly alerts: Map<string, KeptAlert>;
  readonly silences: Map<string, KeptSilence>;
  /** Outstanding or dead deliveries. Dead ones have a problem. */
  readonly deliveries: Map<number, AlertDelivery>;
  /** Time of the next message about a rule. */
  readonly dueMs: Map<string, number>;
  /** Time of the first change that waits for this message, if later changes have moved it. */
  readonly sinceMs: Map<string, number>;
  /** Time of the last requested message about a rule. */
  readonly toldMs: Map<string, number>;
  /** Incidents by id, in the order of their creation. */
  readonly incidents: Map<string, KeptIncident>;
  readonly rotations: Map<string, KeptRotation>;
  readonly policies: Map<string, KeptEscalationPolicy>;
  /** Escalations by rule. Those whose alerts have ended are dropped. */
  readonly escalations: Map<string, KeptEscalation>;
  lastIncident: number;
  lastNumber: number;
  lastId: number;
  /** Ids of open alerts, by rule and labels. Follows from `alerts`. */
  readonly open: Map<string, string>;
  /** Ids of open reported alerts. Follows from `alerts`. */
  readonly reported: Set<string>;
}

/** Sends a message to a receiver. The number identifies the message: it is the same in every attempt. */
export interface DeliverAlerts {
  readonly kind: "deliver_alerts";
  readonly delivery: ReadOnly<AlertDelivery>;
}

export type AlertsView = ReadOnly<Alerts>;
export type AlertsStep = MachineStep<Alerts, DeliverAlerts>;
export type AlertsEvent<Body> = MachineEvent<Alerts, DeliverAlerts, Body>;
export type AlertsCommand<Body, Reply> = Command<Alerts, Body, Reply, DeliverAlerts>;

/** Number of the only timer. */
export const clockTimer = 1;

export function newAlerts(): Alerts {
  return {
    rules: new Map(),
    alerts: new Map(),
    silences: new Map(),
    deliveries: new Map(),
    dueMs: new Map(),
    sinceMs: new Map(),
    toldMs: new Map(),
    incidents: new Map(),
    rotations: new Map(),
    policies: new Map(),
    escalations: new Map(),
    lastIncident: 0,
    lastNumber: 0,
    lastId: 0,
    open: new Map(),
    reported: new Set(),
  };
}

/** Returns the key that distinguishes the alerts of a rule. */
export function placeOf(ruleId: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([ruleId, sorted]);
}
