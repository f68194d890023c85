import type { Json } from "@tutti/expressions";

/** Schemas of the input and output of a capability. Undefined means anything. */
export interface KnownCapability {
  readonly inputSchema?: Json;
  readonly outputSchema?: Json;
}

/** Schemas of a definition that a task starts. */
export interface KnownDefinition extends KnownCapability {
  readonly parameterSchema?: Json;
}

/** Offers of an installation that a definition is checked against. */
export interface Catalogue {
  /** Returns the newest version in the range. Undefined if no worker offers it. */
  capability(name: string, versionRange: string): KnownCapability | undefined;
  capabilityNames(): Iterable<string>;
  /** Returns the version with the label or hash, and `latest` for neither. Undefined if there is none. */
  definition(name: string, version: string): KnownDefinition | undefined;
  definitionNames(): Iterable<string>;
}
