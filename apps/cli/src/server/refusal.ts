/** Turns errors of the platform into failures: what happened, why, and the next actions. */
import { platformFolder, sentences, startCommandOf } from "@tutti/kernel";
import { Client, RestError, strangeAnswer } from "@tutti/rest/client";
import type { Whoami } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { type ExitCode, exitCodes } from "../command/exit-codes.ts";
import { type Advice, Failure } from "../command/failure.ts";
import { httpFetch } from "../effects/http-fetch.ts";
import type { RouteName, Server } from "./calls.ts";
import { adviceFor } from "./names.ts";
import { namespaceOption, unknownNamespace, withinNamespace } from "./namespaces.ts";
import { problemsAsWritten } from "./written-names.ts";

interface Call {
  readonly name: RouteName;
  readonly parts: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };
  readonly client: Client;
  readonly server: Pick<Server, "url" | "namespace">;
  readonly context: Pick<Context, "command" | "values" | "shell">;
}

export async function refusalOf(error: RestError, call: Call): Promise<Failure> {
  if (error.status === 0) return await unreachable(error, call);
  // A proxy has a page of its own for a platform that it cannot reach.
  if (error.code === "rest.strange_answer" && error.status < 500) return stranger(call.server.url, error);
  if (error.code === "gateway.key_wrong") return await wrongKey(error, call);
  if (error.status === 401 || error.status === 403)
    return forbidden(error, call, await rightsFor(error, call).catch(() => []));
  const large = tooLarge(error);
  if (large !== undefined) return large;
  const written = problemsAsWritten(error, call.context.values);
  if (written !== undefined) return misused(written, error, call.context.command.name);
  const isMissing = error.status === 404;
  const next = isMissing
    ? await adviceOnMissing(error, call)
    : [...asTexts(error), ...asInput(error), ...retrying(error)];
  const text = sentence(error.detail);
  const detail = isMissing ? withinNamespace(text, call.server, namespaceOption(call.context)) : text;
  return new Failure(detail, {
    // The sentence already has the error of a single field.
    why: error.fields
      .map(({ field, message }) => (field === "" ? message : `${field}: ${message}`))
      .filter((part) => !error.detail.includes(part)),
    // The sentence may name the command already.
    next: next.filter((advice) => typeof advice === "string" || !detail.includes(`\`${advice[0]}\``)),
    exitCode: exitCodeOf(error),
    code: error.code,
    cause: error,
  });
}

/** Returns the next actions after something was not found, in the namespace of the command. */
async function adviceOnMissing({ code, detail }: RestError, call: Call): Promise<Advice[]> {
  const option = namespaceOption(call.context);
  const { client, server } = call;
  const unknown = await unknownNamespace({
    namespace: server.namespace,
    call: (name, parts) => client.call(name, parts),
  });
  if (unknown !== undefined) return [unknown];
  const advice = await adviceFor(call, code, detail);
  return advice.map((each) => (typeof each === "string" ? each : [`${each[0]}${option}`, each[1]]));
}

/** Returns the failure for wrong values of arguments and options. */
function misused([first = "", ...why]: readonly string[], error: RestError, command: string): Failure {
  return new Failure(first, {
    why,
    next: [[`tutti help ${command}`, "shows its arguments and options"]],
    exitCode: exitCodes.refused,
    code: error.code,
    cause: error,
  });
}

const storeElsewhere = "Store large data elsewhere, and pass its location.";

/** Returns the failure for an input above the maximum of a request. */
function tooLarge(error: RestError): Failure | undefined {
  for (const { field, message } of error.fields) {
    const [, most, found] = /^expected at most (\d+) bytes, got (\d+)$/.exec(message) ?? [];
    if (!/(?:^|\.)input(?:\.inline)?$/.test(field) || found === undefined) continue;
    const mib = (bytes: unknown) => (Number(bytes) / 1_048_576).toFixed(1).replace(".0", "");
    return new Failure(`The input has ${mib(found)} MiB, and at most ${mib(most)} MiB are allowed.`, {
      next: [storeElsewhere],
      exitCode: exitCodes.refused,
      code: error.code,
      cause: error,
    });
  }
  return undefined;
}

/** Returns the advice to quote a value. Without quotes, a value that looks like a number or boolean becomes one. */
function asTexts({ fields }: RestError): Advice[] {
  return fields.flatMap(({ field, message }): Advice[] => {
    const [, name] = /^(?:spec\.|run\.)?input\.(.+)$/.exec(field) ?? [];
    const [, value] = /must be string, got (-?\d\S*|true|false|null)$/.exec(message) ?? [];
    return name === undefined || value === undefined ? [] : [[`${name}='"${value}"'`, "passes it as a text"]];
  });
}

