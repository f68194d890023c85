/**
 * Responses of the gateway itself, without an rpc: parameters and responses as JSON Schema. The types of
 * `@tutti/rest/types` are generated from these as well.
 */
import type { RouteName } from "../routes/routes.ts";

/** The part of JSON Schema that is used here. */
export interface OwnSchema {
  readonly type?: "object" | "array" | "string" | "number" | "integer" | "boolean";
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, OwnSchema>>;
  readonly required?: readonly string[];
  readonly items?: OwnSchema;
  readonly additionalProperties?: OwnSchema;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

export interface OwnRoute {
  readonly params?: Readonly<Record<string, OwnSchema>>;
  readonly query?: Readonly<Record<string, OwnSchema>>;
  readonly body?: OwnSchema;
  /** Schema of the response. Absent if the response has no body. */
  readonly reply?: OwnSchema;
}

const text = (description: string): OwnSchema => ({ type: "string", description });
const count = (description: string, maximum?: number): OwnSchema => ({
  type: "integer",
  description,
  minimum: 0,
  ...(maximum !== undefined && { maximum }),
});
const moment = (description: string): OwnSchema => ({ type: "number", description });
const many = (items: OwnSchema): OwnSchema => ({ type: "array", items });
const ref = (name: string): OwnSchema => ({ $ref: name });
const object = (
  properties: Readonly<Record<string, OwnSchema>>,
  required: readonly string[] = Object.keys(properties),
): OwnSchema => ({ type: "object", properties, required });
/** Any JSON. */
const anything = (description: string): OwnSchema => ({ description });

const namespace = text("The namespace. Default: `default`.");
const metricSourceQuery = {
  namespace: text(
    "`system` for the metrics of the installation, or the namespace of user metrics. Default: `system`.",
  ),
  live: {
    type: "boolean",
    description:
      "Reads the memory of the running processes, which has the last ten minutes with one value per second. By default, insight is queried.",
  },
} as const satisfies Readonly<Record<string, OwnSchema>>;
const metricSource = {
  source: {
    type: "string",
    enum: ["insight", "prometheus", "processes"],
    description:
      "The source. `insight`: one value every 10 s for two days, and every minute for 90 days. `prometheus`: the Prometheus at `insight.prometheus.url`. `processes`: the memory of the running processes, which covers one day.",
  },
  problem: text("Why Prometheus or insight was not queried, or did not reply. Absent if it replied."),
} as const satisfies Readonly<Record<string, OwnSchema>>;
/** Named schemas for references. */
export const ownSchemas: Readonly<Record<string, OwnSchema>> = {
  RunPast: object(
    {
      event: count("Number of the last event that the state includes."),
      run: ref("Run"),
      tasks: many(ref("Task")),
      nextToken: text("Token of the next page of tasks. Absent at the end."),
    },
    ["event", "run", "tasks"],
  ),
  Whoami: object(
    {
      kind: {
        type: "string",
        enum: ["person", "service", "agent"],
        description: "The kind of the caller.",
      },
      id: text("Id of the caller, unique within the kind: `local-admin`."),
      roles: many(text("A role of the caller in the namespace of its key or token: `admin`.")),
      by: {
        type: "string",
        enum: ["loopback", "cookie", "key"],
        description:
          "How the caller is authenticated: a program on this machine, a browser with a sign-in, or the key.",
      },
      version: text("Version of the server."),
      namespace: text(
        "The only namespace in which the key or token is valid. Absent if it is valid in all namespaces.",
      ),
      expiresMs: moment("When the sign-in of the browser expires. Absent without a sign-in."),
      signInId: text("Id of the sign-in."),
    },
    ["kind", "id", "roles", "by", "version"],
  ),
  SignIn: object(
    {
      id: text("Id of the sign-in. It is not a secret and cannot be used to sign in."),
      who: text("The principal: `person:ada`."),
      by: {
        type: "string",
        enum: ["link", "key", "token", "id_token"],
        description:
          "The credential. `link`: a link from the terminal, or the key of the installation. `key`: a key. `token`: a token. `id_token`: an account at an issuer.",
      },
      namespace: text(
        "The only namespace in which the sign-in is valid. Absent if it is valid in all namespaces.",
      ),
      address: text("Address from which the user signed in."),
      browser: text("Name of the browser, as the browser reports it."),
      startMs: moment("When the user signed in. Absent if unknown."),
      useMs: moment("When the sign-in was last used, to the minute."),
      expiresMs: moment("When the sign-in expires."),
      own: { type: "boolean", description: "True for the sign-in of this request." },
    },
    ["id", "who", "by", "expiresMs", "own"],
  ),
  WayToSignIn: object({
    issuer: text("The issuer."),
    title: text("Title of the issuer, for the button."),
    path: text("Path at which a browser starts the sign-in."),
  }),
  MissingRight: object({
    route: text("The route: `runs.start`."),
    method: text("Its method."),
    path: text("Its path, with its parameters in braces."),
    action: text("The action that a role or policy must permit: `workflow.runs.start`."),
    why: {
      type: "string",
      enum: ["missing", "narrowed", "forbidden"],
      description:
        "`missing`: no role or policy permits it. `narrowed`: the scope of the credential does not include it. `forbidden`: a policy forbids it.",
    },
    roles: many(text("A role that permits it. The one with the fewest rights comes first.")),
  }),
  MissingRights: object({
    namespace: text("The namespace."),
    who: text("The caller that lacks the right: `person:ada`."),
    roles: many(text("A role of the caller in the namespace.")),
    missing: many(ref("MissingRight")),
    givers: many(
      text("A user, group or service that can assign roles in the namespace: `person:ada`, `group:ops`."),
    ),
  }),
  Metric: object({
    name: text("Its name: `tutti_workflow_runs_started_total`."),
    type: {
      type: "string",
      enum: ["counter", "gauge", "histogram"],
      description: "The kind of metric.",
    },
    help: text("What it measures."),
    labels: many(text("Its labels.")),
  }),
  MetricProcess: object(
    {
      name: text("The services that the process runs, and its address: `workflow 10.0.0.7:7501`."),
      problem: text("Why the process did not reply. Absent if it replied."),
    },
    ["name"],
  ),
  MetricPoint: object({
    timeMs: moment("Time of the value, in milliseconds since 1970."),
    value: { type: "number", description: "The value." },
  }),
  MetricSeries: object(
    {
      name: text("The metric."),
      labels: { type: "object", additionalProperties: { type: "string" }, description: "Its labels." },
      figure: text("The statistic: `value` of a gauge, `rate` per second, `p50`, `p99`."),
      stepMs: moment("Interval between points, in milliseconds. Missing points have no value."),
      points: many(ref("MetricPoint")),
    },
    ["name", "labels", "points"],
  ),
  PlatformEvent: object(
    {
      specversion: text("Version of CloudEvents."),
      id: text("Id of the event, unique within its source."),
      source: text("The source of the event."),
      type: text("Type of the event: `tutti.workflow.run.started`."),
      subject: text("The object of the event."),
      time: text("Time of the event, as RFC 3339."),
      datacontenttype: text("Media type of the data."),
      namespace: text("The namespace of the event."),
      data: anything("The data of the event."),
      data_base64: text("The data as base64, if it is not JSON."),
    },
    ["specversion", "id", "source", "type", "time", "namespace"],
  ),
  ComponentStatus: {
    type: "object",
    description: "An orchestrator or component, with its parts.",
    properties: {},
    additionalProperties: {},
  },
  SignInLink: object({ url: text("The link."), expiresMs: moment("When the link expires.") }),
  SignedIn: object({ expiresMs: moment("When the sign-in ends.") }),
};

export const ownRoutes: Readonly<Partial<Record<RouteName, OwnRoute>>> = {
  "blobs.get": {
    params: { sha256: text("SHA-256 of the content, in 64 hexadecimal digits.") },
    query: { namespace, mediaType: text("Media type of the response. Default: `application/octet-stream`.") },
  },
  "blobs.put": {
    query: { namespace },
    reply: object({
      blob: object({
        sha256: text("SHA-256 of the content, in 64 hexadecimal digits."),
        size: count("Length of the content in bytes."),
      }),
    }),
  },
  events: {
    query: {
      pattern: text(
        "Pattern of event types. `*` matches one word, `>` all following words. Default: all types.",
      ),
      after: text(
        "Cursor of the last event that you have seen, or `first` for the oldest stored event. Default: only new events.",
      ),
      namespace: text("The namespace. `*`: all namespaces. Default: `default`."),
    },
    reply: ref("PlatformEvent"),
  },
  "metrics.list": {
    query: metricSourceQuery,
    reply: object({ ...metricSource, metrics: many(ref("Metric")), processes: many(ref("MetricProcess")) }, [
      ...["source", "metrics", "processes"],
    ]),
  },
  "metrics.series": {
    query: {
      name: many(text("Names of the metrics.")),
      ...metricSourceQuery,
      fromMs: moment("Start of the time range, up to 90 days ago. Default: ten minutes ago."),
      toMs: moment("End of the time range. Default: now."),
      points: count("Maximum number of points per series. Default: all.", 10_000),
      label: many(text("Only series with this label: `rpc=StartRun`.")),
      over: {
        type: "string",
        enum: ["sum", "mean", "min", "max", "count"],
        description: "How series are combined into one. Default: they are not combined.",
      },
      by: many(text("A label by which combined series are grouped.")),
    },
    reply: object({ ...metricSource, series: many(ref("MetricSeries")) }, ["source", "series"]),
  },
  status: { reply: ref("ComponentStatus") },
  whoami: { reply: ref("Whoami") },
  signIn: { body: object({ token: text("The one-time token, a key, or a token.") }), reply: ref("SignedIn") },
  waysToSignIn: { reply: object({ issuers: many(ref("WayToSignIn")) }) },
  "signIns.list": {
    query: {
      namespace: text(
        "Only the sign-ins that are valid in this namespace alone. Default: all sign-ins of the installation.",
      ),
      mine: { type: "boolean", description: "Only the sign-ins of the caller. This needs no right." },
    },
    reply: object({ signIns: many(ref("SignIn")) }),
  },
  "signIns.revoke": {
    query: { namespace: text("Revokes only sign-ins that are valid in this namespace alone.") },
    body: object(
      {
        id: text("Id of the sign-in to revoke."),
        who: text("Revokes all sign-ins of this user: `person:ada`."),
        all: { type: "boolean", description: "Revokes all sign-ins except the one of this request." },
      },
      [],
    ),
    reply: object({ revoked: count("Number of revoked sign-ins that were still valid.") }),
  },
  missingRights: { query: { namespace }, reply: ref("MissingRights") },
  signOut: {},
  signInLink: { reply: ref("SignInLink") },
  "webhooks.tell": {
    params: { name: text("Name of the webhook in `gateway.webhooks`.") },
    body: anything("The message, any JSON."),
    reply: object(
      {
        runId: text("Id of the run that was started or got the signal."),
        existed: { type: "boolean", description: "True if the run already existed." },
        events: count("Number of posted events."),
        matched: count("Number of times that an event matched a trigger."),
        duplicates: count("Number of these matches with a key that the trigger had already seen."),
        challenge: text("Challenge that Slack sent to verify the URL."),
      },
      [],
    ),
  },
  "webhooks.trigger": {
    params: { namespace: text("The namespace of the trigger."), trigger: text("The id of the trigger.") },
    body: anything("The message of the sender, any JSON."),
    reply: object(
      {
        events: count("Number of posted events."),
        matched: count("Number of times that an event matched a trigger."),
        duplicates: count("Number of these matches with a key that the trigger had already seen."),
        challenge: text("Challenge that Slack sent to verify the URL."),
      },
      [],
    ),
  },
  openapi: { reply: anything("The OpenAPI document.") },
};
