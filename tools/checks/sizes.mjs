// @ts-check

// Files and functions are small enough to read at once, and their names describe the content.

import { Visitor } from "oxc-parser";
import { sourcesOf } from "./sources.mjs";

const fileLines = 700;
const testFileLines = 1_000;
const functionLines = 70;
const emptyNames = /(^|\/)(utils?|helpers?|common|managers?|misc)(\/|\.\w+$|\.test\.\w+$)/;

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkSizes(root) {
  return sourcesOf(root).flatMap((source) => [
    ...fileProblems(source),
    ...(source.isTest ? [] : functionProblems(source)),
  ]);
}

/** @param {import("./sources.mjs").Source} source */
function fileProblems({ path, text, isTest }) {
  const problems = [];
  const lines = text.split("\n").length - 1;
  const limit = isTest ? testFileLines : fileLines;
  if (lines > limit) problems.push(`${path}: ${lines} lines, at most ${limit}. Split it by meaning`);
  if (emptyNames.test(path))
    problems.push(`${path}: the name does not describe the content. Name the file after its purpose`);
  return problems;
}

/** @param {import("./sources.mjs").Source} source */
function functionProblems({ path, program, lineOf }) {
  /** @type {string[]} */
  const problems = [];
  /** @param {{ start: number, end: number }} node */
  const measure = ({ start, end }) => {
    const lines = lineOf(end) - lineOf(start) + 1;
    if (lines > functionLines)
      problems.push(
        `${path}:${lineOf(start)}: a function of ${lines} lines, at most ${functionLines}. Extract named steps`,
      );
  };
  new Visitor({
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(program);
  return problems;
}
