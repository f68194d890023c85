#!/usr/bin/env node
// @ts-check

// Prose is plain English: no phrase of the table below, no sentence above 30 words, no semicolon between sentences. Of
// the sentences of a page, at most 15 % are passive, and half have 16 words or fewer.
//
//   node tools/checks/prose.mjs [PATH …]     list every finding, or those in these files
//   node tools/checks/prose.mjs --measure    count words per 1,000 words of comments
//
// The check reads Markdown, comments of TypeScript, JavaScript, Python, YAML and protobuf, text of JSX, and string
// literals of four words or more: help of the CLI, errors, log messages, titles of tests. Code between backticks is not
// prose.
//
// 1. No file may have a finding.
// 2. ADRs keep their text, and CHANGELOG entries of a release are history: neither is read.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Visitor } from "oxc-parser";
import { workspaceRoot } from "../setup.mjs";
import { sourcesOf } from "./sources.mjs";

const longestSentence = 25;
/** Of CHANGELOG, whose entries list the parts of a change. */
const longestOfEntry = 30;
const medianWords = 16;
const passiveMost = 0.15;
/** A page with fewer sentences is not measured. */
const measuredMin = 5;

/** Phrases with their replacements. The first phrase that matches at a place is the finding. */
const phrases = table({
  "name the actor: the worker, the server, the user, the caller": [
    "whoever",
    "whomever",
    "nobody",
    "somebody",
    "anybody",
    "everybody",
    "who(?: is| has)? (?:asks|calls|wants|reads|writes|starts|looks|may|lacks|tries|changes|sees|uses)",
  ],
  "name the thing instead of a clause": [
    "whatever",
    "what (?:is|was|are|were) (?:there|at work|done|left|kept|asked|said|told|needed|missing|wanted|not)",
    "what (?:there is|comes|goes|nobody|waits|runs|holds|ended|follows|keeps|stands)",
    "that which",
  ],
  "continue, resume, retry": [
    "go(?:es)? on",
    "went on",
    "going on",
    "gone on",
    "tak(?:e|es|en) up again",
    "takes? up where",
  ],
  gracefully: ["in good order"],
  "running, in progress": ["at work"],
  "start, restart": ["anew", "begin", "begins", "begun", "began"],
  "set, configured, requested, passed, reported": [
    "(?:is|are|was|were|be|been|being) (?:said|told)",
    "unless (?:it|told|said)\\b",
    "nothing is said",
    "says otherwise",
    "as (?:said|told)",
  ],
  "is recorded in, is listed in, is": ["stands? (?:in|at|there|as|here)", "stood (?:in|at|there)"],
  metrics: ["figures"],
  "expensive, high-value": ["dear one", "(?:is|are) dear"],
  "fix, repair": ["mends?", "heals?", "healed", "mended"],
  "locked out, unlocked": ["kept out", "let in again"],
  quarantined: ["put aside"],
  "continued as new": ["went on as new", "goes on as new"],
  pending: ["not yet its turn"],
  "rejected, denied": ["told no", "says no"],
  "shadow mode": ["tried out"],
  "change the decision": ["come out otherwise", "comes out"],
  "is validated against": ["held against"],
  "concurrency, rate": ["so many at once"],
  includes: ["brings? along"],
  "in any mode": ["whatever engine"],
  "is available again, reconnected": ["is there again", "are there again"],
  "by itself, separately": ["of its own kind", "of one's own"],
});

/** @param {Record<string, readonly string[]>} hints */
function table(hints) {
  const rows = Object.entries(hints).flatMap(([hint, all]) => all.map((phrase) => ({ phrase, hint })));
  const pattern = new RegExp(
    `(?<![\\w.-])(?:${rows.map(({ phrase }) => `(${phrase})`).join("|")})(?![\\w-])`,
    "gi",
  );
  return { rows, pattern };
}

/**
 * @typedef {object} Passage
 * @property {number} line
 * @property {string} text one or more sentences
 * @property {"comment" | "literal" | "page"} kind
 * @typedef {{ path: string, line: number, problem: string }} Finding
 */

/** @param {string} root @returns {string[]} */
export function checkProse(root) {
  return findings(root).map(({ path, line, problem }) => `${path}:${line}: ${problem}`);
}

/** @param {string} root @param {readonly string[]} [only] paths @returns {Finding[]} */
function findings(root, only = []) {
  return passagesOf(root).flatMap(({ path, passages }) => {
    if (only.length > 0 && !only.includes(path)) return [];
    const found = passages.flatMap(({ line, text, kind }) =>
      problemsOf(text, kind, longestIn(path)).map((problem) => ({ path, line, problem })),
    );
    const page = passages.filter(({ kind }) => kind === "page").map(({ text }) => text);
    return [...found, ...problemsOfPage(page).map((problem) => ({ path, line: 1, problem }))];
  });
}

