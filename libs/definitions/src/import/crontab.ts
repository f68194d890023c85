/** Imports a crontab: each line becomes a workflow of one command, and its schedule. */
import type { Json } from "@tutti/expressions";
import { Collector, type Imported, isExpression, nameFrom, requireSize } from "./imported.ts";

export interface CrontabOptions {
  /** Whether lines name a user after the times, like those of /etc/crontab. Default: false. */
  readonly hasUser?: boolean;
  /** Time zone of the machine with the crontab. Default: UTC. */
  readonly timeZone?: string;
}

const variable = /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/;
const nickname = /^(@\w+)\s+(.+)$/;
const fields = /^((?:\S+\s+){4}\S+)\s+(.+)$/;

/** Variables of each command, unless the file sets them. */
export const cronVariables = { SHELL: "/bin/sh", PATH: "/usr/bin:/bin" };

/** A line with a command, and the variables that the file sets above it. */
export interface CrontabCommand {
  readonly kind: "command";
  readonly line: number;
  readonly entry: string;
  readonly times: string;
  /** Undefined in a crontab without users. */
  readonly user: string | undefined;
  readonly command: string;
  /** Text behind the first `%`, as cron passes it. Undefined without a `%`. */
  readonly stdin: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
}

interface CrontabVariable {
  readonly kind: "variable";
  readonly line: number;
  readonly entry: string;
  readonly name: string;
  readonly value: string;
}

/** A line that cron refuses. */
interface CrontabFault {
  readonly kind: "fault";
  readonly line: number;
  readonly entry: string;
  readonly reason: string;
}

export type CrontabItem = CrontabCommand | CrontabVariable | CrontabFault;