/** Returns the advice how to pass a required field of the input. */
function asInput({ fields }: RestError): Advice[] {
  return fields.flatMap(({ field, message }): Advice[] => {
    if (!/^(?:spec\.|run\.)?input$/.test(field)) return [];
    if (message.endsWith("must be object, got nothing"))
      return [["KEY=VALUE", "passes a field of the input"]];
    const [, name, found] = /^must have required property '([^']+)'(?:, got '([^']+)')?/.exec(message) ?? [];
    if (name === undefined) return [];
    return [
      ...(found === undefined ? [] : [`Did you mean \`${name}\` instead of \`${found}\`?`]),
      [`${name}=VALUE`, "passes this field of the input"],
    ];
  });
}

function exitCodeOf({ status }: RestError): ExitCode {
  // A proxy in front of the platform sends this when it cannot reach it.
  return status === 502 || status === 504 ? exitCodes.unreachable : exitCodes.refused;
}

function retrying({ retry, retryAfterMs }: RestError): Advice[] {
  if (retry === "never") return [];
  const wait = retryAfterMs > 0 ? ` in ${Math.ceil(retryAfterMs / 1_000)} s` : "";
  return [`Retry the command${wait}.`];
}

/** Returns the code of a failed connection, such as ECONNREFUSED. Empty without one. */
export function connectionCodeOf(error: RestError): string {
  const inner = error.cause instanceof Error ? error.cause.cause : undefined;
  return inner instanceof Error && "code" in inner ? String(inner.code) : "";
}

/** Above this size the server may reject a request and close the connection before the reply is read. */
const largeBytes = 1_048_576;

export function isLarge(body: unknown): boolean {
  return JSON.stringify(body ?? "").length >= largeBytes;
}

async function unreachable(error: RestError, { server, parts }: Call): Promise<Failure> {
  const inner = error.cause instanceof Error ? error.cause.cause : undefined;
  const code = connectionCodeOf(error);
  if (code.startsWith("HPE_")) return await notHttp(error, server.url);
  const bytes = code === "EPIPE" || code === "ECONNRESET" ? JSON.stringify(parts.body ?? "").length : 0;
  if (bytes >= largeBytes) return cutWhileSending(error, server.url, bytes);
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: "Connection refused.",
    ENOTFOUND: "Host not found.",
    EAI_AGAIN: "Host not found, or no network.",
    ETIMEDOUT: "No answer.",
    ECONNRESET: "The connection was closed before the answer.",
  };
  const reason = inner instanceof Error ? sentences(inner.message) : "No answer.";
  return new Failure(`Tutti is not reachable at ${server.url}.`, {
    why: [reasons[code] ?? reason],
    next: [
      // Its port accepts connections, so another platform cannot start there.
      ...(reason.startsWith("No answer within")
        ? ["The platform hangs, is suspended, or is overloaded. See its log."]
        : ([[`npx tutti ${startCommandOf()}`, startText()]] as const)),
      ["tutti --server URL …", "sets the URL (or set TUTTI_URL)"],
      ["tutti doctor", "finds problems"],
    ],
    exitCode: exitCodes.unreachable,
    code: error.code,
    cause: error,
  });
}

function startText(): string {
  const folder = platformFolder();
  return folder === process.cwd() ? "starts Tutti in this folder" : `starts Tutti, in ${folder}`;
}

const setUrl = "Set TUTTI_URL to the address that `tutti dev` printed.";

/** Returns the failure for a program that is not Tutti, or a proxy that does not forward the call. */
function stranger(url: string, error: RestError): Failure {
  const [firstLine = ""] = (error.details["answer"] ?? "").split("\n");
  return new Failure(`${url} answers, but it is not Tutti.`, {
    why: [`It answered ${error.status}${firstLine === "" ? "." : `: ${firstLine}`}`],
    next: [setUrl],
    exitCode: exitCodes.unreachable,
    code: error.code,
    cause: error,
  });
}

/** Returns the failure if another program answers at the address. Undefined if Tutti or no program answers. */
export async function strangerAt(url: string): Promise<Failure | undefined> {
  const reply = await healthReply(url);
  if (isTutti(reply)) return undefined;
  if (!(reply instanceof RestError)) return stranger(url, strangeAnswer(200, JSON.stringify(reply)));
  return reply.code === "rest.strange_answer" ? stranger(url, reply) : undefined;
}

/** Calls the address without the key, which must not go to another program. */
async function healthReply(url: string): Promise<unknown> {
  return await callerAt(url).catch((refused: unknown) => {
    if (refused instanceof RestError) return refused;
    throw refused;
  });
}

/** Returns the caller that a platform sees with this key, or without one. */
export function callerAt(url: string, key?: string): Promise<Whoami> {
  const client = new Client({ url, fetch: httpFetch, ...(key === undefined ? {} : { key }) });
  return client.call("whoami", { timeoutMs: probeMaxMs });
}

