/** The tables of facts, as users query them and as the store keeps them. */

interface FactColumnDeclaration {
  readonly name: string;
  readonly type: "text" | "integer" | "real";
  readonly description: string;
}

export interface FactTableDeclaration {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly FactColumnDeclaration[];
  /** The kept table that the rows come from. */
  readonly stored: "work" | "attempt" | "agent" | "placement" | "call" | "agent_state" | "decision";
  readonly where: string;
  /** Returns SQL that makes the rows from those of the kept table. Default: the rows of the kept table. */
  readonly rows?: (stored: string) => string;
}

type Column = FactColumnDeclaration;
const text = (name: string, description: string): Column => ({ name, type: "text", description });
const integer = (name: string, description: string): Column => ({ name, type: "integer", description });
const real = (name: string, description: string): Column => ({ name, type: "real", description });

const namespace = text("namespace", "The namespace.");

/** Columns of the error, the same in each table. */
const outcome = [
  text("error_code", "Code of the error. NULL if there was none."),
  text("error_message", "Message of the error, at most 500 characters."),
] as const;

const workColumns: readonly Column[] = [
  namespace,
  text("id", "The id."),
  text("definition", "Name of the definition. NULL if there is none."),
  text("version", "Hash of the version of the definition."),
  text("mode", "Mode of a session. NULL for others."),
  text(
    "status",
    "`pending`, `running`, `completed`, `failed`, `cancelled`, `terminated` or `continued`, as recorded last.",
  ),
  text("created", "When it was accepted."),
  text("started", "When it started."),
  text("ended", "When it ended. NULL while it is not over."),
  real("wait_ms", "From the acceptance to the start, in milliseconds."),
  real(
    "run_ms",
    "From the start to the end, in milliseconds. From the acceptance if the start was not recorded.",
  ),
  integer("tasks", "Number of its tasks."),
  integer("tasks_failed", "Number of its failed tasks."),
  text("parent_kind", "Kind of the work that started it. NULL if a caller did."),
  text("parent_id", "Id of the work that started it."),
  text("created_by", "Id of the caller that started it."),
  text("labels", "Its labels, as JSON: `labels ->> 'team'`."),
  ...outcome,
  real("tokens", "Tokens of language models that its own tasks used. Child runs have rows of their own."),
  real(
    "money",
    "Money that its own tasks spent, in the unit of the installation. A session has that of its work.",
  ),
];

const attemptColumns: readonly Column[] = [
  namespace,
  text("kind", "`run` or `mission`."),
  text("work_id", "Id of the run or mission."),
  text("task", "Id of the task."),
  integer("attempt", "Number of the attempt, from 1. Of a task of a mission, the number of its attempts."),
  text("definition", "Name of the definition of the run or mission."),
  text("uses", "The capability, or what else the task uses."),
  text("pool", "The pool."),
  text("agent", "Id of the agent."),
  text("status", "`completed`, `failed` or `cancelled`."),
  text("queued", "When it was queued in the pool."),
  text("started", "When it started. NULL if that was not recorded: the attempt was short."),
  text("ended", "When it ended."),
  real("wait_ms", "Time in the queue, in milliseconds. NULL if the start was not recorded."),
  real("run_ms", "Time running, in milliseconds. With the time in the queue if the start was not recorded."),
  integer("is_compensation", "1 if it undid the effect of the task."),
  integer("sent_back", "How often the work of its task was sent back by a check."),
  integer("handoffs", "How often its task was handed on to another agent."),
  ...outcome,
  real(
    "tokens",
    "Tokens of language models: in the row of the last attempt, those of all attempts of the task.",
  ),
  real("money", "Money that was spent: in the row of the last attempt, that of all attempts of the task."),
];

const agentColumns: readonly Column[] = [
  namespace,
  text("pool", "The pool."),
  text("id", "The id."),
  text("state", "The state, as recorded last."),
  text("state_reason", "Why it has this state."),
  text("joined", "When it joined."),
  text("heard", "Time of the last heartbeat."),
  text("sdk", "Name and version of its library."),
  integer("crashes", "How often it crashed since it was well for long."),
  real("completed", "Attempts that it completed since it joined."),
  real("failed", "Attempts that failed since it joined."),
  real("busy_ms", "Time running since it joined, over all slots, in milliseconds."),
  integer("slots", "Number of slots."),
  text("offering", "What it offers, as JSON: `capabilities`, `labels` and `resources`."),
];