/** @param {string} path */
const longestIn = (path) => (path === "CHANGELOG.md" ? longestOfEntry : longestSentence);

const participles =
  "\\w+ed|done|made|given|taken|kept|sent|held|written|read|shown|known|found|put|set|lost|run|cut|left|met|paid|seen|drawn|chosen|spent|built|bound|brought|caught|led|let|heard|forgotten|hidden|stopped|gone";
const passive = new RegExp(
  `\\b(?:is|are|was|were|be|been|being)\\s+(?:(?:\\w+ly|not|never|also|then|only|always|still|already|no longer|both|each|all|often|once|again|at once)\\s+){0,2}(?:${participles})\\b`,
  "i",
);

/** @param {readonly string[]} passages of a page @returns {string[]} */
export function problemsOfPage(passages) {
  const sentences = passages
    .flatMap((text) => withoutCode(text).split(/(?<=[.!?:])\s+/))
    .filter((sentence) => /[.!?:]$/.test(sentence) && words(sentence).length >= 3);
  if (sentences.length < measuredMin) return [];
  const problems = [];
  const share = sentences.filter((sentence) => passive.test(sentence)).length / sentences.length;
  if (share > passiveMost)
    problems.push(
      `${Math.round(share * 100)} % of the sentences are passive, at most ${passiveMost * 100} %`,
    );
  const lengths = sentences.map((sentence) => words(sentence).length).sort((one, other) => one - other);
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
  if (median > medianWords)
    problems.push(`half of the sentences have ${median} words or more, at most ${medianWords}`);
  return problems;
}

/** @param {string} text @param {Passage["kind"]} [kind] @param {number} [longest] @returns {string[]} */
export function problemsOf(text, kind = "page", longest = longestSentence) {
  const prose = withoutCode(text);
  const problems = [...prose.matchAll(phrases.pattern)].map((match) => {
    const row = phrases.rows[match.slice(1).findIndex((group) => group !== undefined)];
    return `"${match[0]}": write ${row?.hint}`;
  });
  // In a literal a semicolon separates values as often as sentences.
  if (/\w; \w/.test(prose) && (kind !== "literal" || isSentence(prose)))
    problems.push("a semicolon: write two sentences");
  for (const sentence of prose.split(/(?<=[.!?:])\s+|\n{2,}/)) {
    const count = words(sentence).length;
    if (count > longest) problems.push(`a sentence of ${count} words, at most ${longest}`);
  }
  return problems;
}

/** @param {string} text */
function withoutCode(text) {
  return text
    .replace(/`[^`]*`/g, "`")
    .replace(/\{@link [^}]*\}/g, "`")
    .replace(/\]\([^)]*\)/g, "]")
    .replace(/https?:\/\/\S+/g, "`")
    .replace(/\s+/g, " ");
}

/** @param {string} text */
function isSentence(text) {
  return words(text).length >= 6 && !/[{}<>=]/.test(text);
}