/** Whether a reply names the caller, or is an error of Tutti. */
function isTutti(reply: unknown): boolean {
  if (reply instanceof RestError) return reply.status > 0 && reply.code !== "rest.strange_answer";
  return typeof reply === "object" && reply !== null && "version" in reply && "by" in reply;
}

const probeMaxMs = 3_000;

/** Returns the failure for a port without HTTP. `tutti dev --port N` uses port N + 1 for gRPC. */
async function notHttp(error: RestError, url: string): Promise<Failure> {
  const below = new URL(url);
  below.port = String(Number(below.port) - 1);
  const { origin } = below;
  const isFound = isTutti(await healthReply(origin));
  return new Failure(`The reply of ${url} is not HTTP.`, {
    why: [isFound ? `It is the port for gRPC. Tutti answers at ${origin}.` : "It may be the port for gRPC."],
    next: isFound ? [[`export TUTTI_URL=${origin}`, "sets the URL"]] : [setUrl],
    exitCode: exitCodes.unreachable,
    code: "rest.strange_answer",
    cause: error,
  });
}

function cutWhileSending(error: RestError, url: string, bytes: number): Failure {
  const megabytes = (bytes / 1_048_576).toFixed(1);
  return new Failure(`${url} closed the connection while ${megabytes} MiB were sent to it.`, {
    why: ["The request is probably above gateway.bodyBytesMax. Default: 4 MiB."],
    next: [storeElsewhere, ["tutti doctor", "checks the platform"]],
    exitCode: exitCodes.unreachable,
    code: error.code,
    cause: error,
  });
}

/** Returns the advice with the role that permits the action, and the users who can bind roles. */
async function rightsFor({ code, details }: RestError, { client, server }: Call): Promise<Advice[]> {
  const { action, namespace, home } = details;
  // For a key of another namespace, a role in this one would not help.
  if (code !== "mesh.denied" || action === undefined || home !== undefined) return [];
  const query = namespace === undefined ? server.namespace : { namespace };
  const { missing, givers, who } = await client.call("missingRights", { query });
  const lack = missing.find((right) => right.action === action);
  if (lack === undefined) return [];
  if (lack.why === "forbidden") return ["A policy forbids it. An administrator can change the policy."];
  if (lack.why === "narrowed") return ["The key is restricted. Use another key."];
  const [least] = lack.roles;
  if (least === undefined) return [];
  const some = givers.slice(0, giversMax).join(", ") || "the administrator of this machine";
  return [`Ask ${some} for the role ${least}:`, [`tutti role bind ${least} ${who}`, "binds the role"]];
}

const giversMax = 3;

/** Returns the failure for a key of another installation, with the place where the user has set it. */
async function wrongKey(error: RestError, { server: { url }, context }: Call): Promise<Failure> {
  const { values, shell } = context;
  const variable = shell.environment["TUTTI_API_KEY"] === undefined ? "TUTTI_KEY" : "TUTTI_API_KEY";
  const isFile = values.text("key-file") !== undefined;
  const isNeeded = (await callerAt(url).catch(() => undefined)) === undefined;
  const without: Advice = isFile ? "Omit --key-file." : [`unset ${variable}`, "calls without a key"];
  return new Failure(`The key in ${isFile ? "--key-file" : variable} is not the key of ${url}.`, {
    why: isNeeded ? [] : ["On this machine no key is needed."],
    next: isNeeded ? keyOptions : [without],
    exitCode: exitCodes.forbidden,
    code: error.code,
    cause: error,
  });
}

const keyOptions: readonly Advice[] = [
  ["tutti --key-file FILE …", "reads the key from a file"],
  ["TUTTI_API_KEY=… tutti …", "reads the key from the environment"],
];

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
  if (ofOtherPeople.test(error.code) || ofAddresses.has(error.code)) {
    const { exitCode, code, cause } = about;
    return new Failure(sentence(error.detail), { exitCode, code, cause });
  }
  const { home } = error.details;
  const otherNamespace: readonly Advice[] =
    home === undefined ? [] : [[`tutti --namespace ${home} …`, "uses the namespace of this key"]];
  return new Failure(
    error.status === 401 ? `${server.url} needs a valid key.` : "This key does not allow the request.",
    {
      ...about,
      next: [...otherNamespace, ...rights, ...keyOptions],
    },
  );
}

/** Codes of rules that reject the request itself, for any caller and key. */
const ofRules: ReadonlySet<string> = new Set(["access.rule_refused", "access.plan_refused"]);

/** Codes that leave the act to other people, such as the approvers of a task. Another key of the caller is no way out. */
const ofOtherPeople = /^(workflow|mission|inbox|board)\./;

/** Codes of outgoing addresses that the configuration does not allow. No key allows them. */
const ofAddresses: ReadonlySet<string> = new Set(["scaling.webhook_refused", "outgoing.refused"]);

function sentence(text: string): string {
  return text === "" ? "The platform rejected the request without a reason." : text;
}