const placementColumns: readonly Column[] = [
  text("namespace", "The namespace of the task."),
  text("pool_namespace", "The namespace of the pool."),
  text("pool", "The pool."),
  integer("epoch", "Counts the owners of the pool."),
  integer("sequence", "Number of the row of this owner, without gaps."),
  text("kind", "`run` or `mission`."),
  text("work_id", "Id of the run or mission."),
  text("task", "Id of the task."),
  integer("attempt", "Number of the attempt, from 1."),
  text("definition", "Name of the definition."),
  text("definition_task", "Id of the task in the definition."),
  text("uses", "The capability."),
  text("agent", "Id of the agent."),
  integer("slots", "Slots of the agent."),
  integer("priority", "The priority. Tasks with higher values start first."),
  text("share", "Key of the share of the agents that it has. NULL for that of its namespace."),
  text("status", "`completed`, `failed`, `cancelled`, `busy`, `lost` or `yielded`."),
  text("assigned", "When the agent got it."),
  text("ended", "When the slot of the agent was free again."),
  real("ready_at", "When the task was queued first, in milliseconds since 1970, by the clock of the pool."),
  real("offered_after_ms", "From then until this attempt was offered to the pool, in milliseconds."),
  real("wait_ms", "From the first queueing until the agent got it, in milliseconds."),
  real("start_ms", "From then to the start, in milliseconds. NULL if the agent did not report it."),
  real("held_ms", "How long the agent had it, in milliseconds."),
  real("due_at", "When its outcome was wanted, in milliseconds since 1970. NULL for never."),
  integer("is_copy", "1 if it was a second copy of a slow attempt."),
  text("demand", "Placement requirements besides the capability, as JSON. NULL without any."),
  text("error_code", "Code of the error. NULL if there was none."),
  real("tokens", "Tokens of language models that were used."),
  real("money", "Money that was spent, in the unit of the installation."),
  text("strategy", "The strategy of the pool that chose the agent. NULL if it is not known."),
  real("input_bytes", "Size of the input of the task, in bytes. NULL if it is not known."),
];

const callColumns: readonly Column[] = [
  namespace,
  text("minute", "The minute in which the calls ended."),
  text("process", "Id of the process that was called."),
  text("source", "`http` or `grpc`."),
  text("route", "Name of the route of HTTP, such as `runs.start`, or the rpc."),
  text("identity", "Id of the caller. `*` if too many callers called in this minute."),
  text("code", "Status of HTTP, such as `404`, or of gRPC, such as `NOT_FOUND`."),
  real("calls", "Number of calls."),
  real("duration_ms", "Total duration in milliseconds, including waits of the caller."),
  real("max_ms", "Longest duration in milliseconds."),
];

const agentStateColumns: readonly Column[] = [
  namespace,
  text("pool", "The pool."),
  text("agent", "Id of the agent."),
  text("state", "`starting`, `ready`, `draining`, `asleep`, `suspect` or `gone`. A busy agent is `ready`."),
  text("reason", "Why it had this state."),
  text("since", "Start of the state."),
];

const decisionColumns: readonly Column[] = [
  namespace,
  text("id", "The id."),
  text("kind", "`access` of a policy. Of a session `mode`, `cut`, `plan` or `move`."),
  text("decided", "Time of the decision."),
  text("actor", "Id of the caller that requested access. For a session, the model that made the choice."),
  text("action", "The action, such as `workflow.runs.start`. NULL for a session."),
  text("resource", "Id of the resource. NULL if the decision covers any resource."),
  text("result", "`allowed` or `denied`. For a session, the chosen mode."),
  text("reason", "Policies that decided, or why the session chose this mode."),
  real("confidence", "How sure a session was, from 0 to 1."),
  integer("shadow_differs", "1 if shadow policies would have changed the decision."),
  real("count", "Number of equal decisions that this row represents."),
  text("work_kind", "Kind of the work that needed it."),
  text("work_id", "Id of that work."),
];

const coordinationColumns: readonly Column[] = [
  namespace,
  text("kind", "`run` or `mission`."),
  text("work_id", "Id of the run or mission."),
  text("definition", "Name of its definition."),
  text("ended", "When the last of its attempts ended."),
  integer("tasks", "Number of its tasks that agents had."),
  integer("results", "Number of its tasks that were completed."),
  integer("attempts", "Number of attempts."),
  integer("handoffs", "How often its tasks were handed on to another agent."),
  integer("bounced", "How often a check sent work back."),
  integer("rework", "Attempts beyond the first of each task."),
  real("chatter", "Hand-offs, bounces and rework per result."),
];

