/** Values of tasks of Serverless Workflow with external work: calls, commands, events, durations. */
import type { Json } from "@tutti/expressions";
import { expressionOf, member, template, UnsupportedConstruct } from "../cel.ts";
import { isMembers, listIn, type Members, membersIn, type Path, textIn } from "../foreign-document.ts";
import { nameFrom, nameFromCamelCase, type Tree } from "../imported.ts";

/** Translates a value of the task. */
export type Fill = (value: unknown, ...keys: readonly (string | number)[]) => Json;

/** Returns a name such as `test-register-customer`. */
export function workflowName(namespace: string, name: string): string {
  return nameFrom(namespace === "" || namespace === "default" ? name : `${namespace}-${name}`);
}

/** Translates `call: http` to a task of the capability `http.call`, which gets its settings. */
export function callOf(call: string, settings: unknown, path: Path, fill: Fill): Tree {
  const isKnown = ["http", "grpc", "openapi", "asyncapi", "a2a", "mcp"].includes(call);
  const uses = isKnown
    ? `${call}.call`
    : call
        .split(/[./:@]+/)
        .map(nameFromCamelCase)
        .join(".");
  if (!isMembers(settings)) return { uses, with: {} };
  const entries = Object.entries(settings).map(([key, value]): [string, Json] => {
    if (key !== "endpoint" || call !== "http") return [key, fill(value, "with", key)];
    return [key, endpointOf(value, [...path, "with", key], fill)];
  });
  return { uses, with: Object.fromEntries(entries) };
}

/** Translates `https://…/{petId}`: members of the input are part of the address. */
function endpointOf(value: unknown, path: Path, fill: Fill): Json {
  if (isMembers(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        key === "uri" ? endpointOf(each, [...path, key], fill) : fill(each, "with", "endpoint", key),
      ]),
    );
  if (typeof value !== "string" || !/\{\w+\}/.test(value) || value.includes("${"))
    return fill(value, "with", "endpoint");
  return value.replace(/\{(\w+)\}/g, (_, name: string) => template(member("vars.data", name)));
}

interface Work {
  readonly run: Tree;
  /** Expression of its output. */
  readonly output: string;
}

export function runOf(members: Members, path: Path, fill: Fill): Work {
  const kind = ["shell", "script", "container", "workflow"].find((each) => members[each] !== undefined) ?? "";
  const at = [...path, "run"];
  if (kind === "") throw new UnsupportedConstruct("what it runs is unknown", at);
  if (members["await"] === false)
    throw new UnsupportedConstruct("it does not wait for the end", [...at, "await"]);
  const settings = membersIn(members, kind);
  const output = outputs[textIn(members, "return") || "stdout"];
  if (output === undefined) throw new UnsupportedConstruct("its `return` is unknown", [...at, "return"]);
  const filled = (key: string) =>
    settings[key] === undefined ? undefined : fill(settings[key], "run", kind, key);
  if (kind === "workflow") {
    const workflow = workflowName(textIn(settings, "namespace"), textIn(settings, "name"));
    return { run: { workflow, with: filled("input") ?? template("vars.data") }, output: "output" };
  }
  const [env, stdin] = [filled("environment"), filled("stdin")];
  const list = filled("arguments") ?? [];
  if (!Array.isArray(list))
    throw new UnsupportedConstruct("named arguments have no counterpart", [...at, kind, "arguments"]);
  const input = { ...(env !== undefined && { env }), ...(stdin !== undefined && { stdin }) };
  const command = filled("command");
  if (kind === "script") {
    const uses = `script.${nameFrom(textIn(settings, "language"))}`;
    const code = filled("code") ?? filled("source");
    if (code === undefined) throw new UnsupportedConstruct("it has no code", [...at, kind]);
    return { run: { uses, with: { code, arguments: list, ...input } }, output };
  }
  const commandLine = command === undefined ? list : ["sh", "-c", command, "sh", ...list];
  if (kind === "shell") return { run: { uses: "shell", with: { command: commandLine, ...input } }, output };
  const image = filled("image");
  if (image === undefined) throw new UnsupportedConstruct("it has no image", [...at, kind]);
  const all = { image, ...(commandLine.length > 0 && { command: commandLine }), ...input };
  return { run: { uses: "container", with: all }, output };
}

