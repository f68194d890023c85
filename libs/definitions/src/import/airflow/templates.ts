/**
 * Converts Jinja templates in texts of Airflow to expressions of Tutti.
 *
 * The logical date is the member `logical_date` of the input, if a run has it, and otherwise the time of its start, in
 * UTC. So a run for another day needs that input.
 */
import { member, template } from "../cel.ts";

interface Written {
  readonly cel: string;
  /** Whether it depends on the logical date. */
  readonly isDated?: boolean;
}

/** The task that the importer adds if a template depends on the logical date. */
export const dateTask = "logical-date";
export const dateWork = {
  set: template(
    '(dyn(input) != null && "logical_date" in dyn(input) ? dyn(input).logical_date : run.startTime)',
  ),
};
const logicalDate = `tasks[${JSON.stringify(dateTask)}].output`;
const day = `${logicalDate}.substring(0, 10)`;
const second = `${logicalDate}.substring(0, 19)`;
const digits = (text: string) => `${text}.replace("-", "").replace(":", "")`;
const shifted = (days: string) =>
  `string(timestamp(${day} + "T00:00:00Z") + duration("${Number(days) * 24}h")).substring(0, 10)`;

const dated: Readonly<Record<string, string>> = {
  ds: day,
  ds_nodash: digits(day),
  ts: `${second} + "+00:00"`,
  ts_nodash: digits(second),
  ts_nodash_with_tz: `${digits(second)} + "+0000"`,
};
const dates = "(?:dag_run\\.)?(?:logical_date|execution_date|data_interval_start)";
const places: Readonly<Record<string, readonly [from: number, to: number]>> = {
  Y: [0, 4],
  m: [5, 7],
  d: [8, 10],
  H: [11, 13],
  M: [14, 16],
  S: [17, 19],
};

/** Returns the expression of a template. Undefined if it has no counterpart. */
export function templateOf(inner: string, pulled: (task: string) => string): Written | undefined {
  const text = inner.trim();
  if (Object.hasOwn(dated, text)) return { cel: dated[text] ?? "", isDated: true };
  for (const [form, write] of forms) {
    const found = new RegExp(`^${form}$`).exec(text);
    if (found !== null) return write(found.slice(1), pulled);
  }
  return undefined;
}

const quoted = "['\"]([^'\"]*)['\"]";
const forms: readonly (readonly [
  form: string,
  write: (parts: readonly string[], pulled: (task: string) => string) => Written | undefined,
])[] = [
  ["params\\.(\\w+)", ([name = ""]) => ({ cel: member("input", name) })],
  [
    "dag_run\\.conf(?:\\.get\\(|\\[)['\"](\\w+)['\"][)\\]]",
    ([name = ""]) => ({ cel: member("input", name) }),
  ],
  [
    `dag_run\\.conf\\.get\\(['"](\\w+)['"],\\s*${quoted}\\)`,
    ([name = "", other = ""]) => {
      const key = JSON.stringify(name);
      const isThere = `dyn(input) != null && ${key} in dyn(input)`;
      return { cel: `(${isThere} ? ${member("dyn(input)", name)} : ${JSON.stringify(other)})` };
    },
  ],
  [
    "(?:ti|task_instance)\\.xcom_pull\\((?:task_ids\\s*=\\s*)?['\"]([\\w.-]+)['\"]\\)",
    ([task = ""], pulled) => ({ cel: pulled(task) }),
  ],
  [dates, () => ({ cel: `${day} + " " + ${logicalDate}.substring(11, 19) + "+00:00"`, isDated: true })],
  [
    `${dates}\\s*\\|\\s*(ds|ds_nodash|ts|ts_nodash)`,
    ([name = ""]) => ({ cel: dated[name] ?? "", isDated: true }),
  ],
  [
    `${dates}\\.strftime\\(\\s*${quoted}\\s*\\)`,
    ([format = ""]) => {
      const cel = formatted(format);
      return cel === undefined ? undefined : { cel, isDated: true };
    },
  ],
  [
    "macros\\.ds_add\\(\\s*ds\\s*,\\s*(-?\\d+)\\s*\\)",
    ([days = ""]) => ({ cel: shifted(days), isDated: true }),
  ],
  ["(?:dag_run\\.)?run_id", () => ({ cel: "run.id" })],
];

function formatted(format: string): string | undefined {
  const parts = format.split(/(%.)/).filter((part) => part !== "");
  const written = parts.map((part) => {
    if (!part.startsWith("%")) return JSON.stringify(part);
    const place = Object.hasOwn(places, part.slice(1)) ? places[part.slice(1)] : undefined;
    return place && `${logicalDate}.substring(${place.join(", ")})`;
  });
  return written.length === 0 || written.includes(undefined) ? undefined : written.join(" + ");
}

/** Returns the result of an Airflow task: for a command, the last line of its output. A mapped task has a list. */
export function resultOf(
  id: string,
  { isCommand, isMapped }: { readonly isCommand: boolean; readonly isMapped: boolean },
): string {
  const output = `tasks[${JSON.stringify(id)}].output`;
  if (!isCommand) return output;
  const last = 't.substring(t.lastIndexOf("\\n") + 1)';
  return isMapped
    ? `${output}.map(o, o.stdout.trim()).map(t, ${last})`
    : `[${output}.stdout.trim()].map(t, ${last})[0]`;
}
