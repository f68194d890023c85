/** The contract of alerts, rpc by rpc. */
import type { alertService } from "@tutti/contracts/insight/v1";
import type { Handlers } from "@tutti/mesh";
import { acknowledgeAlert, listAlerts, watchAlerts } from "./alerts.ts";
import type { AlertDependencies } from "./dependencies.ts";
import { getIncident, listIncidents, repairIncident, updateIncident } from "./incidents.ts";
import { listNotifications, retryNotifications } from "./notifications.ts";
import { listObjectives } from "./objectives.ts";
import {
  deletePolicy,
  deleteRotation,
  listOnCall,
  listPolicies,
  listRotations,
  setPolicy,
  setRotation,
} from "./on-call.ts";
import { listReceivers, reportAlerts } from "./reports.ts";
import { deleteRule, listRules, setRule, testRule } from "./rules.ts";
import { createSilence, deleteSilence, listSilences } from "./silences.ts";

export function alertHandlers(dependencies: AlertDependencies): Handlers<typeof alertService> {
  return {
    setAlertRule: (request, context) => setRule(dependencies, request, context),
    listAlertRules: (request, context) => listRules(dependencies, request, context),
    deleteAlertRule: (request, context) => deleteRule(dependencies, request, context),
    testAlertRule: (request, context) => testRule(dependencies, request, context),
    listObjectives: (request, context) => listObjectives(dependencies, request, context),
    listAlerts: (request, context) => listAlerts(dependencies, request, context),
    watchAlerts: (request, context) => watchAlerts(dependencies, request, context),
    acknowledgeAlert: (request, context) => acknowledgeAlert(dependencies, request, context),
    reportAlerts: (request, context) => reportAlerts(dependencies, request, context),
    listAlertReceivers: () => listReceivers(dependencies),
    createSilence: (request, context) => createSilence(dependencies, request, context),
    listSilences: (request, context) => listSilences(dependencies, request, context),
    deleteSilence: (request, context) => deleteSilence(dependencies, request, context),
    listIncidents: (request, context) => listIncidents(dependencies, request, context),
    getIncident: (request, context) => getIncident(dependencies, request, context),
    updateIncident: (request, context) => updateIncident(dependencies, request, context),
    repairIncident: (request, context) => repairIncident(dependencies, request, context),
    listNotifications: (request, context) => listNotifications(dependencies, request, context),
    retryNotifications: (request, context) => retryNotifications(dependencies, request, context),
    setRotation: (request, context) => setRotation(dependencies, request, context),
    listRotations: (request, context) => listRotations(dependencies, request, context),
    deleteRotation: (request, context) => deleteRotation(dependencies, request, context),
    setEscalationPolicy: (request, context) => setPolicy(dependencies, request, context),
    listEscalationPolicies: (request, context) => listPolicies(dependencies, request, context),
    deleteEscalationPolicy: (request, context) => deletePolicy(dependencies, request, context),
    listOnCall: (request, context) => listOnCall(dependencies, request, context),
  };
}
