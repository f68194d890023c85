/** What the platform refused, in words: what, why, and what to do next. */
import { nearest, sentences } from "@tutti/kernel";
import type { Client, RestError } from "@tutti/rest/client";
import { type ExitCode, exitCodes } from "../command/exit-codes.ts";
import { type Advice, Failure } from "../command/failure.ts";
import type { RouteName, Server } from "./calls.ts";

interface Call {
  readonly name: RouteName;
  readonly parts: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };
  readonly client: Client;
  readonly server: Pick<Server, "url" | "namespace">;
}

export async function refusalOf(error: RestError, call: Call): Promise<Failure> {
  if (error.status === 0) return unreachable(error, call);
  if (error.status === 401 || error.status === 403)
    return forbidden(error, call, await rightsFor(error, call).catch(() => []));
  const next =
    error.status === 404 ? await insteadOf(call, error.code) : [...asTexts(error), ...retrying(error)];
  const detail = sentence(error.detail);
  return new Failure(detail, {
    // What is wrong with a single field is in the sentence already.
    why: error.fields
      .map(({ field, message }) => (field === "" ? message : `${field}: ${message}`))
      .filter((said) => !error.detail.includes(said)),
    // The sentence may name the command already.
    next: next.filter((advice) => typeof advice === "string" || !detail.includes(`\`${advice[0]}\``)),
    exitCode: exitCodeOf(error),
    code: error.code,
    cause: error,
  });
}

/** What was written without quotes behind a name is a number or a truth wherever it looks like one. */
function asTexts({ fields }: RestError): Advice[] {
  return fields.flatMap(({ field, message }): Advice[] => {
    const [, name] = /^(?:spec\.)?input\.(.+)$/.exec(field) ?? [];
    const [, value] = /must be string, found (-?\d\S*|true|false|null)$/.exec(message) ?? [];
    return name === undefined || value === undefined ? [] : [[`${name}='"${value}"'`, "passes it as a text"]];
  });
}

function exitCodeOf({ status }: RestError): ExitCode {
  // What stands before the platform says so when it cannot reach it.
  return status === 502 || status === 504 ? exitCodes.unreachable : exitCodes.refused;
}

function retrying({ retry, retryAfterMs }: RestError): Advice[] {
  if (retry === "never") return [];
  const wait = retryAfterMs > 0 ? ` in ${Math.ceil(retryAfterMs / 1_000)} s` : "";
  return [`Retry the command${wait}.`];
}

/** Requests that can be too large: the server may close the connection before the answer was read. */
const largeBytes = 1_048_576;

const notHttp =
  "The reply is not HTTP. Port 7401 is for workers. The dashboard and the CLI use port 7400 by default.";

function unreachable(error: RestError, { server, parts }: Call): Failure {
  const inner = error.cause instanceof Error ? error.cause.cause : undefined;
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : "";
  const bytes = code === "EPIPE" || code === "ECONNRESET" ? JSON.stringify(parts.body ?? "").length : 0;
  if (bytes >= largeBytes) return cutWhileSending(error, server.url, bytes);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: "Connection refused.",
    ENOTFOUND: "Host not found.",
    EAI_AGAIN: "Host not found, or no network.",
    ETIMEDOUT: "No answer.",
    ECONNRESET: "The connection was closed before the answer.",
  };
  const said = inner instanceof Error ? sentences(inner.message) : "No answer.";
  return new Failure(`Tutti is not reachable at ${server.url}.`, {
    why: [code.startsWith("HPE_") ? notHttp : (reasons[code] ?? said)],
    next: [
      ["npx tutti dev", "starts Tutti in this folder"],
      ["tutti --server URL …", "sets the URL (or set TUTTI_URL)"],
      ["tutti doctor", "finds problems"],
    ],
    exitCode: exitCodes.unreachable,
    code: error.code,
    cause: error,
  });
}

