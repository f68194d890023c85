import type { Json } from "@tutti/expressions";
import type { Places } from "../problem.ts";

export type SourceFormat = "yaml" | "json";

/** A definition as its author wrote it. */
export interface DefinitionText {
  readonly format: SourceFormat;
  readonly text: string;
  /** For messages: `order.yaml`. */
  readonly fileName: string;
  /** Lines of the file before the text, if the file has several documents. Default: 0. */
  readonly linesBefore?: number;
}

export interface ReadSource {
  /** Undefined when the text cannot be read. */
  readonly value: Json | undefined;
  readonly places: Places;
}
