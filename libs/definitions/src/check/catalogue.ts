import type { Json } from "@tutti/expressions";

/** What is known of a capability: what it takes and gives, as JSON Schemas. Undefined means anything. */
export interface KnownCapability {
  readonly inputSchema?: Json;
  readonly outputSchema?: Json;
}

/** What is known of a definition that a task starts. */
export interface KnownDefinition extends KnownCapability {
  readonly parameterSchema?: Json;
}

/** What an installation offers, where a definition is checked against one. */
export interface Catalogue {
  /** Returns the newest version in the range. Undefined if no worker offers it. */
  capability(name: string, versionRange: string): KnownCapability | undefined;
  capabilityNames(): Iterable<string>;
  /** Returns the version with the label or hash, `latest` for neither. Undefined when there is none. */
  definition(name: string, version: string): KnownDefinition | undefined;
  definitionNames(): Iterable<string>;
}
