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
 * Returns the promises of a page: the bold words of bullets below a heading, and the first cells of tables below one.
 *
 * @param {string} text
 * @returns {string[]}
 */
export function promisesIn(text) {
  const bullets = [...text.matchAll(/^- \*\*(.+?)\*\*/gm)];
  const rows = [...text.matchAll(/^\| `?([^|`]+?)`? \| (?!means)[^|]+\|/gm)];
  return [...bullets, ...rows].map(([, name = ""]) => name.trim()).filter((name) => !/^-+$/.test(name));
}

/**
 * Returns the promises that need a row: the features in README, and the differences from other systems.
 *
 * @param {string} readme
 * @returns {string[]}
 */
export function promisesToShow(readme) {
  const part = (/** @type {string} */ heading) => readme.split(`## ${heading}`)[1]?.split("\n## ")[0] ?? "";
  return [...promisesIn(part("What it does")), ...promisesIn(part("Why not Temporal or LangGraph?"))];
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
  const without = promisesToShow(read("README.md") ?? "").filter((name) => !shown.has(`README.md: ${name}`));
  return [
    ...problems,
    ...without.map((name) => `README.md: the promise "${name}" has no row in ${missionFile}`),
  ];
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
  /\b(?:do|does|is|are|has|have) not (?:\w+ )?(?:built|exist|implemented|supported|available) yet\b|\bnot (?:built|implemented|supported|available) yet\b|\bnever been (?:tried|tested)\b|\bcoming soon\b|\bin a (?:later|future) release\b/i;

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
