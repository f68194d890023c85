/** Tools that steer runs: each is a route of REST with a few flat arguments. */
import type { RouteName } from "@tutti/rest";
import type { Routes } from "@tutti/rest/types";
import type { RouteParts } from "../calls/route-calls.ts";

type Args = Readonly<Record<string, unknown>>;

export interface SteeringTool {
  readonly name: string;
  readonly route: RouteName & keyof Routes;
  readonly description: string;
  readonly properties: Readonly<Record<string, Argument>>;
  readonly required: readonly string[];
  readonly readOnly: boolean;
  readonly destructive?: boolean;
  readonly parts: (args: Args) => RouteParts;
}

interface Argument {
  readonly type?: "string" | "integer";
  readonly description: string;
  readonly enum?: readonly string[];
  readonly maximum?: number;
  readonly minimum?: number;
}

const text = (description: string): Argument => ({ type: "string", description });
const runId = text("Id of the run.");
const reason = text("The reason, for the audit log.");
const optionalText = (args: Args, name: string): string | undefined =>
  args[name] === undefined ? undefined : String(args[name]);
const idOf = (args: Args) => ({ id: String(args["runId"]) });

export const steeringTools: readonly SteeringTool[] = [
  {
    name: "tutti_start",
    route: "runs.start",
    description: "Start a run of a workflow. Returns the run at once, without waiting for its end.",
    properties: {
      workflow: text("Name of the workflow."),
      input: { description: "Input of the run. It must satisfy the input schema of the workflow." },
      runId: text("Id of the new run. The same id with the same workflow and input starts one run only."),
    },
    required: ["workflow"],
    readOnly: false,
    parts: ({ workflow, input, runId: id }) => ({
      body: {
        definition: { name: workflow },
        ...(input !== undefined && { input }),
        ...(id !== undefined && { runId: id }),
      },
    }),
  },
  {
    name: "tutti_runs",
    route: "runs.list",
    description: "List runs, newest first.",
    properties: {
      status: {
        ...text("Only runs with this status."),
        enum: [
          "pending",
          "running",
          "paused",
          "completed",
          "failed",
          "cancelled",
          "terminated",
          "quarantined",
        ],
      },
      workflow: text("Only runs of this workflow."),
      size: {
        type: "integer",
        description: "Maximum number of runs. Default: 20.",
        minimum: 1,
        maximum: 100,
      },
      token: text("Token of the next page, from `nextToken`."),
    },
    required: [],
    readOnly: true,
    parts: (args) => ({
      query: {
        status: optionalText(args, "status"),
        definition: optionalText(args, "workflow"),
        size: optionalText(args, "size") ?? "20",
        token: optionalText(args, "token"),
      },
    }),
  },
  {
    name: "tutti_watch",
    route: "runs.result",
    description:
      "Wait for the end of a run, at most `waitMs`, and return the run. Call again if it has not ended. Pass `afterEvent` to return at the next change.",
    properties: {
      runId,
      waitMs: {
        type: "integer",
        description: "How long to wait, in milliseconds. Default: 20000.",
        minimum: 0,
        maximum: 50_000,
      },
      afterEvent: {
        type: "integer",
        description: "Return when the run has more events than this (`eventCount`).",
        minimum: 0,
        maximum: 1_000_000,
      },
    },
    required: ["runId"],
    readOnly: true,
    parts: (args) => ({
      params: idOf(args),
      query: {
        waitMs: optionalText(args, "waitMs") ?? "20000",
        afterEvent: optionalText(args, "afterEvent"),
      },
    }),
  },
  {
    name: "tutti_why",
    route: "runs.why",
    description: "Explain why a run or one of its tasks waits, failed or is slow, and what to do.",
    properties: { runId, task: text("Id of the task. Default: the run as a whole.") },
    required: ["runId"],
    readOnly: true,
    parts: (args) => ({ params: idOf(args), query: { task: optionalText(args, "task") } }),
  },
  {
    name: "tutti_query",
    route: "runs.query",
    description: "Send a query to a run. Its workflow declares the queries.",
    properties: {
      runId,
      query: text("Name of the query."),
      payload: { description: "Argument of the query." },
    },
    required: ["runId", "query"],
    readOnly: true,
    parts: (args) => ({
      params: { ...idOf(args), name: String(args["query"]) },
      query: { payload: args["payload"] === undefined ? undefined : JSON.stringify(args["payload"]) },
    }),
  },
  {
    name: "tutti_signal",
    route: "runs.signal",
    description: "Send a signal to a run.",
    properties: {
      runId,
      signal: text("Name of the signal."),
      payload: { description: "Data of the signal." },
    },
    required: ["runId", "signal"],
    readOnly: false,
    parts: (args) => ({ params: { ...idOf(args), name: String(args["signal"]) }, body: args["payload"] }),
  },
  {
    name: "tutti_cancel",
    route: "runs.cancel",
    description: "Cancel a run. Completed steps are compensated if the workflow declares it.",
    properties: { runId, reason },
    required: ["runId"],
    readOnly: false,
    destructive: true,
    parts: (args) => ({
      params: idOf(args),
      body: args["reason"] === undefined ? {} : { reason: args["reason"] },
    }),
  },
  {
    name: "tutti_approvals",
    route: "approvals.list",
    description: "List pending approvals, and the questions of tasks that wait in inboxes (`inboxTask`).",
    properties: { runId: text("Only approvals of this run, of its tasks in inboxes and of its child runs.") },
    required: [],
    readOnly: true,
    parts: (args) => ({
      query: {
        workId: optionalText(args, "runId"),
        withChildren: args["runId"] === undefined ? undefined : "true",
      },
    }),
  },
  {
    name: "tutti_approve",
    route: "approvals.decide",
    description: "Approve or reject an approval of a run, or answer a task that waits in an inbox.",
    properties: {
      runId,
      approvalId: text("Id of the approval, from `tutti_approvals`."),
      verdict: { ...text("The decision."), enum: ["approved", "rejected"] },
      data: { description: "Data for the form of the approval." },
      reason,
    },
    required: ["runId", "approvalId", "verdict"],
    readOnly: false,
    destructive: true,
    parts: ({ approvalId, ...body }) => ({ params: { id: String(approvalId) }, body }),
  },
];

