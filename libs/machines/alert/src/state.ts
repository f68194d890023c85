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
  /** By id. Those that are over come in the order in which they ended. */
  readonly alerts: Map<string, KeptAlert>;
  readonly silences: Map<string, KeptSilence>;
  /** Under way, or dead: then they have a problem. */
  readonly deliveries: Map<number, AlertDelivery>;
  /** When the next message about a rule is due. */
  readonly dueMs: Map<string, number>;
  /** When the last message about a rule was requested. */
  readonly toldMs: Map<string, number>;
  /** By id, in the order in which they were opened. */
  readonly incidents: Map<string, KeptIncident>;
  readonly rotations: Map<string, KeptRotation>;
  readonly policies: Map<string, KeptEscalationPolicy>;
  /** By rule. Those whose alerts are over are not kept. */
  readonly escalations: Map<string, KeptEscalation>;
  lastIncident: number;
  lastNumber: number;
  lastId: number;
  /** Follows from `alerts`: ids of those that are not over, by rule and labels. */
  readonly open: Map<string, string>;
  /** Follows from `alerts`: ids of reported ones that are not over. */
  readonly reported: Set<string>;
}

/** Tell a receiver. The number is the identity of the message: it is the same in every attempt. */
export interface DeliverAlerts {
  readonly kind: "deliver_alerts";
  readonly delivery: ReadOnly<AlertDelivery>;
}

export type AlertsView = ReadOnly<Alerts>;
export type AlertsStep = MachineStep<Alerts, DeliverAlerts>;
export type AlertsEvent<Body> = MachineEvent<Alerts, DeliverAlerts, Body>;
export type AlertsCommand<Body, Reply> = Command<Alerts, Body, Reply, DeliverAlerts>;

/** Number of the one timer. */
export const clockTimer = 1;

export function newAlerts(): Alerts {
  return {
    rules: new Map(),
    alerts: new Map(),
    silences: new Map(),
    deliveries: new Map(),
    dueMs: new Map(),
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

/** What tells an alert of a rule from its others. */
export function placeOf(ruleId: string, labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([ruleId, sorted]);
}
