/** Serves Alertmanager's API v2 by the routes of alerts and silences. */
import type { Alert, AlertRule, Silence } from "@tutti/rest/types";
import type { RequestContext } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import {
  AlertmanagerError,
  filterIn,
  type GettableAlert,
  gettableAlert,
  gettableSilence,
  isSelected,
  isSilenceSelected,
  type Json,
  reportedAlerts,
  silenceBody,
} from "./shapes.ts";

export interface AlertmanagerParts {
  readonly calls: Pick<RouteCalls, "call">;
  readonly version: string;
  readonly now: () => number;
}

/** One request. */
export interface AlertmanagerCall {
  readonly context: RequestContext;
  /** Empty means that of the caller. */
  readonly namespace: string;
  readonly search: URLSearchParams;
  readonly body: unknown;
  readonly id: string;
}

const size = "1000";
const reportBatchSize = 1_000;

export class Alertmanager {
  readonly #parts: AlertmanagerParts;
  readonly #startMs: number;

  constructor(parts: AlertmanagerParts) {
    this.#parts = parts;
    this.#startMs = parts.now();
  }

  async status(call: AlertmanagerCall): Promise<Json> {
    const [rules, receivers] = await Promise.all([this.#rules(call), this.receivers(call)]);
    const unknown = "";
    return {
      cluster: { name: unknown, status: "disabled", peers: [] },
      config: {
        original: routingTree(
          rules,
          receivers.map(({ name }) => name),
        ),
      },
      uptime: new Date(this.#startMs).toISOString(),
      versionInfo: {
        version: this.#parts.version,
        branch: "tutti",
        revision: unknown,
        buildDate: unknown,
        buildUser: unknown,
        goVersion: unknown,
      },
    };
  }

  async receivers({ context, namespace }: AlertmanagerCall): Promise<readonly { readonly name: string }[]> {
    const query = queryOf(namespace);
    const { receivers } = await this.#parts.calls.call("alertReceivers.list", context, { query });
    return receivers.map(({ name = "" }) => ({ name }));
  }

  async alerts(call: AlertmanagerCall): Promise<readonly GettableAlert[]> {
    const filter = filterIn(call.search);
    const [alerts, rules] = await Promise.all([this.#alerts(call), this.#rules(call)]);
    const byId = new Map(rules.map((rule) => [rule.ruleId ?? "", rule]));
    const fingerprints = new Map(alerts.map(({ alertId, fingerprint = "" }) => [alertId, fingerprint]));
    return alerts
      .map((alert) => gettableAlert(alert, byId, fingerprints, this.#parts.now()))
      .filter((alert) => isSelected(alert, filter))
      .sort((one, other) => (one.fingerprint < other.fingerprint ? -1 : 1));
  }

  /** The alerts of a name are notified together, to each receiver. */
  async groups(call: AlertmanagerCall): Promise<readonly Json[]> {
    const alerts = await this.alerts(call);
    const groups = new Map<string, { name: string; receiver: string; alerts: GettableAlert[] }>();
    for (const alert of alerts) {
      const name = alert.labels["alertname"] ?? "";
      const receivers = alert.receivers.length > 0 ? alert.receivers : [{ name: "none" }];
      for (const { name: receiver } of receivers) {
        const key = JSON.stringify([name, receiver]);
        const group = groups.get(key) ?? { name, receiver, alerts: [] };
        group.alerts.push(alert);
        groups.set(key, group);
      }
    }
    return [...groups.entries()]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { name, receiver, alerts: all }]) => ({
        labels: { alertname: name },
        receiver: { name: receiver },
        alerts: all,
      }));
  }

  async report({ context, namespace, body }: AlertmanagerCall): Promise<undefined> {
    const alerts = reportedAlerts(body);
    for (let at = 0; at < alerts.length; at += reportBatchSize) {
      const part = { alerts: alerts.slice(at, at + reportBatchSize) };
      await this.#parts.calls.call("alerts.report", context, { query: queryOf(namespace), body: part });
    }
  }

  async silences(call: AlertmanagerCall): Promise<readonly Json[]> {
    const silences = await this.#silences(call);
    return silences
      .map((silence) => gettableSilence(silence, this.#parts.now()))
      .filter((silence) => isSilenceSelected(silence, call.search));
  }

  async silence(call: AlertmanagerCall): Promise<Json> {
    const found = (await this.#silences(call)).find(({ silenceId }) => silenceId === call.id);
    if (found === undefined) throw new AlertmanagerError(404, "silence not found");
    return gettableSilence(found, this.#parts.now());
  }

  async createSilence({ context, namespace, body: input }: AlertmanagerCall): Promise<Json> {
    const { replaces, ...body } = silenceBody(input, this.#parts.now());
    const { silenceId } = await this.#parts.calls.call("silences.create", context, {
      query: queryOf(namespace),
      body: { ...body, ...(replaces !== "" && { replaces }) },
    });
    return { silenceID: silenceId };
  }

  async endSilence({ context, namespace, id }: AlertmanagerCall): Promise<undefined> {
    const parts = { params: { id }, query: queryOf(namespace) };
    const { removed } = await this.#parts.calls.call("silences.delete", context, parts);
    if (removed !== true) throw new AlertmanagerError(404, "silence not found");
  }

  /** Those that fire. Alertmanager does not know of acknowledgements. */
  #alerts({ context, namespace }: AlertmanagerCall): Promise<Alert[]> {
    return pagesOf(async (token) => {
      const query = { ...queryOf(namespace), status: ["firing", "acknowledged"], size, token };
      const { alerts, nextToken } = await this.#parts.calls.call("alerts.list", context, { query });
      return { items: alerts, nextToken };
    });
  }

  #rules({ context, namespace }: AlertmanagerCall): Promise<AlertRule[]> {
    return pagesOf(async (token) => {
      const query = { ...queryOf(namespace), size, token };
      const { rules, nextToken } = await this.#parts.calls.call("alertRules.list", context, { query });
      return { items: rules, nextToken };
    });
  }

  #silences({ context, namespace }: AlertmanagerCall): Promise<Silence[]> {
    return pagesOf(async (token) => {
      const query = { ...queryOf(namespace), size, token };
      const { silences, nextToken } = await this.#parts.calls.call("silences.list", context, { query });
      return { items: silences, nextToken };
    });
  }
}

function queryOf(namespace: string): { readonly namespace?: string } {
  return namespace === "" ? {} : { namespace };
}

async function pagesOf<T>(
  page: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly T[]; readonly nextToken?: string | undefined }>,
): Promise<T[]> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { items, nextToken } = await page(token);
    all.push(...items);
    token = nextToken || undefined;
  } while (token !== undefined);
  return all;
}

/** Receives alerts without a receiver. */
const noReceiver = "none";

/**
 * Rules and receivers as a configuration of Alertmanager, for tools that show or test its routes. Texts are quoted as in JSON,
 * which YAML reads.
 */
function routingTree(rules: readonly AlertRule[], receivers: readonly string[]): string {
  const routes = rules.flatMap(({ ruleId = "", receivers: names, disabled }) =>
    disabled === true
      ? []
      : names.flatMap((receiver) => [
          `    - receiver: ${JSON.stringify(receiver)}`,
          `      matchers: [${JSON.stringify(`alertname=${JSON.stringify(ruleId)}`)}]`,
          "      continue: true",
        ]),
  );
  const named = [noReceiver, ...new Set([...receivers, ...rules.flatMap((rule) => rule.receivers)])];
  return [
    "route:",
    `  receiver: ${noReceiver}`,
    "  group_by: [alertname]",
    "  group_wait: 200ms",
    "  group_interval: 10s",
    ...(routes.length > 0 ? ["  routes:", ...routes] : []),
    "receivers:",
    ...named.map((name) => `  - name: ${JSON.stringify(name)}`),
    "",
  ].join("\n");
}
