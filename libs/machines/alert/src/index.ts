export { observe, takeAlert } from "./alert/commands.ts";
export { retryDeliveries, settleDelivery } from "./delivery/commands.ts";
export { alertErrors } from "./errors.ts";
export { changeIncident } from "./incident/commands.ts";
export * from "./limits.ts";
export { alert, deadMessages, kept, keptRules } from "./machine.ts";
export { installRules, keepRule, removeRule } from "./rule/commands.ts";
export { addSilence, endSilence, silenceOf } from "./silence/silences.ts";
export type { Alerts, DeliverAlerts } from "./state.ts";
