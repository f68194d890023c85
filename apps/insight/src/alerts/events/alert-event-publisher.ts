/** Publishes bus events when alerts fire, are acknowledged and end. */
import { type Bus, contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type InsightEventPayloads, insightEvents } from "@tutti/contracts/events/v1/insight";
import {
  AlertStatus,
  type AlertsChangedV1,
  type AlertsTakenV1,
  type AlertTakenV1,
  type KeptAlert,
} from "@tutti/contracts/insight/v1";
import type { Severity } from "@tutti/contracts/types/v1";
import { headOf, MachineEventPublisher, type NoteHead, type NoteOf } from "@tutti/host/serving";
import { type Foundation, toTimestamp } from "@tutti/kernel";
import { type Alerts, alert } from "@tutti/machine-alert";
import type { Happening } from "@tutti/runtime";

type EventType = keyof InsightEventPayloads & `tutti.insight.alert.${string}`;

interface AlertNote<T extends EventType = EventType> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  readonly resource: string;
  readonly body: Omit<InsightEventPayloads[T], "header">;
  readonly part: number;
}

const source = "/tutti/insight";
/** Maximum number of events per evaluation. If 10,000 alerts fire at once, only the list has all. */
const eventsPerEvaluationMax = 100;

const notes: Readonly<Record<string, NoteOf<Alerts, never>>> = {
  alerts_changed: (_alerts, { alerts }: AlertsChangedV1, happening) =>
    alerts
      .filter(({ status }) => status !== AlertStatus.ALERT_STATUS_PENDING)
      .slice(0, eventsPerEvaluationMax)
      .map((changed, part) =>
        changed.status === AlertStatus.ALERT_STATUS_FIRING
          ? noteOf(happening, "tutti.insight.alert.raised", changed.alertId, raised(changed), part)
          : noteOf(happening, "tutti.insight.alert.resolved", changed.alertId, resolved(changed), part),
      ),
  alert_taken: ({ alerts }, { alertId }: AlertTakenV1, happening) =>
    noteOf(
      happening,
      "tutti.insight.alert.acknowledged",
      alertId,
      { rule: alerts.get(alertId)?.ruleId ?? "" },
      0,
    ),
  alerts_taken: ({ alerts }, { alertIds }: AlertsTakenV1, happening) =>
    alertIds
      .slice(0, eventsPerEvaluationMax)
      .map((id, part) =>
        noteOf(
          happening,
          "tutti.insight.alert.acknowledged",
          id,
          { rule: alerts.get(id)?.ruleId ?? "" },
          part,
        ),
      ),
};

function raised({ ruleId, severity, title, labels, values }: KeptAlert) {
  // The cast: the rule had one of the contract.
  const about = { rule: ruleId, severity: severity as Severity, summary: title, labels: { ...labels } };
  return { ...about, value: Object.values(values)[0] ?? 0, threshold: 0 };
}

function resolved({ ruleId, startMs, endMs }: KeptAlert) {
  return { rule: ruleId, durationMs: endMs - startMs };
}

function noteOf<T extends EventType>(
  happening: Happening,
  type: T,
  resource: string,
  body: AlertNote<T>["body"],
  part: number,
): AlertNote<T> {
  return { kind: "event", ...headOf(happening), type, resource, body, part };
}

export function alertEventPublisher({
  bus,
  foundation,
}: {
  readonly bus: Pick<Bus, "publish">;
  readonly foundation: Foundation;
}): MachineEventPublisher<AlertNote> {
  const leftOut = foundation.metrics
    .counter({
      name: "tutti_insight_alert_events_left_out_total",
      help: "Alert events dropped because the publish queue was full.",
    })
    .with({});
  const mapper = {
    eventOf({ key, event, timeMs, cause, type, resource, body, part }: AlertNote): EventInput {
      const { namespace } = key;
      const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
      // The body is the payload of this very type without its header.
      const payload = { ...body, header } as unknown as InsightEventPayloads[typeof type];
      return contractEvent(insightEvents[type], payload, { source, part });
    },
    isEnd: () => false,
    progressOf: () => Promise.resolve(undefined),
  };
  return new MachineEventPublisher({
    bus,
    foundation,
    sources: [{ machine: alert, notes }],
    mapper,
    dropped: leftOut,
  });
}
