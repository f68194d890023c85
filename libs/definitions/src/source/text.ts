import type { Json } from "@tutti/expressions";
import type { Places } from "../problem.ts";

export type SourceFormat = "yaml" | "json";

/** A definition as written by its author. */
export interface DefinitionText {
  readonly format: SourceFormat;
  readonly text: string;
  /** Name for messages: `order.yaml`. */
  readonly fileName: string;
  /** Lines of the file before the text, if the file has several documents. Default: 0. */
  readonly linesBefore?: number;
}

export interface ReadSource {
  /** Undefined if the text cannot be parsed. */
  readonly value: Json | undefined;
  readonly places: Places;
}