const outputs: Readonly<Record<string, string>> = {
  stdout: "output.stdout",
  stderr: "output.stderr",
  code: "output.exitCode",
  all: '{"code": output.exitCode, "stdout": output.stdout, "stderr": output.stderr }',
  none: "null",
};

/** Returns waits for events, and the expression of the kept part. */
export function listenOf(
  members: Members,
  path: Path,
  conditionOn: (value: unknown, path: Path, dot: string) => string,
): { readonly waits: readonly Tree[]; readonly read: string } {
  const to = membersIn(members, "to");
  if (members["foreach"] !== undefined || to["until"] !== undefined)
    throw new UnsupportedConstruct("a stream of events has no counterpart", path);
  const [one, all, any] = [to["one"], listIn(to, "all"), listIn(to, "any")];
  if (any.length > 1 || (to["any"] !== undefined && any.length === 0))
    throw new UnsupportedConstruct("it waits for the first of several events", [...path, "to", "any"]);
  const key = one !== undefined ? "one" : all.length > 0 ? "all" : "any";
  const filters = one !== undefined ? [one] : all.length > 0 ? all : any;
  if (filters.length === 0) throw new UnsupportedConstruct("it names no event", path);
  const waits = filters.map((filter, index) => {
    const at = [...path, "to", key, ...(key === "one" ? [] : [index]), "with"];
    const attributes = isMembers(filter) ? membersIn(filter, "with") : {};
    const conditions = Object.entries(attributes).flatMap(([name, value]) => {
      if (name === "type" || name === "source") return [];
      const dot = member("event", name);
      const isExpression = typeof value === "string" && value.trim().startsWith("${");
      if (isExpression) return [conditionOn(value, [...at, name], dot)];
      return [`${dot} == ${expressionOf(JSON.parse(JSON.stringify(value)) as Json)}`];
    });
    const [event, source] = [textIn(attributes, "type"), textIn(attributes, "source")];
    if (event === "" || source.includes("${"))
      throw new UnsupportedConstruct("an event needs a constant `type`", at);
    return {
      event,
      ...(source !== "" && { source }),
      ...(conditions.length > 0 && { if: conditions.join(" && ") }),
    };
  });
  const read = textIn(members, "read") || "data";
  if (!["data", "envelope"].includes(read))
    throw new UnsupportedConstruct(`\`read: ${read}\``, [...path, "read"]);
  return { waits, read: read === "data" ? "output.data" : "output" };
}

/** Translates `{minutes: 5}` or `PT5M`. Undefined for a computed value. */
export function durationOf(value: unknown): string | undefined {
  const units = ["days", "hours", "minutes", "seconds", "milliseconds"] as const;
  const letters = ["d", "h", "m", "s", "ms"];
  const [, ...iso] =
    typeof value === "string"
      ? (/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(value) ?? [])
      : [];
  const counts = isMembers(value) ? units.map((unit) => value[unit]) : iso;
  if (counts.some((count) => count !== undefined && !/^\d+$/.test(String(count)))) return undefined;
  const parts = counts.flatMap((count, index) =>
    Number(count ?? 0) > 0 ? [`${Number(count)}${letters[index]}`] : [],
  );
  return parts.length === 0 ? undefined : parts.join("");
}

/** Conditions on errors, and whether they are negated. */
export const tests = [
  ["when", false],
  ["exceptWhen", true],
] as const;

const errorTypes = "https://serverlessworkflow.io/spec/1.0.0/errors";

/** Returns the error of a task. Its worker may set `type` and `status` in the details. */
export function failure(path: Path): Tree {
  const isTimeout = 'error.code.endsWith("timed_out")';
  const kind = `(${isTimeout} ? "${errorTypes}/timeout" : "${errorTypes}/communication")`;
  return {
    type: template(`"type" in error.details ? error.details.type : ${kind}`),
    status: template(`"status" in error.details ? int(error.details.status) : (${isTimeout} ? 408 : 500)`),
    title: template("error.code"),
    detail: template("error.message"),
    instance: `/${path.join("/")}`,
  };
}

export function varsIn(names: Readonly<Record<string, string>>): readonly string[] {
  const found = Object.values(names).flatMap((each) => /^vars\.(\w+)$/.exec(each)?.[1] ?? []);
  return [...new Set(found)].filter((each) => !["context", "failure"].includes(each));
}

export function safe(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : "item";
}

export function times(duration: string, factor: number): string {
  return duration.replace(/\d+/g, (count) => String(Number(count) * factor));
}