function cutWhileSending(error: RestError, url: string, bytes: number): Failure {
  const megabytes = (bytes / 1_048_576).toFixed(1);
  return new Failure(`${url} closed the connection while ${megabytes} MiB were sent to it.`, {
    why: ["The request is probably above gateway.bodyBytesMax. Default: 4 MiB."],
    next: [
      "Send less: store large data elsewhere, and pass its location.",
      ["tutti doctor", "checks the platform"],
    ],
    exitCode: exitCodes.unreachable,
    code: error.code,
    cause: error,
  });
}

/** Which role would permit it, and who gives roles: the platform knows both. */
async function rightsFor({ code, details }: RestError, { client, server }: Call): Promise<Advice[]> {
  const { action, namespace, home } = details;
  // With a key of another namespace nothing is lacking there.
  if (code !== "mesh.denied" || action === undefined || home !== undefined) return [];
  const query = namespace === undefined ? server.namespace : { namespace };
  const { missing, givers, who } = await client.call("missingRights", { query });
  const lack = missing.find((one) => one.action === action);
  if (lack === undefined) return [];
  if (lack.why === "forbidden") return ["A policy forbids it. An administrator can change the policy."];
  if (lack.why === "narrowed") return ["The key is restricted. Use another key."];
  const [least] = lack.roles;
  if (least === undefined) return [];
  const some = givers.slice(0, giversShown).join(", ") || "the administrator of this machine";
  return [`Ask ${some} for the role ${least}:`, [`tutti role bind ${least} ${who}`, "binds the role"]];
}

const giversShown = 3;

function forbidden(error: RestError, { server }: Call, rights: readonly Advice[]): Failure {
  const about = { why: [error.detail], exitCode: exitCodes.forbidden, code: error.code, cause: error };
  if (ofRules.has(error.code))
    return new Failure("An admission rule rejected this.", {
      ...about,
      next: [
        ["tutti rule list", "lists the rules"],
        ["tutti rule findings", "lists their findings"],
      ],
    });
  const { home } = error.details;
  const elsewhere: readonly Advice[] =
    home === undefined ? [] : [[`tutti --namespace ${home} …`, "uses the namespace of this key"]];
  return new Failure(
    error.status === 401 ? `${server.url} needs a valid key.` : "This key does not allow the request.",
    {
      ...about,
      next: [
        ...elsewhere,
        ...rights,
        ["tutti --key-file FILE …", "reads the key from a file"],
        ["TUTTI_API_KEY=… tutti …", "reads the key from the environment"],
      ],
    },
  );
}

/** Independent of the caller and its key: the request itself is refused. */
const ofRules: ReadonlySet<string> = new Set(["access.rule_refused", "access.plan_refused"]);

/** Names that are there, where one was said that is not. How many are compared is bounded. */
async function insteadOf({ name, parts, client, server }: Call, code: string): Promise<Advice[]> {
  const wanted = code === "workflow.task_missing" ? taskIn(parts) : wantedIn(name, parts);
  if (wanted === undefined) return [];
  const known = await knownNames(wanted, client, server.namespace).catch(() => []);
  const meant = nearest(wanted.text, known);
  const list: Readonly<Record<Kind, Advice>> = {
    run: ["tutti list", "lists runs"],
    session: ["tutti session list", "lists sessions"],
    workflow: ["tutti workflow list", "lists workflows"],
    schedule: ["tutti schedule list", "lists schedules"],
    trigger: ["tutti trigger list", "lists triggers"],
    agent: ["tutti agent list", "lists agents"],
    pool: ["tutti pool list", "lists pools"],
    mission: ["tutti mission list", "lists missions"],
    key: ["tutti key list", "lists keys"],
    role: ["tutti role list", "lists roles"],
    rule: ["tutti rule list", "lists rules"],
    task: [`tutti show ${wanted.of}`, "lists its tasks"],
  };
  // What was named exists: something in it is missing.
  if (meant === wanted.text) return [];
  return [...(meant === undefined ? [] : [`Did you mean \`${meant}\`?`]), list[wanted.kind]];
}

type Kind =
  | "run"
  | "session"
  | "mission"
  | "workflow"
  | "schedule"
  | "trigger"
  | "agent"
  | "pool"
  | "key"
  | "role"
  | "rule"
  | "task";

