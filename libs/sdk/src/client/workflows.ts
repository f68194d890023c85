/** The definitions of a namespace. */
import {
  type Definition,
  type definitionService,
  type Graph,
  SourceFormat,
} from "@tutti/contracts/workflow/v1";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import { flag, type OptionNames, requireKnown, text as textCheck } from "../options.ts";
import { payloadOf } from "./payloads.ts";

interface WorkflowParts {
  readonly definitions: Client<typeof definitionService>;
  readonly namespace: string;
}

export interface GraphOptions {
  /** Version by its label, its hash or the start of one. Default: `latest`. */
  readonly version?: string;
  /** Input for the calculation, if the graph depends on it. */
  readonly input?: unknown;
}

const graphNames: OptionNames<GraphOptions> = { version: textCheck, input: true };

interface RegisterOptions {
  /** Name of the file for messages. */
  readonly fileName?: string;
}

const registerNames: OptionNames<RegisterOptions> = { fileName: textCheck };

interface VersionsOptions {
  readonly liveOnly?: boolean;
}

const versionsNames: OptionNames<VersionsOptions> = { liveOnly: flag };

export class Workflows {
  readonly #parts: WorkflowParts;

  constructor(parts: WorkflowParts) {
    this.#parts = parts;
  }

  /** Registers a definition: YAML or JSON as text, or an object. The same content again is the same version. */
  async register(source: string | object, options: RegisterOptions = {}): Promise<Definition> {
    requireKnown("workflows.register", options, registerNames);
    const { fileName = "" } = options;
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
  async graph(definition: string, options: GraphOptions = {}): Promise<Graph> {
    requireKnown("workflows.graph", options, graphNames);
    const { version, input } = options;
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
  async *versions(definition: string, options: VersionsOptions = {}): AsyncGenerator<Definition, void, void> {
    requireKnown("workflows.versions", options, versionsNames);
    const { liveOnly = false } = options;
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
