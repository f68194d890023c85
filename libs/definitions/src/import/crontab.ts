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

export function importCrontab(
  text: string,
  { hasUser = false, timeZone = "UTC" }: CrontabOptions = {},
): Imported {
  requireSize(text);
  const collector = new Collector();
  const env: Record<string, string> = {};
  let zone = timeZone;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const entry = raw.trim();
    if (entry === "" || entry.startsWith("#")) continue;
    const [, name, value] = variable.exec(entry) ?? [];
    if (name !== undefined && value !== undefined) {
      const plain = value.replace(/^(["'])(.*)\1$/, "$2");
      if (name === "CRON_TZ") zone = plain;
      else if (name === "MAILTO" || name === "MAILFROM")
        collector.report(line, entry, "output is not mailed. It is in the log of the task");
      else if (name === "RANDOM_DELAY") collector.report(line, entry, "set `jitter` of the schedule");
      else {
        env[name] = plain;
        if (name === "TZ")
          collector.report(line, entry, "commands get it. Cron has the times in the zone of its machine");
      }
      continue;
    }
    const [, times, rest] = nickname.exec(entry) ?? fields.exec(entry) ?? [];
    if (times === undefined || rest === undefined)
      collector.report(line, entry, "this is no line of a crontab");
    else if (!isTime(times)) collector.report(line, entry, "cron would refuse the times");
    else if (times === "@reboot") collector.report(line, entry, "a schedule has no start of the machine");
    else addLine(collector, { line, entry, times, rest, hasUser, zone, env });
  }
  return collector.finish();
}

interface Line {
  readonly line: number;
  readonly entry: string;
  readonly times: string;
  readonly rest: string;
  readonly hasUser: boolean;
  readonly zone: string;
  readonly env: Readonly<Record<string, string>>;
}

function addLine(collector: Collector, { line, entry, times, rest, hasUser, zone, env }: Line): void {
  const [, user, behind] = (hasUser ? /^(\S+)\s+(.+)$/.exec(rest) : null) ?? [];
  const [command = "", ...stdin] = splitAtPercent(behind ?? rest);
  const isOpen = hasUser && behind === undefined;
  if (isOpen || isExpression(command)) {
    const reason = isOpen ? "it has no command behind the user" : "`${{` would be read as an expression";
    collector.report(line, entry, reason);
    return;
  }
  if (user !== undefined)
    collector.report(line, `user ${user}`, "the command runs as the user of the worker");
  const { SHELL: shell = "/bin/sh", ...variables } = env;
  // Cron runs a command in the home directory.
  const { HOME: home = "" } = env;
  const [program = "job"] = command.trim().split(/\s+/);
  const name = collector.freeName(`cron-${nameFrom(program.split("/").at(-1) ?? "job")}`);
  const input: Json = {
    command: [shell, "-c", command],
    ...(home !== "" && { cwd: home }),
    ...(Object.keys(variables).length > 0 && { env: variables }),
    ...(stdin.length > 0 && { stdin: `${stdin.join("\n")}\n` }),
  };
  const description = `Line ${line} of a crontab.`;
  // Cron starts a command once, and starts it again while the last one still runs.
  collector.add(
    { workflow: name, description, tasks: { run: { uses: "shell", with: input, retry: 1 } } },
    line,
  );
  collector.add({ schedule: name, workflow: name, cron: times, timeZone: zone, overlap: "allow" }, line);
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

/** `%` is a new line of standard input, and `\%` is a percent sign. */
function splitAtPercent(text: string): string[] {
  return text.split(/(?<!\\)%/).map((part) => part.replaceAll("\\%", "%"));
}