interface Wanted {
  readonly kind: Kind;
  readonly text: string;
  /** The run that a task was looked for in. */
  readonly of?: string;
}

/** The run is there, the task in it is not. */
function taskIn({ params, query }: Call["parts"]): Wanted | undefined {
  const { id = "", task } = (params ?? {}) as { readonly id?: string; readonly task?: string };
  const { task: asked } = (query ?? {}) as { readonly task?: string };
  const text = task ?? asked;
  return text === undefined ? undefined : { kind: "task", text, of: id };
}

/** What says what is to be run. */
interface RunBody {
  readonly definition?: string | { readonly name: string };
}

interface RoleBody {
  readonly role?: string;
}

function wantedIn(name: RouteName, { params, body }: Call["parts"]): Wanted | undefined {
  const {
    id = "",
    name: named = "",
    pool = "",
  } = (params ?? {}) as { readonly id?: string; readonly name?: string; readonly pool?: string };
  if (name === "runs.start" || name === "schedules.create" || name === "triggers.create") {
    const { definition, run } = (body ?? {}) as RunBody & { readonly run?: RunBody };
    const named = definition ?? run?.definition;
    return {
      kind: "workflow",
      text: typeof named === "string" ? (named.split("@")[0] ?? "") : (named?.name ?? ""),
    };
  }
  if (/^(runs|tasks)\./.test(name)) return { kind: "run", text: id };
  if (name.startsWith("sessions.")) return { kind: "session", text: id };
  if (name.startsWith("workflows.")) return { kind: "workflow", text: named };
  if (name.startsWith("schedules.")) return { kind: "schedule", text: id };
  if (name.startsWith("triggers.")) return { kind: "trigger", text: id };
  if (name.startsWith("missions.")) return { kind: "mission", text: id };
  if (name.startsWith("pools.")) return { kind: "pool", text: pool };
  if (name.startsWith("agents.")) return { kind: "agent", text: id };
  if (name.startsWith("keys.")) return { kind: "key", text: id };
  if (name.startsWith("rules.")) return { kind: "rule", text: id };
  if (name === "roleBindings.create")
    return { kind: "role", text: (body as RoleBody | undefined)?.role ?? "" };
  return undefined;
}

const comparedMax = 500;

async function knownNames(
  { kind, of = "" }: Wanted,
  client: Client,
  namespace: Server["namespace"],
): Promise<string[]> {
  const query = { ...namespace, size: comparedMax };
  switch (kind) {
    case "run":
      return (await client.call("runs.list", { query })).runs.map(({ runId }) => runId);
    case "session":
      return (await client.call("sessions.list", { query })).sessions.map(({ sessionId }) => sessionId);
    case "workflow":
      return (await client.call("workflows.list", { query })).definitions.map(({ name }) => name);
    case "schedule":
      return (await client.call("schedules.list", { query })).schedules.map(({ scheduleId }) => scheduleId);
    case "trigger":
      return (await client.call("triggers.list", { query })).triggers.map(({ triggerId }) => triggerId);
    case "task":
      return (await client.call("tasks.list", { params: { id: of }, query })).tasks.map(
        ({ taskId }) => taskId,
      );
    case "key":
      return (await client.call("keys.list", { query })).keys.map(({ keyId = "" }) => keyId);
    case "role":
      return (await client.call("roles.list", { query: namespace })).roles.map(({ role = "" }) => role);
    case "rule":
      return (await client.call("rules.list", { query })).rules.map(({ ruleId = "" }) => ruleId);
    case "pool":
      return (await client.call("pools.list", { query })).pools.map(({ pool }) => pool);
    case "mission":
      return (await client.call("missions.list", { query })).missions.map(({ missionId }) => missionId);
    case "agent":
      return (await client.call("agents.list", { query })).agents.map(({ agentId }) => agentId);
  }
}

function sentence(text: string): string {
  return text === "" ? "The platform rejected the request without a reason." : text;
}
