import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "@tutti/rest/openapi";

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string }[];
}

// The cast: the paths of the document.
const paths = openApiDocument({ version: "1.0.0" })["paths"] as Readonly<
  Record<string, Readonly<Record<string, Operation>>>
>;
const namespaced = new Set(
  Object.values(paths)
    .flatMap((operations) => Object.values(operations))
    .filter(({ parameters = [] }) => parameters.some(({ name }) => name === "namespace"))
    .map(({ operationId }) => operationId),
);
const folder = fileURLToPath(new URL("../src/commands", import.meta.url));
/** The namespace itself, or a value that has it. */
const passesNamespace = /namespace|selectedDeadLetters\(|\bparts\b|within\(|query: installation/;

describe("the commands", () => {
  it("pass the namespace to each call that takes one", () => {
    assert.ok(namespaced.has("runs.list"));
    const without = globSync("**/*.ts", { cwd: folder })
      .filter((file) => !file.includes(".test."))
      .flatMap((file) =>
        readFileSync(`${folder}/${file}`, "utf8")
          .split("\n}\n")
          .filter((declaration) => !passesNamespace.test(declaration))
          .flatMap((declaration) => [...declaration.matchAll(/server\s*\.\w+\("([^"]+)"/g)])
          .flatMap(([, name = ""]) => (namespaced.has(name) ? [`${file}: ${name}`] : [])),
      );
    assert.deepEqual(without, []);
  });
});