/** Reads a crontab as cron does. */
export function* readCrontab(
  text: string,
  { hasUser = false }: Pick<CrontabOptions, "hasUser"> = {},
): Generator<CrontabItem> {
  requireSize(text);
  const variables: Record<string, string> = {};
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const at = { line: index + 1, entry: raw.trim() };
    if (at.entry === "" || at.entry.startsWith("#")) continue;
    const [, name, quoted] = variable.exec(at.entry) ?? [];
    if (name !== undefined && quoted !== undefined) {
      const value = quoted.replace(/^(["'])(.*)\1$/, "$2");
      variables[name] = value;
      yield { kind: "variable", ...at, name, value };
    } else yield commandIn(at, hasUser, { ...variables });
  }
}

function commandIn(
  at: { readonly line: number; readonly entry: string },
  hasUser: boolean,
  variables: Readonly<Record<string, string>>,
): CrontabItem {
  const fault = (reason: string): CrontabFault => ({ kind: "fault", ...at, reason });
  if (at.entry.includes("\0")) return fault("it has a NUL character");
  const [, times, rest] = nickname.exec(at.entry) ?? fields.exec(at.entry) ?? [];
  if (times === undefined || rest === undefined) return fault("this is no line of a crontab");
  if (!isTime(times)) return fault("cron would refuse the times");
  const [, user, behind] = (hasUser ? /^(\S+)\s+(.+)$/.exec(rest) : null) ?? [];
  if (hasUser && behind === undefined) return fault("it has no command behind the user");
  return { kind: "command", ...at, times, user, ...splitAtPercent(behind ?? rest), variables };
}

export function importCrontab(
  text: string,
  { hasUser = false, timeZone = "UTC" }: CrontabOptions = {},
): Imported {
  const collector = new Collector();
  let zone = timeZone;
  let isNoted = false;
  for (const item of readCrontab(text, { hasUser })) {
    const { kind, line, entry } = item;
    if (kind === "fault") collector.report(line, entry, item.reason);
    else if (kind === "variable") {
      if (item.name === "CRON_TZ") zone = item.value;
      const reason = variableReasons.get(item.name);
      if (reason !== undefined) collector.report(line, entry, reason);
    } else if (item.times === "@reboot")
      collector.report(line, entry, "a schedule has no start of the machine");
    else if (isExpression(item.command))
      collector.report(line, entry, "`${{` would be read as an expression");
    else {
      addLine(collector, item, zone);
      if (!isNoted) isNoted = reportMissing(collector, item);
    }
  }
  return collector.finish();
}

const variableReasons: ReadonlyMap<string, string> = new Map([
  ["MAILTO", "output is not mailed. It is in the log of the task"],
  ["MAILFROM", "output is not mailed. It is in the log of the task"],
  ["RANDOM_DELAY", "set `jitter` of the schedule"],
  ["HOME", "it is the folder of the commands. Start the worker there, or set `folder` of its `shell()`"],
  ["TZ", "commands get it. Cron has the times in the zone of its machine"],
]);

/** Lists what cron sets for a command, and a worker does not. Returns whether it was listed. */
function reportMissing(collector: Collector, { line, variables }: CrontabCommand): boolean {
  const { HOME: home, PATH: path } = variables;
  if (home === undefined)
    collector.report(
      line,
      "HOME",
      "cron runs commands in the home folder. A task runs in the folder of its worker",
    );
  if (path === undefined)
    collector.report(
      line,
      "PATH",
      `cron sets \`${cronVariables.PATH}\`. A task has the variable of its worker`,
    );
  return home === undefined || path === undefined;
}

function addLine(collector: Collector, item: CrontabCommand, zone: string): void {
  const { line, command, stdin, times, user } = item;
  if (user !== undefined)
    collector.report(line, `user ${user}`, "the command runs as the user of the worker");
  const { SHELL: shell = cronVariables.SHELL, HOME: home = "" } = item.variables;
  const variables = Object.entries(item.variables).filter(([name]) => !notInTask.has(name));
  const name = collector.freeName(cronName(command));
  const input: Json = {
    command: [shell, "-c", command],
    ...(home !== "" && { cwd: home }),
    ...(variables.length > 0 && { env: Object.fromEntries(variables) }),
    ...(stdin !== undefined && { stdin }),
  };
  const description = `Line ${line} of a crontab.`;
  // Cron starts a command once, and starts it again while the last one still runs.
  collector.add(
    { workflow: name, description, tasks: { run: { uses: "shell", with: input, retry: 1 } } },
    line,
  );
  collector.add({ schedule: name, workflow: name, cron: times, timeZone: zone, overlap: "allow" }, line);
}

const notInTask = new Set(["SHELL", "CRON_TZ", "MAILTO", "MAILFROM", "RANDOM_DELAY"]);

/** Returns the name of a line: `cron-backup-sh`. */
export function cronName(command: string): string {
  const [program = "job"] = command.trim().split(/\s+/);
  return `cron-${nameFrom(program.split("/").at(-1) ?? "job")}`;
}

const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const item = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?|[A-Za-z]{3}(?:-[A-Za-z]{3})?)(?:\/(\d{1,2}))?$/;

/** Returns whether numbers are in the range of their field. */
function isTime(times: string): boolean {
  if (times.startsWith("@")) return true;
  return times.split(/\s+/).every((field, index) => {
    const [least = 0, most = 0] = ranges[index] ?? [];
    return field.split(",").every((each) => {
      const [found, from = least, to = from, step = 1] = item.exec(each) ?? [];
      return found !== undefined && Number(from) >= least && Number(to) <= most && Number(step) > 0;
    });
  });
}

/**
 * Splits at the first `%`. Behind it, `%` is a new line of standard input, whose last line is complete. `\%` is a percent
 * sign.
 */
function splitAtPercent(text: string): { readonly command: string; readonly stdin: string | undefined } {
  const [command = ""] = /^(?:\\.|[^%\\]|\\$)*/.exec(text) ?? [];
  const plain = (part: string) =>
    part.replace(/\\.|%/g, (found) => (found === "%" ? "\n" : found.replace(/^\\%$/, "%")));
  const input = text.length > command.length ? plain(text.slice(command.length + 1)) : undefined;
  const isWhole = input === undefined || input === "" || input.endsWith("\n");
  return { command: plain(command), stdin: isWhole ? input : `${input}\n` };
}
