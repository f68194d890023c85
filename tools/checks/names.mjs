// @ts-check

// Names in code use the field's words, as the glossaries do. The words of the table are refused in new names. `most` is
// how many names still have the word, mostly because contracts, stored data or the public API have it. Lower it with each
// rename.

import { Visitor } from "oxc-parser";
import { sourcesOf } from "./sources.mjs";

/** @type {Record<string, { instead: string, most?: number }>} */
const words = {
  told: { instead: "reported, published, notified", most: 4 },
  tell: { instead: "report, publish, notify", most: 9 },
  telling: { instead: "reporting" },
  said: { instead: "configured, printed", most: 4 },
  says: { instead: "prints, reports", most: 4 },
  begun: { instead: "started", most: 23 },
  begins: { instead: "starts", most: 4 },
  anew: { instead: "again, restarted", most: 1 },
  elsewhere: { instead: "remote, other", most: 18 },
  heard: { instead: "received, last seen", most: 17 },
  hears: { instead: "receives" },
  gone: { instead: "removed, disconnected, missing", most: 16 },
  whose: { instead: "owner" },
  whom: { instead: "the noun" },
  wish: { instead: "request", most: 2 },
  dear: { instead: "expensive" },
  errand: { instead: "job" },
  errands: { instead: "jobs" },
  shelf: { instead: "store, cache", most: 2 },
  beside: { instead: "alongside, compared", most: 14 },
  wanted: { instead: "requested, expected, desired", most: 83 },
  shown: { instead: "visible, displayed", most: 41 },
  taken: { instead: "accepted, used, claimed", most: 51 },
};

const placesListed = 40;

/**
 * @param {string} root
 * @returns {string[]}
 */
export function checkNames(root) {
  /** @type {Map<string, string[]>} */
  const found = new Map(Object.keys(words).map((word) => [word, []]));
  for (const { path, program, lineOf } of sourcesOf(root)) {
    /** @param {any} name */
    const inspect = (name) => {
      if (name?.type !== "Identifier" && name?.type !== "PrivateIdentifier") return;
      for (const word of new Set(name.name.split(/_|(?<=[a-z0-9])(?=[A-Z])/).map(lowerCase)))
        found.get(word)?.push(`${path}:${lineOf(name.start)}: ${name.name}`);
    };
    /** @param {any} pattern */
    const bind = (pattern) => {
      if (pattern === null) return;
      if (pattern.type === "ObjectPattern")
        for (const { value, argument } of pattern.properties) bind(value ?? argument);
      else if (pattern.type === "ArrayPattern") for (const element of pattern.elements) bind(element);
      else if (pattern.type === "AssignmentPattern") bind(pattern.left);
      else if (pattern.type === "RestElement") bind(pattern.argument);
      else if (pattern.type === "TSParameterProperty") bind(pattern.parameter);
      else inspect(pattern);
    };
    /** @param {any} callable */
    const callable = ({ id, params }) => {
      inspect(id);
      for (const parameter of params) bind(parameter);
    };
    /** @param {any} declaration */
    const declared = ({ id }) => inspect(id);
    /** @param {any} member */
    const member = ({ key }) => inspect(key);
    new Visitor({
      FunctionDeclaration: callable,
      FunctionExpression: callable,
      ArrowFunctionExpression: callable,
      VariableDeclarator: ({ id }) => bind(id),
      ClassDeclaration: declared,
      TSTypeAliasDeclaration: declared,
      TSInterfaceDeclaration: declared,
      MethodDefinition: member,
      PropertyDefinition: member,
      TSPropertySignature: member,
      TSMethodSignature: member,
    }).visit(program);
  }
  return [...found].flatMap(([word, places]) => {
    const { instead, most = 0 } = /** @type {{ instead: string, most?: number }} */ (words[word]);
    if (places.length <= most) return [];
    return [
      `\`${word}\` is in ${places.length} names, at most ${most}. Write ${instead}:`,
      ...places.slice(0, placesListed),
    ];
  });
}

/** @param {string} text */
const lowerCase = (text) => text.toLowerCase();
