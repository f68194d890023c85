import type { Json } from "@tutti/expressions";
import type { Places } from "../problem.ts";

export type SourceFormat = "yaml" | "json";

/** A definition as its author wrote it. */
export interface DefinitionText {
  readonly format: SourceFormat;
  readonly text: string;
  /** For messages: `order.yaml`. */
  readonly fileName: string;
}

export interface ReadSource {
  /** Undefined when the text cannot be read. */
  readonly value: Json | undefined;
  readonly places: Places;
}
