/**
 * Handlers of typed capabilities: the worker validates the input before the handler runs, and the output before it
 * leaves. A value that does not fit fails the attempt for good, because the next attempt has the same input and code.
 */
import type { Capability, SchemaIssue, StandardSchema } from "@tutti/definitions/builder";
import type { TuttiError } from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";
import { type OptionNames, requireKnown } from "../options.ts";
import type { HandleOptions, Handler, JsonSchema } from "./handlers.ts";

export interface Handled {
  readonly name: string;
  readonly handler: Handler;
  readonly options: HandleOptions;
}

const capabilityNames: OptionNames<Capability> = {
  name: true,
  version: true,
  description: true,
  input: true,
  output: true,
};

/** Returns the handler of a capability under its name. That of a typed capability validates. */
export function handledAs(
  capability: string | Capability,
  handler: Handler,
  options: HandleOptions = {},
): Handled {
  if (typeof capability === "string") return { name: capability, handler, options };
  requireKnown("capability", capability, capabilityNames);
  const { name, version, description, input, output } = capability;
  const inputSchema = jsonSchemaOf(input, "input");
  const outputSchema = jsonSchemaOf(output, "output");
  return {
    name,
    handler: validating(capability, handler),
    options: {
      ...(version !== undefined && { version }),
      ...(description !== undefined && { description }),
      ...(inputSchema !== undefined && { inputSchema }),
      ...(outputSchema !== undefined && { outputSchema }),
      ...options,
    },
  };
}

function validating({ name, input, output }: Capability, handler: Handler): Handler {
  return async (value, context) => {
    const validInput = await valid(input, value, (reason) =>
      sdkErrors.inputRejected({ capability: name, reason }),
    );
    const returned = await handler(validInput, context);
    return valid(output, returned, (reason) => sdkErrors.outputRejected({ capability: name, reason }));
  };
}

async function valid(
  schema: StandardSchema | undefined,
  value: unknown,
  refusal: (reason: string) => TuttiError,
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues !== undefined) throw refusal(reasonOf(result.issues));
  return result.value;
}

const issuesMax = 5;

function reasonOf(issues: readonly SchemaIssue[]): string {
  const printed = issues.slice(0, issuesMax).map(({ message, path = [] }) => {
    const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `\`${keys.join(".")}\`: ${message}`;
  });
  const more = issues.length - printed.length;
  return printed.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Undefined if the library has no JSON Schema, or none for this schema. */
function jsonSchemaOf(schema: StandardSchema | undefined, side: "input" | "output"): JsonSchema | undefined {
  try {
    return schema?.["~standard"].jsonSchema?.[side]({ target: "draft-2020-12" });
  } catch {
    return undefined;
  }
}
