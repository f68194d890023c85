import type { Json } from "@tutti/expressions";
import { ShapeChecker } from "../src/check/shape-checker.ts";
import { Steps } from "../src/check/steps.ts";
import { definition } from "../src/language/definition-shape.ts";
import { Findings } from "../src/problem.ts";

/** Returns whether the checker accepts the shape of the document, with any meaning. */
export function shapeFits(document: Json): boolean {
  const findings = new Findings();
  new ShapeChecker(findings, new Steps(), undefined).check(document, definition, []);
  // The schema allows expressions wherever a template may have them. It cannot tell which documents are templates.
  return !findings.list.some(
    ({ severity, message }) => severity === "error" && !message.startsWith("found an expression"),
  );
}
