import type { Json } from "@tutti/expressions";
import { stringify } from "yaml";
import type { WorkflowDocument } from "../language/document.ts";
import { printTypeScript } from "./typescript.ts";

export type PrintFormat = "yaml" | "json" | "typescript";

/**
 * Writes a document. Parsing the result gives an equal document. Comments of the original text are not in the
 * document.
 */
export function printDefinition(document: WorkflowDocument | Json, format: PrintFormat): string {
  switch (format) {
    case "yaml":
      return stringify(document, { lineWidth: 110, aliasDuplicateObjects: false });
    case "json":
      return `${JSON.stringify(document, undefined, 2)}\n`;
    case "typescript":
      return printTypeScript(document as Json);
  }
}
