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

const namespace = text("The namespace; without it `default`.");
const metricSourceQuery = {
  namespace: text(
    "`system` for the metrics of the installation, or the namespace of metrics of users. Default: `system`.",
  ),
  live: {
    type: "boolean",
    description:
      "Reads the memory of the running processes, which has the last ten minutes by the second. By default, insight is queried.",
  },
} as const satisfies Readonly<Record<string, OwnSchema>>;
const metricSource = {
  source: {
    type: "string",
    enum: ["insight", "prometheus", "processes"],
    description:
      "The source. `insight` has a value each 10 s for two days and each minute for 90 days. `prometheus` is `insight.prometheus.url`. `processes` is the memory of the running processes, with a day.",
  },
  problem: text("Why Prometheus or insight was not queried, or did not reply. Absent if it replied."),
} as const satisfies Readonly<Record<string, OwnSchema>>;
/** Named schemas for references. */
export const ownSchemas: Readonly<Record<string, OwnSchema>> = {
  RunPast: object(
    {
      event: count("After which event."),
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
      id: text("Unique within the kind: `local-admin`."),
      roles: many(text("What it may be: `admin`.")),
      by: {
        type: "string",
        enum: ["loopback", "cookie", "key"],
        description:
          "How the caller is authenticated: a program on this machine, a browser with a sign-in, or the key.",
      },
      version: text("Version of the software that answers."),
      namespace: text("The only namespace that its key or token is valid in. Absent if it is valid in all."),
      expiresMs: moment("When the sign-in of the browser ends. Absent without one."),
      signInId: text("Id of that sign-in."),
    },
    ["kind", "id", "roles", "by", "version"],
  ),
  SignIn: object(
    {
      id: text("Id of the sign-in. It is no secret and signs no browser in."),
      who: text("The principal: `person:ada`."),
      by: {
        type: "string",
        enum: ["link", "key", "token", "id_token"],
        description:
          "The credential: a link of the terminal or the key of the installation, a key, a token, or an account at an issuer.",
      },
      namespace: text("The only namespace that it is valid in. Absent if it is valid in all."),
      address: text("Where it was made from."),
      browser: text("As the browser calls itself."),
      startMs: moment("When it was made. Absent if that is not known."),
      useMs: moment("When it was used last, to the minute."),
      expiresMs: moment("When it ends."),
      own: { type: "boolean", description: "True for the sign-in of this request." },
    },
    ["id", "who", "by", "expiresMs", "own"],
  ),
  WayToSignIn: object({
    issuer: text("The issuer."),
    title: text("The title."),
    path: text("Where a browser starts."),
  }),
  MissingRight: object({
    route: text("The route: `runs.start`."),
    method: text("Its method."),
    path: text("Its path, with its parameters in braces."),
    action: text("What a role or policy has to permit: `workflow.runs.start`."),
    why: {
      type: "string",
      enum: ["missing", "narrowed", "forbidden"],
      description:
        "`missing`: no role or policy permits it. `narrowed`: the credential is narrowed to other things. `forbidden`: a policy forbids it.",
    },
    roles: many(text("A role that permits it. The one with the fewest rights comes first.")),
  }),
  MissingRights: object({
    namespace: text("The namespace."),
    who: text("The caller that lacks the right: `person:ada`."),
    roles: many(text("A role that they have there.")),
    missing: many(ref("MissingRight")),
    givers: many(text("A caller that can give roles there: `person:ada`, `group:ops`.")),
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
      problem: text("Why it did not answer. Absent if it did."),
    },
    ["name"],
  ),
  MetricPoint: object({ timeMs: moment("When."), value: { type: "number", description: "How much." } }),
  MetricSeries: object(
    {
      name: text("The metric."),
      labels: { type: "object", additionalProperties: { type: "string" }, description: "Its labels." },
      figure: text("Which of its statistics: `value` of a gauge, `rate` per second, `p50`, `p99`."),
      stepMs: moment("Interval between points, in milliseconds. Missing points have no value."),
      points: many(ref("MetricPoint")),
    },
    ["name", "labels", "points"],
  ),
  PlatformEvent: object(
    {
      specversion: text("Version of CloudEvents."),
      id: text("Unique among the events of its source."),
      source: text("What told it."),
      type: text("What happened: `tutti.workflow.run.started`."),
      subject: text("What it is about."),
      time: text("When it happened, as RFC 3339."),
      datacontenttype: text("Media type of the data."),
      namespace: text("The namespace that it is in."),
      data: anything("The data of the event."),
      data_base64: text("The same as base64, where it is not JSON."),
    },
    ["specversion", "id", "source", "type", "time", "namespace"],
  ),
  ComponentStatus: {
    type: "object",
    description: "An orchestrator or component, with its parts.",
    properties: {},
    additionalProperties: {},
  },
  SignInLink: object({ url: text("The link."), expiresMs: moment("Until when it is good.") }),
  SignedIn: object({ expiresMs: moment("When the sign-in ends.") }),
};

