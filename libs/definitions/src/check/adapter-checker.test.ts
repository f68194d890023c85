import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printProblem } from "../problem.ts";
import { checkAdapterText } from "./adapter-checker.ts";

const problemsOf = (http: string): readonly string[] => {
  const text = `adapter: shop\nhttp:\n  url: http://host\n${http}`;
  return checkAdapterText({ format: "yaml", text, fileName: "a.yaml" }).problems.map(printProblem);
};
const operation = (more: string) => `  operations: { get: { method: GET, path: /x, ${more} } }\n`;
const operations = operation("repeat: safe");

describe("the file of an adapter", () => {
  for (const [text, path, meant] of [
    [`  rate: { perSecond: 1, brust: 2 }\n${operations}`, "rate.brust", "burst"],
    [`  tls: { crt: env:C }\n${operations}`, "tls.crt", "cert"],
    [`  auth: { basic: { usr: a, user: a, password: env:P } }\n${operations}`, "auth.basic.usr", "user"],
    [
      `  auth: { oauth2: { tokenUrl: http://a, clientId: c, signing: { kye: env:K, key: env:K } } }\n${operations}`,
      "auth.oauth2.signing.kye",
      "key",
    ],
    [operation("pages: { by: link, itmes: all }"), "operations.get.pages.itmes", "items"],
    [operation("body: { type: json, mediaTyp: a }"), "operations.get.body.mediaTyp", "mediaType"],
    [
      operation("body: { type: form, styles: { id: { stlye: form } } }"),
      "operations.get.body.styles.id.stlye",
      "style",
    ],
    [operation("parameters: { id: { in: query, nmae: i } }"), "operations.get.parameters.id.nmae", "name"],
  ] as const)
    it(`names a misspelled key by its path: ${path}`, () => {
      const [problem = "", ...others] = problemsOf(text);
      assert.match(
        problem,
        new RegExp(`error: http\\.${path}: unknown key ".*"\\. Did you mean \`${meant}\``),
      );
      assert.deepEqual(others, []);
    });
});
