/** The definitions of a namespace. */
import {
  type Definition,
  type definitionService,
  type Graph,
  SourceFormat,
} from "@tutti/contracts/workflow/v1";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import { payloadOf } from "./payloads.ts";

interface WorkflowParts {
  readonly definitions: Client<typeof definitionService>;
  readonly namespace: string;
}

export interface GraphOptions {
  /** Version by its label. Default: `latest`. */
  readonly version?: string;
  /** Input for the calculation, if the graph depends on it. */
  readonly input?: unknown;
}

export class Workflows {
  readonly #parts: WorkflowParts;

  constructor(parts: WorkflowParts) {
    this.#parts = parts;
  }

  /** Registers a definition: YAML or JSON as text, or an object. The same content again is the same version. */
  async register(
    source: string | object,
    { fileName = "" }: { readonly fileName?: string } = {},
  ): Promise<Definition> {
    const isText = typeof source === "string";
    const text = isText ? source : JSON.stringify(source);
    const isJson = !isText || source.trimStart().startsWith("{");
    const format = isJson ? SourceFormat.SOURCE_FORMAT_JSON : SourceFormat.SOURCE_FORMAT_YAML;
    const { definition } = await this.#parts.definitions.registerDefinition({
      namespace: this.#parts.namespace,
      source: { format, text, fileName },
      versionLabels: [],
      keepLatest: false,
    });
    if (definition === undefined) throw sdkErrors.replyIncomplete({ about: "a definition" });
    return definition;
  }

  /** Returns the graph of a definition before it runs: tasks, levels, the critical path, the maximum concurrency. */
  async graph(definition: string, { version, input }: GraphOptions = {}): Promise<Graph> {
    const label = version === undefined ? undefined : { $case: "label" as const, value: version };
    const { graph } = await this.#parts.definitions.getGraph({
      namespace: this.#parts.namespace,
      subject: { $case: "definition", value: { name: definition, version: label } },
      input: payloadOf(input, "input"),
    });
    if (graph === undefined) throw sdkErrors.replyIncomplete({ about: `the graph of ${definition}` });
    return graph;
  }

  /**
   * The versions of a definition, newest first, each with how many runs on it have not ended (`liveCount`), as far as
   * the index knows. Or only those that still have some.
   */
  async *versions(
    definition: string,
    { liveOnly = false }: { readonly liveOnly?: boolean } = {},
  ): AsyncGenerator<Definition, void, void> {
    let token = "";
    do {
      const request = {
        namespace: this.#parts.namespace,
        name: definition,
        liveOnly,
        page: { size: 0, token },
      };
      const { versions, page } = await this.#parts.definitions.listDefinitionVersions(request);
      yield* versions;
      token = page?.nextToken ?? "";
    } while (token !== "");
  }
}