export const ownRoutes: Readonly<Partial<Record<RouteName, OwnRoute>>> = {
  "blobs.get": {
    params: { sha256: text("SHA-256 of the content, in 64 hexadecimal digits.") },
    query: { namespace, mediaType: text("The media type to answer with. Default: bytes.") },
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
      pattern: text("Types of events, `*` for one word and `>` for all that follow. Default: all."),
      after: text(
        "The cursor of the last event seen, `first` for the oldest that is kept. Default: from now on.",
      ),
      namespace: text("The namespace, `*` for all. Default: `default`."),
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
      name: many(text("The metrics that are wanted.")),
      ...metricSourceQuery,
      fromMs: moment("From when on, up to 90 days back. Default: the last ten minutes."),
      toMs: moment("Until when; without it now."),
      points: count("How many points a series may have. Default: all.", 10_000),
      label: many(text("Only series with this label: `rpc=StartRun`.")),
      over: {
        type: "string",
        enum: ["sum", "mean", "min", "max", "count"],
        description: "How series are combined into one. Default: no combination.",
      },
      by: many(text("A label whose values stay apart when series become one.")),
    },
    reply: object({ ...metricSource, series: many(ref("MetricSeries")) }, ["source", "series"]),
  },
  status: { reply: ref("ComponentStatus") },
  whoami: { reply: ref("Whoami") },
  signIn: { body: object({ token: text("The one-time token, a key, or a token.") }), reply: ref("SignedIn") },
  waysToSignIn: { reply: object({ issuers: many(ref("WayToSignIn")) }) },
  "signIns.list": {
    query: {
      namespace: text("Those that are valid in this namespace alone. Default: all of the installation."),
      mine: { type: "boolean", description: "Only the sign-ins of the caller. This needs no right." },
    },
    reply: object({ signIns: many(ref("SignIn")) }),
  },
  "signIns.revoke": {
    query: { namespace: text("Among those that are good in this namespace alone.") },
    body: object(
      {
        id: text("This one."),
        who: text("All of one user: `person:ada`."),
        all: { type: "boolean", description: "All sign-ins except the one of this request." },
      },
      [],
    ),
    reply: object({ revoked: count("How many were good before.") }),
  },
  missingRights: { query: { namespace }, reply: ref("MissingRights") },
  signOut: {},
  signInLink: { reply: ref("SignInLink") },
  "webhooks.tell": {
    params: { name: text("The name that the webhook has in `gateway.webhooks`.") },
    body: anything("The message, any JSON."),
    reply: object(
      {
        runId: text("The run that was started, or sent the signal."),
        existed: { type: "boolean", description: "True if it already existed." },
        events: count("Events that were posted."),
        matched: count("How often one met the condition of a trigger."),
        duplicates: count("How many of these had a key that the trigger had seen before."),
        challenge: text("What Slack sent to verify the address."),
      },
      [],
    ),
  },
  "webhooks.trigger": {
    params: { namespace: text("The namespace of the trigger."), trigger: text("The id of the trigger.") },
    body: anything("What the sender sends, any JSON."),
    reply: object(
      {
        events: count("Events that were posted."),
        matched: count("How often one met the condition of a trigger."),
        duplicates: count("How many of these had a key that the trigger had seen before."),
        challenge: text("What Slack sent to verify the address."),
      },
      [],
    ),
  },
  openapi: { reply: anything("The description.") },
};
