// @ts-check

// Reads the rows of acceptance/mission.yaml, and finds their problems. Runs nothing.

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const missionFile = "acceptance/mission.yaml";

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} area
 * @property {string} promise
 * @property {string[]} promised `PAGE: PROMISE`
 * @property {{ file: string, title: string, wholeFile?: boolean }} [test] `wholeFile`: it needs the tests before it
 * @property {string} [command]
 * @property {{ name: string, pattern: string }} [figure]
 */

/** @param {string} root @returns {Row[]} */
export function readMission(root) {
  return parse(readFileSync(join(root, missionFile), "utf8"));
}

/**
 * Returns the promises of a page: the bold words of bullets, the first sentences of other bullets, the first cells of
 * rows of tables, and commands with a comment. A cell counts up to the end of its first sentence.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function promisesIn(text) {
  const lines = text.split("\n");
  return lines.flatMap((line, at) => {
    const [, bold] = /^- \*\*(.+?)\*\*/.exec(line) ?? [];
    if (bold !== undefined) return [bold.trim()];
    const [, bullet] = /^- (.+)$/.exec(line) ?? [];
    if (bullet !== undefined) return [plainOf(bullet)];
    const [, command] = /^(npx tutti [a-z ]+?)(?: \S*-\S*)? +# /.exec(line) ?? [];
    if (command !== undefined) return [command];
    const [, cell = ""] = /^\| ([^|]+?) \| [^|]+\|/.exec(line) ?? [];
    const isHead = isRule(line) || isRule(lines[at + 1] ?? "");
    return isHead || cell === "" ? [] : [cell.replaceAll("`", "").replace(/(?<=\w)\. .*$/, ".")];
  });
}

/** Returns the first sentence of a bullet, up to a colon, without links and emphasis. @param {string} bullet */
const plainOf = (bullet) =>
  bullet
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replaceAll(/[*`]/g, "")
    .replace(/[.:](?: .*)?$/, "");

/** @param {string} line the line between the head and the rows of a table */
const isRule = (line) => /^\|[-| ]+\|$/.test(line);

/** Pages whose promises need a row, and the headings above these promises. Without headings, the whole page. */
const promising = [
  {
    page: "README.md",
    headings: ["Tutti", "A workflow and a worker", "What it does", "Why not Temporal or LangGraph?"],
  },
  { page: "docs/start.md", headings: ["One command"] },
  { page: "docs/reference/defaults.md", headings: ["Guarantees"] },
  { page: "docs/production/high-availability.md", headings: ["High availability"] },
  { page: "docs/production/security.md", headings: ["Threats"] },
  { page: "docs/concepts/run.md", headings: ["A run"] },
  { page: "docs/concepts/task.md", headings: ["A task"] },
  { page: "docs/concepts/workers-and-pools.md", headings: ["Workers and pools"] },
  { page: "docs/concepts/session-modes.md", headings: ["Session modes"] },
  { page: "docs/concepts/cluster.md", headings: ["A cluster"] },
];

/**
 * Returns the promises of a page that need a row, below these headings.
 *
 * @param {string} text
 * @param {readonly string[]} headings
 * @returns {string[]}
 */
export function promisesToShow(text, headings) {
  const parts = text.split(/^#+ (?=.*$)/m);
  return headings.flatMap((heading) =>
    parts.filter((part) => part.startsWith(`${heading}\n`)).flatMap(promisesIn),
  );
}

/** @param {string} root @param {Row[]} [rows] @returns {string[]} */
export function missionProblems(root, rows = readMission(root)) {
  const read = (/** @type {string} */ file) =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : undefined;
  const ids = new Set();
  const problems = rows.flatMap((row) => {
    const about = `${missionFile}: ${row.id}`;
    const twice = ids.has(row.id) ? [`${about}: the id occurs twice`] : [];
    ids.add(row.id);
    return [
      ...twice,
      ...((row.test === undefined) === (row.command === undefined)
        ? [`${about}: expected either \`test\` or \`command\``]
        : []),
      ...proofProblems(row, read).map((problem) => `${about}: ${problem}`),
      ...placeProblems(row, read).map((problem) => `${about}: ${problem}`),
    ];
  });
  const shown = new Set(rows.flatMap(({ promised }) => promised));
  const without = promising.flatMap(({ page, headings }) =>
    promisesToShow(read(page) ?? "", headings)
      .filter((name) => !shown.has(`${page}: ${name}`))
      .map((name) => `${page}: the promise "${name}" has no row in ${missionFile}`),
  );
  return [...problems, ...without];
}

/** @param {Row} row @param {(file: string) => string | undefined} read */
function proofProblems({ test, command }, read) {
  if (test !== undefined) {
    const text = read(test.file);
    if (text === undefined) return [`no file ${test.file}`];
    return text.includes(test.title) ? [] : [`${test.file} has no test "${test.title}"`];
  }
  const [, script] = /^npm run (?:-s )?(\S+)/.exec(command ?? "") ?? [];
  if (script !== undefined) {
    const { scripts } = JSON.parse(read("package.json") ?? "{}");
    return scripts[script] === undefined ? [`package.json has no script ${script}`] : [];
  }
  const [, words = ""] = /^npx (tutti(?: [a-z][a-z-]*)+)/.exec(command ?? "") ?? [];
  const isKnown = words !== "" && (read("docs/reference/command.md") ?? "").includes(`### \`${words}`);
  return isKnown ? [] : [`unknown command ${command}`];
}

/** @param {Row} row @param {(file: string) => string | undefined} read */
function placeProblems({ promised }, read) {
  return promised.flatMap((place) => {
    const [page = "", promise = ""] = place.split(/: (.*)/s);
    return promisesIn(read(page) ?? "").includes(promise) ? [] : [`${page} has no promise "${promise}"`];
  });
}

/** Sentences about the state of a feature. */
const states =
  /\b(?:do|does|is|are|has|have) not (?:\w+ )?(?:built|exist|implemented|supported|available) yet\b|\bnot (?:built|implemented|supported|available) yet\b|\bnever been (?:tried|tested)\b|\bcoming soon\b|\b(?:there (?:is|are)|has|have) no (?:\S+ ){0,3}(?:chart|adapter|SDK|plugin|integration)\b|\bin a (?:later|future) release\b/i;

const statePage = "docs/production/known-limitations.md";

/**
 * Finds statements about the state of a feature. Only one page may have them, so that pages cannot contradict it.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function stateProblems(root) {
  return globSync(["README.md", "docs/**/*.md"], { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path !== statePage && !/^docs\/(adr|reference|internals)\//.test(path))
    .sort()
    .flatMap((path) =>
      readFileSync(join(root, path), "utf8")
        .split("\n")
        .flatMap((line, at) =>
          featureStatesIn(line).map((found) => `${path}:${at + 1}: "${found}" belongs on ${statePage}`),
        ),
    );
}

/** @param {string} line @returns {string[]} */
export function featureStatesIn(line) {
  const found = states.exec(line)?.[0];
  return found === undefined ? [] : [found];
}