/** A run has a row per attempt, a mission one per task with the number of its attempts. */
const coordinationRows = (stored: string): string => `
  SELECT namespace, kind, work_id, max(definition) AS definition, max(ended) AS ended, count(*) AS tasks,
    sum(is_done) AS results, sum(tries) AS attempts, sum(handoffs) AS handoffs, sum(sent_back) AS bounced,
    sum(tries) - count(*) AS rework,
    (sum(handoffs) + sum(sent_back) + sum(tries) - count(*)) * 1.0 / nullif(sum(is_done), 0) AS chatter
  FROM (
    SELECT namespace, kind, work_id, task, max(definition) AS definition, max(ended) AS ended,
      max(handoffs) AS handoffs, max(sent_back) AS sent_back, max(status = 'completed') AS is_done,
      CASE kind WHEN 'mission' THEN max(attempt, 1) ELSE count(*) END AS tries
    FROM ${stored} WHERE is_compensation = 0 GROUP BY namespace, kind, work_id, task)
  GROUP BY namespace, kind, work_id`;

/** A state lasts until the next one of the same agent. */
const agentStateRows = (stored: string): string => `
  SELECT *, lead(since) OVER (PARTITION BY namespace, pool, agent ORDER BY since) AS until FROM ${stored}`;

export const factTables: readonly FactTableDeclaration[] = [
  {
    name: "agents",
    description: "One row per agent.",
    columns: agentColumns,
    stored: "agent",
    where: "true",
  },
  {
    name: "agent_states",
    description: "One row per state of an agent.",
    columns: [...agentStateColumns, text("until", "End of the state. NULL while it lasts.")],
    stored: "agent_state",
    where: "true",
    rows: agentStateRows,
  },
  {
    name: "attempts",
    description: "One row per ended attempt of a task of a run or mission.",
    columns: attemptColumns,
    stored: "attempt",
    where: "true",
  },
  {
    name: "calls",
    description: "One row per minute, route, caller and code of external calls.",
    columns: callColumns,
    stored: "call",
    where: "true",
  },
  {
    name: "coordination",
    description: "One row per run or mission, with hand-offs and rework.",
    columns: coordinationColumns,
    stored: "attempt",
    where: "true",
    rows: coordinationRows,
  },
  {
    name: "decisions",
    description: "One row per decision of a policy or a session.",
    columns: decisionColumns,
    stored: "decision",
    where: "true",
  },
  {
    name: "missions",
    description: "One row per mission.",
    columns: workColumns,
    stored: "work",
    where: "kind = 'mission'",
  },
  {
    name: "placements",
    description: "One row per assignment of a task to an agent of a pool.",
    columns: placementColumns,
    stored: "placement",
    where: "true",
  },
  {
    name: "runs",
    description: "One row per run.",
    columns: workColumns,
    stored: "work",
    where: "kind = 'run'",
  },
  {
    name: "sessions",
    description: "One row per session.",
    columns: workColumns,
    stored: "work",
    where: "kind = 'session'",
  },
];

/** The columns of each kept table, and the columns that identify a row. */
export const storedTables = {
  work: { columns: [text("kind", ""), ...workColumns], key: ["namespace", "kind", "id"] },
  attempt: {
    columns: attemptColumns,
    key: ["namespace", "kind", "work_id", "task", "attempt", "is_compensation"],
  },
  agent: { columns: agentColumns, key: ["namespace", "pool", "id"] },
  placement: { columns: placementColumns, key: ["pool_namespace", "pool", "epoch", "sequence"] },
  call: {
    columns: callColumns,
    key: ["process", "minute", "namespace", "source", "route", "identity", "code"],
  },
  agent_state: { columns: agentStateColumns, key: ["namespace", "pool", "agent", "since"] },
  decision: { columns: decisionColumns, key: ["namespace", "kind", "id"] },
} as const;

export type StoredTable = keyof typeof storedTables;
export type FactValue = string | number | null;
/** Values in the order of the columns. */
export type FactRow = readonly FactValue[];

/** Formats a time as SQLite does, so that it compares with `datetime('now', '-1 hour')`. */
export function timeText(ms: number | undefined): string | null {
  return ms === undefined || ms === 0 ? null : new Date(ms).toISOString().replace("T", " ").slice(0, 23);
}
