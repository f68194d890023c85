/**
 * Queries of a Prometheus, and of servers with its HTTP API, as operations.
 *
 * 1. Operations only read, so every call may be repeated.
 * 2. Values that JSON cannot hold are texts: `NaN`, `+Inf` or `-Inf`.
 */
import { type Clock, parseDurationMs, systemClock } from "@tutti/kernel";
import { type OptionNames, requireKnown, requireKnownEach } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { authNames, type HttpAuth } from "../http/auth.ts";
import { type HttpOperation, type HttpPorts, httpAdapter } from "../http/http.ts";
import { type Template, templateOf } from "./template.ts";

export interface PrometheusConnectionOptions {
  readonly name: string;
  /** Address of the server, without `/api/v1`: `http://prometheus:9090`. */
  readonly url: string;
  readonly auth?: HttpAuth;
  /** Headers of each request, such as `X-Scope-OrgID`. Do not use secrets here: use `auth`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a query may take. Default: 60,000. */
  readonly timeoutMs?: number;
}

export interface PrometheusOperation {
  /** PromQL. `{name}` within a quoted text is the member `name` of the input. */
  readonly query: string;
  readonly description?: string;
  /** The values of a range, which ends at the time of the call. Default: the latest values. */
  readonly range?: PrometheusRange;
}

export interface PrometheusRange {
  /** A duration such as `6h`. */
  readonly last: string;
  /** Time between two values. Default: `1m`. */
  readonly step?: string;
}

export interface PrometheusAdapterOptions extends PrometheusConnectionOptions {
  /** Default: `query`, `query-range` and `alerts`. */
  readonly operations?: Readonly<Record<string, PrometheusOperation>>;
  readonly rate?: RateLimit;
  /** Maximum size of a response. A longer one fails the task during the read. Default: 16 MiB. */
  readonly answerBytesMax?: number;
}

export const connectionOptionNames: OptionNames<PrometheusConnectionOptions> = {
  name: true,
  url: true,
  auth: authNames,
  headers: true,
  timeoutMs: true,
};
const optionNames: OptionNames<PrometheusAdapterOptions> = {
  ...connectionOptionNames,
  operations: true,
  rate: rateNames,
  answerBytesMax: true,
};
const operationOptionNames: OptionNames<PrometheusOperation> = {
  query: true,
  description: true,
  range: { last: true, step: true },
};

export function prometheusAdapter(options: PrometheusAdapterOptions, ports: HttpPorts = {}): Adapter {
  requireKnown("prometheusAdapter", options, optionNames);
  requireKnownEach(options.name, options.operations, operationOptionNames);
  const { name, operations: declared, rate } = options;
  const api = new PrometheusApi(options, ports);
  const templates = Object.entries(declared ?? {}).map(
    ([key, spec]) => [key, spec, templateOf(name, spec.query)] as const,
  );
  const own = templates.map(([key, spec, template]): [string, AdapterOperation] => [
    key,
    declaredOperation(`${name}.${key}`, spec, template, api),
  ]);
  return {
    name,
    kind: "prometheus",
    operations: declared === undefined ? usualOperations(name, api) : Object.fromEntries(own),
    ...(rate !== undefined && { rate }),
    check: async (call) => {
      await api.query({ query: "1" }, call);
      // At time 0 there are no values. The server still parses the query.
      for (const [key, , template] of templates) {
        const input = Object.fromEntries(template.names.map((each) => [each, "x"]));
        await api.query({ query: template.filled(`${name}.${key}`, input), time: "0" }, call);
      }
    },
    close: () => api.close(),
  };
}

const time = { type: ["string", "number"], description: "Time as RFC 3339, or in seconds since 1970." };
const number = { type: ["number", "string", "null"] };
const labels = { type: "object", additionalProperties: { type: "string" } };
const warnings = { type: "array", items: { type: "string" } };

function listOf(members: Readonly<Record<string, unknown>>): unknown {
  return { type: "array", items: { type: "object", properties: members } };
}

const latestSchema: JsonSchema = {
  type: "object",
  properties: { value: number, series: listOf({ labels, at: { type: "string" }, value: number }), warnings },
};
const rangeSchema: JsonSchema = {
  type: "object",
  properties: {
    series: listOf({ labels, points: listOf({ at: { type: "string" }, value: number }) }),
    warnings,
  },
};
const alertsSchema: JsonSchema = {
  type: "object",
  properties: {
    alerts: listOf({
      name: { type: "string" },
      state: { enum: ["firing", "pending"] },
      labels,
      annotations: labels,
      since: { type: "string" },
      value: number,
    }),
  },
};

function usualOperations(name: string, api: PrometheusApi): Readonly<Record<string, AdapterOperation>> {
  return {
    query: {
      description: "Returns the latest values of a query.",
      input: { type: "object", required: ["query"], properties: { query: { type: "string" }, at: time } },
      output: latestSchema,
      repeat: "safe",
      call: async ({ query, at }, call) =>
        api.query({ query: String(query), ...(at !== undefined && { time: String(at) }) }, call),
    },
    "query-range": {
      description: "Returns the values of a query in a time range. Set `start` or `last`.",
      input: {
        type: "object",
        required: ["query"],
        properties: {
          query: { type: "string" },
          start: time,
          end: time,
          last: { type: "string", description: "Duration of the time range, up to `end`." },
          step: { type: "string", description: "Interval between two values. Default: 1m." },
        },
      },
      output: rangeSchema,
      repeat: "safe",
      call: async (input, call) => api.range(`${name}.query-range`, input, call),
    },
    alerts: {
      description: "Returns firing and pending alerts.",
      input: { type: "object", properties: { state: { enum: ["firing", "pending"] } } },
      output: alertsSchema,
      repeat: "safe",
      call: async ({ state }, call) => {
        const alerts = await api.alerts(call);
        return { alerts: alerts.filter((alert) => state === undefined || alert.state === state) };
      },
    },
  };
}

