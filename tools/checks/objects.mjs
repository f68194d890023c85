// @ts-check

// An object lists its properties one by one. `{ ...{ id, name }, age }` only saves lines: it switches off the check of
// excess properties, and readers look for the reason of the spread. Tests are exempt.

import { Visitor } from "oxc-parser";
import { sourcesOf } from "./sources.mjs";

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkObjects(root) {
  return sourcesOf(root).flatMap(({ path, text, program, lineOf, isTest }) => {
    if (isTest || !text.includes("...{")) return [];
    /** @type {number[]} */
    const found = [];
    /** @param {{ type: string, argument?: { type: string }, start: number }} part */
    const inspect = ({ argument, start }) => {
      if (argument?.type === "ObjectExpression") found.push(lineOf(start));
    };
    new Visitor({
      ObjectExpression: ({ properties }) => properties.forEach(inspect),
      JSXSpreadAttribute: inspect,
    }).visit(program);
    return found.map(
      (line) => `${path}:${line}: an object literal is spread into another. List its properties`,
    );
  });
}
