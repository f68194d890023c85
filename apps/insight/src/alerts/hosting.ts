/** The alerting part of the service. */
import { alertService, ChangeIncident } from "@tutti/contracts/insight/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import type { HostContext } from "@tutti/host";
import type { ServiceAgent } from "@tutti/host/service-agent";
import { EffectJobs, execute, WatchMemory } from "@tutti/host/serving";
import type { Orchestrator } from "@tutti/kernel";
import { alert, changeIncident } from "@tutti/machine-alert";
import type { insightSection } from "../configuration.ts";
import { Repairs, type RepairsParts } from "../repairs/repairs.ts";
import type { Recorder } from "../series/recorder.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";
import type { AlertDependencies } from "./api/dependencies.ts";
import { alertHandlers } from "./api/handlers.ts";
import { alertEventPublisher } from "./events/alert-event-publisher.ts";
import { keyOf } from "./key.ts";
import { Notifications } from "./notifications.ts";
import { Receivers } from "./receivers/receivers.ts";
import { Evaluator } from "./rules/evaluator.ts";

export const alertMachines = [alert];

type Settings = Pick<
  ReturnType<typeof insightSection.schema.parse>,
  "receivers" | "builtInReceivers" | "builtInEscalation" | "privateReceivers" | "dashboardUrl"
>;

export interface AlertParts {
  readonly settings: Settings;
  readonly thread: Pick<SeriesThread, "request">;
  readonly recorder: Pick<Recorder, "catchUp">;
  readonly explain: AlertDependencies["explain"];
  readonly agent: ServiceAgent;
}

export function hostAlerts(orchestrator: Orchestrator, host: HostContext, parts: AlertParts): void {
  const { mesh, partitionOwner, foundation } = host;
  const { settings, thread, recorder, explain, agent } = parts;
  const publisher = alertEventPublisher(host);
  orchestrator.register("alert-events", publisher, { critical: false });
  const notifications = new Notifications(publisher);
  const { runtime, archive } = host.storage(notifications);
  const actor = { kind: ActorKind.ACTOR_KIND_SERVICE, id: "insight" };
  const cause = { actor, traceparent: "", decision: "", reason: "" };
  const jobs = new EffectJobs({ runtime, foundation, cause });
  orchestrator.register("notifications", jobs, { critical: false });
  const receivers = new Receivers({
    foundation,
    settings: settings.receivers,
    arePrivateAllowed: settings.privateReceivers,
    runs: mesh.client(runService),
    dashboardUrl: settings.dashboardUrl,
  });
  notifications.initialize({ jobs, receivers, foundation });
  const dependencies = { runtime, archive, partitionOwner, foundation, thread };
  const evaluator = new Evaluator({
    ...dependencies,
    recorder,
    builtInReceivers: settings.builtInReceivers.filter((name) => receivers.has(name)),
    builtInEscalation: settings.builtInEscalation,
    dashboardUrl: settings.dashboardUrl,
  });
  orchestrator.register("alert-rules", evaluator, { critical: false });
  const watches = new WatchMemory(foundation.clock, host.ids);
  const droppedReports = foundation.metrics
    .counter({
      name: "tutti_insight_reported_alerts_left_out_total",
      help: "Reported alerts that were dropped, because there were too many or their rule is disabled.",
    })
    .with({});
  const addNote: RepairsParts["addNote"] = async ({ namespace, incidentId }, text, context) => {
    const body = ChangeIncident.fromPartial({ incidentId, note: text });
    await execute(dependencies, keyOf(namespace), { command: changeIncident, body }, context);
  };
  const { guard, ids } = host;
  const repairs = new Repairs({ foundation, mesh, guard, ids, agent, addNote });
  const served = {
    ...dependencies,
    evaluator,
    receivers,
    notifications,
    watches,
    droppedReports,
    explain,
    repairs,
  };
  mesh.serve(alertService, alertHandlers(served));
}