function declaredOperation(
  operation: string,
  { description, range }: PrometheusOperation,
  template: Template,
  api: PrometheusApi,
): AdapterOperation {
  return {
    ...(description !== undefined && { description }),
    input: { type: "object", required: [...template.names] },
    output: range === undefined ? latestSchema : rangeSchema,
    repeat: "safe",
    call: async (input, call) => {
      const query = template.filled(operation, input);
      return range === undefined
        ? api.query({ query }, call)
        : api.range(operation, { query, ...range }, call);
    },
  };
}

/** An alert of a rule. */
export interface PrometheusAlert {
  readonly name: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Time since which its condition holds. */
  readonly since: string;
  readonly value: number | string | null;
}

type Members = Readonly<Record<string, unknown>>;

const secondMs = 1_000;
const form: Pick<HttpOperation, "method" | "repeat" | "body"> = {
  method: "POST",
  repeat: "safe",
  body: { type: "form" },
};

/** The part of the HTTP API that adapter and source need. */
export class PrometheusApi {
  readonly #name: string;
  readonly #http: Adapter;
  readonly #clock: Clock;

  constructor(options: PrometheusConnectionOptions & { readonly answerBytesMax?: number }, ports: HttpPorts) {
    const { name, url, auth, headers, timeoutMs, answerBytesMax } = options;
    this.#name = name;
    this.#clock = ports.clock ?? systemClock;
    this.#http = httpAdapter(
      {
        name,
        url,
        ...(auth !== undefined && { auth }),
        ...(headers !== undefined && { headers }),
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(answerBytesMax !== undefined && { answerBytesMax }),
        operations: {
          query: { ...form, path: "/api/v1/query" },
          "query-range": { ...form, path: "/api/v1/query_range" },
          alerts: { method: "GET", path: "/api/v1/alerts" },
        },
      },
      ports,
    );
  }

  close(): void {
    this.#http.close?.();
  }

  async query(body: Readonly<Record<string, string>>, call: AdapterCall): Promise<unknown> {
    const { data, ...rest } = await this.#request("query", { body }, call);
    const { resultType, result } = data;
    if (resultType === "scalar" || resultType === "string") {
      const point = this.#point(result);
      return { value: point.value, series: [{ labels: {}, ...point }], ...rest };
    }
    const series = this.#list(result).map((each) => ({
      labels: each["metric"] ?? {},
      ...this.#valueOf(each),
    }));
    const [only] = series;
    return { value: series.length === 1 ? (only?.value ?? null) : null, series, ...rest };
  }

  async range(operation: string, input: Members, call: AdapterCall): Promise<unknown> {
    const { query, start, last, step = "1m", end = this.#clock.now() / secondMs } = input;
    if ((start === undefined) === (last === undefined))
      throw adapterErrors.inputInvalid({ operation, reason: "expected either `start` or `last`" });
    const endMs = typeof end === "number" ? end * secondMs : Date.parse(String(end));
    const lastMs = parseDurationMs(String(last ?? "0s"));
    const stepMs = parseDurationMs(String(step));
    if (Number.isNaN(endMs) || lastMs === undefined || stepMs === undefined)
      throw adapterErrors.inputInvalid({
        operation,
        reason: "`end`, `last` or `step` is no time or duration",
      });
    const from = start ?? (endMs - lastMs) / secondMs;
    const body = { query, start: from, end, step: stepMs / secondMs };
    const { data, ...rest } = await this.#request("query-range", { body }, call);
    const series = this.#list(data["result"]).map(({ metric = {}, values = [], histograms }) => ({
      labels: metric,
      points: this.#list(values).map((pair) => this.#point(pair)),
      ...(histograms !== undefined && { histograms }),
    }));
    return { series, ...rest };
  }

  async alerts(call: AdapterCall): Promise<readonly PrometheusAlert[]> {
    const { data } = await this.#request("alerts", {}, call);
    return this.#list(data["alerts"]).map((alert) => {
      const own = (alert["labels"] ?? {}) as PrometheusAlert["labels"];
      return {
        name: own["alertname"] ?? "",
        state: String(alert["state"]),
        labels: own,
        annotations: (alert["annotations"] ?? {}) as PrometheusAlert["annotations"],
        since: String(alert["activeAt"] ?? ""),
        value: numberOf(alert["value"]),
      };
    });
  }

  async #request(operation: string, input: Members, call: AdapterCall) {
    const answer = (await this.#http.operations[operation]?.call(input, call)) as Members | null;
    const { status, data, warnings } = answer ?? {};
    if (status !== "success" || typeof data !== "object" || data === null) throw this.#unreadable();
    return { data: data as Members, ...(Array.isArray(warnings) && warnings.length > 0 && { warnings }) };
  }

  #list(value: unknown): readonly Members[] {
    if (!Array.isArray(value)) throw this.#unreadable();
    return value;
  }

  #valueOf({ value, histogram }: Members) {
    return value === undefined ? { at: "", value: null, histogram } : this.#point(value);
  }

  #point(pair: unknown): { readonly at: string; readonly value: number | string | null } {
    const [seconds, value] = Array.isArray(pair) ? pair : [];
    if (typeof seconds !== "number") throw this.#unreadable();
    return { at: new Date(Math.round(seconds * secondMs)).toISOString(), value: numberOf(value) };
  }

  #unreadable() {
    const reason = "expected an answer of the Prometheus HTTP API";
    return adapterErrors.answerUnreadable({ operation: this.#name, reason });
  }
}

function numberOf(text: unknown): number | string | null {
  if (text === undefined || text === null || text === "") return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : String(text);
}
