// The page of defaults and guarantees: constants of the sources, keys of the configuration, options of the SDK.
import { parseSync, Visitor } from "oxc-parser";
import { declaredConstants, declaredGuarantees } from "./constants.mjs";

/** The topics, in the order of the page. The first matching topic gets the entry. */
const topics = [
  ["Retries", /retry|retries|backoff|attempts|busy/i],
  ["Losses", /lost|loss|crash|breakAfter|quarantine|repeats/i],
  [
    "Leases and detection",
    /lease|heartbeat|suspe|suspi|resume|silen|keepalive|pingInterval|renew|unwatched/i,
  ],
  ["Ports and addresses", /port$|listen$|\.host$|address$|server(s|Default)?$|url$/i],
  [
    "Timeouts and pauses",
    /timeout|wait(Max|Default)?Ms|(call|answer|drain|join|greeting|grace|link|start|discovery|claim|lockout|stop\w*|handshake)Ms$/i,
  ],
  ["Retention", /keep|kept|lifetime|maxAge(?!n)|history|signInMs|ended\w*Ms|forget|remember|copies|purge/i],
  ["Budgets and rates", /budget|tokens|price|persec|burst|throttle|concurrent|guesses|doubling/i],
  ["Limits", /max|min$|bytes|depth|inflight|streams$|window$|slots|limits\b|length/i],
  ["Other defaults", /./],
];

export function defaultsPage(files, sections) {
  const rows = [...declaredConstants(files).map(rowOfConstant), ...sections.flatMap(rowsOfSection)];
  return [
    "# Defaults and guarantees",
    "",
    "The defaults and limits of the platform, with the constant or the key that sets each of them. You set a key as",
    "[the configuration](configuration.md) shows. A constant is fixed. [The rpcs](rpcs.md) list the limits of each",
    "field of a request.",
    "",
    "## Guarantees",
    "",
    "`npm run acceptance` shows each of them.",
    "",
    "| guarantee | declared in |",
    "|---|---|",
    ...declaredGuarantees(files).map(({ text, path }) => `| ${cell(text)} | \`${path}\` |`),
    ...topics.flatMap(([title]) => tableOf(title, rows)),
    ...optionsOfSdk(files),
    "",
  ].join("\n");
}

/** Returns the title of the topic of a constant or key. */
export function topicOf(name) {
  return topics.find(([, names]) => names.test(name))[0];
}

/** Returns a value with its unit, which is the last word of the name: `60000` of `leaseMs` is `1 min`. */
export function shownValue(name, value) {
  if (typeof value !== "number") return `\`${JSON.stringify(value)}\``;
  if (/Ms(Max)?$/.test(name)) return inUnits(value, times);
  if (/bytes|weightmax/i.test(name)) return inUnits(value, sizes);
  return value.toLocaleString("en-US", { maximumFractionDigits: 6 });
}

const times = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
  [1, "ms"],
];
const sizes = [
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
  [1, "bytes"],
];

function inUnits(value, units) {
  const exact = (size) => Number.isInteger((value / size) * 10);
  const [size, unit] = units.find(([size]) => value >= size && exact(size)) ?? units.at(-1);
  return `${(value / size).toLocaleString("en-US")} ${unit}`;
}

function rowOfConstant({ name, value, help, path }) {
  return {
    topic: topicOf(name),
    value: shownValue(name, value),
    source: `\`${name}\` in \`${path}\``,
    help: help.split("\n\n")[0] || `${placeOf(path)}: ${wordsOf(name)}`,
  };
}

/** Returns the package of a file, with its folder if the package has several areas: `lock`, `sdk shell`. */
function placeOf(path) {
  const [before, inside] = path.split("/src/");
  return [...before.split("/").slice(-1), ...inside.split("/").slice(0, -1).slice(0, 1)].join(" ");
}

function rowsOfSection({ keys }) {
  return keys
    .filter((key) => key.default !== undefined)
    .map(({ name, description, default: value }) => ({
      topic: topicOf(name),
      value: shownValue(name, value),
      source: `key \`${name}\``,
      help: description,
    }));
}

/** Returns a name in words: `labelLengthMax` as `label length, at most`. */
function wordsOf(name) {
  const [last] = name.split(".").reverse();
  const words = last.replaceAll(/([a-z])([A-Z])/g, (_, end, start) => `${end} ${start.toLowerCase()}`);
  const bare = words.replace(/ ms$/, "").replace(/ default$/, "");
  return bare.endsWith(" max") ? `${bare.slice(0, -4)}, at most` : bare;
}

function tableOf(title, rows) {
  const own = rows.filter(({ topic }) => topic === title);
  if (own.length === 0) return [];
  const lines = own.map(({ value, source, help }) => `| ${cell(help)} | ${cell(value)} | ${source} |`);
  return ["", `## ${title}`, "", "| what | default | from |", "|---|---|---|", ...lines];
}

function optionsOfSdk(files) {
  const rows = files
    .filter(({ path, text }) => /^libs\/sdk\/src\/(?!conformance)/.test(path) && /Default:? /.test(text))
    .flatMap(optionsOf);
  return [
    "",
    "## Options of the TypeScript SDK",
    "",
    "| option | default | what | from |",
    "|---|---|---|---|",
    ...rows.map(
      ({ name, value, help, path }) => `| \`${name}\` | ${cell(value)} | ${cell(help)} | \`${path}\` |`,
    ),
  ];
}

function optionsOf({ path, file, text }) {
  const { program, comments } = parseSync(file, text);
  const found = [];
  const enter = ({ key, start }) => {
    const before = comments.findLast(({ end }) => end <= start && text.slice(end, start).trim() === "");
    const comment = (before?.value ?? "").replaceAll(/\s*\n\s*\*\s?/g, " ").replace(/^\*/, "");
    const [, help, value] = /^(.*?)\bDefault:? (.+?)(?:\. (?=[A-Z])|\.?$)/.exec(comment.trim()) ?? [];
    if (value !== undefined && key?.name !== undefined)
      found.push({ name: key.name, value, help: help.trim() || wordsOf(key.name), path });
  };
  new Visitor({ TSPropertySignature: enter }).visit(program);
  return found;
}

const cell = (text) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