/** Returns the first thing that is wrong with the arguments. Values themselves are checked by the route. */
export function wrongArgument({ properties, required }: SteeringTool, args: Args): string | undefined {
  const unknown = Object.keys(args).find((name) => !Object.hasOwn(properties, name));
  if (unknown !== undefined)
    return `\`${unknown.slice(0, 64)}\`: unknown argument. Expected ${Object.keys(properties).join(", ")}`;
  const missing = required.find((name) => args[name] === undefined);
  if (missing !== undefined) return `\`${missing}\` is missing`;
  for (const [name, { type, enum: values, minimum = 0, maximum = Number.MAX_SAFE_INTEGER }] of Object.entries(
    properties,
  )) {
    const value = args[name];
    if (value === undefined || type === undefined) continue;
    if (type === "string" && typeof value !== "string") return `\`${name}\`: expected a string`;
    if (
      type === "integer" &&
      !(Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum)
    )
      return `\`${name}\`: expected an integer from ${minimum} to ${maximum}`;
    if (values !== undefined && !values.includes(String(value)))
      return `\`${name}\`: expected one of ${values.join(", ")}`;
  }
  return undefined;
}

export function listedTool({
  name,
  description,
  properties,
  required,
  readOnly,
  destructive = false,
}: SteeringTool) {
  return {
    name,
    description,
    inputSchema: { type: "object", properties, required, additionalProperties: false },
    annotations: { readOnlyHint: readOnly, destructiveHint: destructive, openWorldHint: false },
  } as const;
}
