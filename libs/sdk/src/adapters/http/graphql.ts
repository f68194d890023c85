/** Documents of a GraphQL API as operations. The variables of a document are the input. */
import { type OptionNames, requireKnown, requireKnownEach } from "../../options.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import type { Adapter, AdapterOperation, Repeat } from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import {
  type HttpAdapterOptions,
  type HttpOperation,
  type HttpPorts,
  httpAdapter,
  httpOptionNames,
} from "./http.ts";

export interface GraphqlOperation {
  /** One query or mutation. */
  readonly document: string;
  readonly description?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** A header of the API for idempotency keys. */
  readonly idempotencyHeader?: string;
  /** Default: `safe` for a query, `never` for a mutation. */
  readonly repeat?: Repeat;
}

export interface GraphqlAdapterOptions extends Omit<HttpAdapterOptions, "operations" | "checkPath"> {
  readonly operations: Readonly<Record<string, GraphqlOperation>>;
}

const { checkPath: _, ...names } = httpOptionNames;
export const graphqlOptionNames: OptionNames<GraphqlAdapterOptions> = names;
const operationOptionNames: OptionNames<GraphqlOperation> = {
  document: true,
  description: true,
  input: true,
  output: true,
  idempotencyHeader: true,
  repeat: true,
};

/** Makes an adapter of a GraphQL API. The output of an operation is its `data`. */
export function graphqlAdapter(options: GraphqlAdapterOptions, ports: HttpPorts = {}): Adapter {
  const { name } = options;
  requireKnown("graphqlAdapter", options, graphqlOptionNames);
  requireKnownEach(name, options.operations, operationOptionNames);
  const check: GraphqlOperation = { document: "query { __typename }", repeat: "safe" };
  const http = httpAdapter(
    {
      ...options,
      operations: Object.fromEntries(
        Object.entries({ ...options.operations, [checkName]: check }).map(([key, spec]) => [
          key,
          posted(name, key, spec),
        ]),
      ),
    },
    { ...ports, kind: "graphql" },
  );
  const operationFor = (key: string, { document, input }: GraphqlOperation): AdapterOperation | undefined => {
    const sent = http.operations[key];
    if (sent === undefined) return undefined;
    return {
      ...sent,
      input: input ?? { type: "object" },
      call: async (variables, call) =>
        dataOf(`${name}.${key}`, await sent.call({ body: { query: document, variables } }, call)),
    };
  };
  const operations = Object.entries(options.operations).flatMap(([key, spec]) => {
    const operation = operationFor(key, spec);
    return operation === undefined ? [] : [[key, operation] as const];
  });
  return {
    ...http,
    operations: Object.fromEntries(operations),
    check: async (call) => {
      await operationFor(checkName, check)?.call({}, call);
    },
  };
}

const checkName = "check";

function posted(name: string, key: string, spec: GraphqlOperation): HttpOperation {
  const [, kind = "query"] =
    /^(?:\s|#[^\n]*\n)*(query|mutation|subscription|fragment)\b/.exec(spec.document) ?? [];
  if (kind === "subscription" || kind === "fragment")
    throw adapterErrors.invalid({ adapter: name, problem: `\`${key}\` starts with a ${kind}` });
  const byKey = spec.idempotencyHeader === undefined ? "never" : "key";
  return {
    method: "POST",
    path: "",
    repeat: spec.repeat ?? (kind === "query" ? "safe" : byKey),
    ...(spec.description !== undefined && { description: spec.description }),
    ...(spec.output !== undefined && { output: spec.output }),
    ...(spec.idempotencyHeader !== undefined && { idempotencyHeader: spec.idempotencyHeader }),
  };
}

/** Returns the data. Partial data with errors is not a result. */
function dataOf(operation: string, answer: unknown): unknown {
  const { data, errors } = (answer ?? {}) as { readonly data?: unknown; readonly errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) {
    const texts = errors.map((error: { readonly message?: unknown } | null) =>
      String(error?.message ?? "no message"),
    );
    throw adapterErrors.refused({ operation, reason: texts.join(", ").slice(0, 500) });
  }
  if (data === undefined) throw adapterErrors.answerUnreadable({ operation, reason: "it has no `data`" });
  return data;
}