/** @param {string} text @returns {string[]} */
function words(text) {
  return text.match(/[A-Za-z][\w'’-]*/g) ?? [];
}

/** @param {string} root @returns {Array<{ path: string, passages: Passage[] }>} */
function passagesOf(root) {
  const sources = sourcesOf(root).map((source) => ({
    path: source.path,
    passages: passagesOfSource(source),
  }));
  const files = globSync(
    [
      "*.md",
      "docs/**/*.md",
      "examples/**/*.md",
      "deploy/**/*.md",
      "proto/**/*.proto",
      "sdk/python/**/*.py",
      "examples/**/*.yaml",
      "deploy/**/*.yaml",
    ],
    { cwd: root, exclude: (path) => /node_modules|generated|docs\/(adr|reference)|CHANGELOG/.test(path) },
  ).map((path) => ({ path, passages: passagesOfFile(path, readFileSync(join(root, path), "utf8")) }));
  return [...sources, ...files];
}

/** @param {import("./sources.mjs").Source} source @returns {Passage[]} */
function passagesOfSource({ comments, lineOf, program, path }) {
  // The table of phrases and its test contain the phrases.
  if (/^tools\/(checks|test)\/prose\./.test(path)) return [];
  /** @type {Passage[]} */
  const passages = blocks(
    comments.map(({ type, value, start, end }) => ({
      line: lineOf(start),
      last: lineOf(end),
      text: value.replace(type === "Block" ? /^\s*\*+ ?/gm : /^ /, ""),
    })),
  );
  /** @param {number} at @param {string} value */
  const literal = (at, value) => {
    if (isProse(value)) passages.push({ line: lineOf(at), text: value, kind: "literal" });
  };
  new Visitor({
    Literal: (node) => {
      if (typeof node.value === "string") literal(node.start, node.value);
    },
    TemplateLiteral: (node) =>
      literal(node.start, node.quasis.map(({ value }) => value.cooked ?? "").join("`")),
    JSXText: (node) => literal(node.start, node.value.trim()),
  }).visit(program);
  return passages;
}

const notProse =
  /^(select|insert|update|delete|create|pragma|with|drop|alter)\b|[{}=]| -[a-z] |^[^A-Za-z`"'(…]|\\n|\n.*\n/i;

/** @param {string} value */
function isProse(value) {
  return words(value).length >= 4 && / \w+ /.test(value) && !notProse.test(value);
}

/**
 * Joins comments of consecutive lines, and separates their paragraphs.
 *
 * @param {ReadonlyArray<{ line: number, last: number, text: string }>} comments
 * @returns {Passage[]}
 */
function blocks(comments) {
  /** @type {Array<{ line: number, last: number, text: string }>} */
  const joined = [];
  for (const one of comments) {
    const before = joined.at(-1);
    if (before !== undefined && one.line === before.last + 1) {
      before.text += `\n${one.text}`;
      before.last = one.last;
    } else joined.push({ ...one });
  }
  return joined.flatMap(({ line, text }) => paragraphs(text, line, "comment"));
}

/**
 * A paragraph ends at an empty line, and an item of a list is a paragraph.
 *
 * @param {string} text
 * @param {number} first
 * @param {Passage["kind"]} kind
 * @returns {Passage[]}
 */
function paragraphs(text, first, kind) {
  /** @type {Passage[]} */
  const found = [];
  let open = false;
  let isItem = false;
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    // Indented lines are code or a list of commands, except the further lines of an item.
    const isCode = kind === "comment" && /^( {2,}|\t)\S/.test(raw) && !(open && isItem);
    if (line === "" || isCode || /^@(type|typedef|property|returns|template)\b.*\}$/.test(line)) {
      open = false;
      continue;
    }
    const starts = /^([-*+•|#>]|\d+[.)] |@\w+|\w+:$)/.test(line);
    const before = found.at(-1);
    const content = line.replace(/^([-*+•#>]+|\d+[.)]|@\w+(\s+\{.*?\})?(\s+\[?[\w.]+\]?)?)\s*/, "");
    if (open && !starts && before !== undefined) before.text += ` ${content}`;
    else {
      found.push({ line: first + at, text: content, kind });
      isItem = /^([-*+•]|\d+[.)]) /.test(line);
    }
    open = true;
  }
  return found;
}

/** @param {string} path @param {string} text @returns {Passage[]} */
function passagesOfFile(path, text) {
  if (path.endsWith(".md")) {
    const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, (code) => code.replace(/[^\n]/g, ""));
    return paragraphs(prose, 1, "page").flatMap((one) =>
      // Each cell of a table is a passage.
      one.text.startsWith("|") ? one.text.split("|").map((cell) => ({ ...one, text: cell.trim() })) : [one],
    );
  }
  const mark = path.endsWith(".proto") ? "//" : "#";
  const lines = text.split("\n").flatMap((raw, at) => {
    const from = raw.search(mark === "#" ? /(^|\s)# / : /(^|\s)\/\/ ?/);
    if (from < 0) return [];
    return [{ line: at + 1, last: at + 1, text: raw.slice(raw.indexOf(mark, from) + mark.length) }];
  });
  const docstrings = path.endsWith(".py")
    ? [...text.matchAll(/^\s*"""([\s\S]*?)"""/gm)].flatMap((match) =>
        paragraphs((match[1] ?? "").trim(), text.slice(0, match.index).split("\n").length, "comment"),
      )
    : [];
  return [...blocks(lines), ...docstrings];
}

const measured = ["whoever", "nobody", "somebody", "told", "says", "returns?", "retry", "timeout"];

/** @param {string} root */
function measure(root) {
  const comments = passagesOf(root).flatMap(({ passages }) =>
    passages.filter(({ kind }) => kind === "comment"),
  );
  const text = comments.map((one) => withoutCode(one.text)).join("\n");
  const total = words(text).length;
  console.log(`${total} words of comments`);
  for (const word of measured) {
    const count = [...text.matchAll(new RegExp(`\\b${word}\\b`, "gi"))].length;
    console.log(`${word.padEnd(10)} ${((count / total) * 1_000).toFixed(2)}`);
  }
}

/** @param {readonly string[]} args */
function main(args) {
  if (args.includes("--measure")) return measure(workspaceRoot);
  const found = findings(workspaceRoot, args);
  for (const { path, line, problem } of found) console.log(`${path}:${line}: ${problem}`);
  console.log(`${found.length} findings`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
