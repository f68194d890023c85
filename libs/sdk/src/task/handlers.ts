import { Capability } from "@tutti/contracts/types/v1";
import { sdkErrors } from "../errors.ts";
import { number, type OptionCheck, type OptionNames, requireKnown, text, wrongOption } from "../options.ts";
import type { TaskContext } from "./context.ts";

export type Handler<Input = unknown, Output = unknown> = (
  input: Input,
  context: TaskContext,
) => Output | Promise<Output>;

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>> | boolean;

export interface HandleOptions {
  /** Semantic version of the behaviour. Definitions can require a range of it. Default: 1.0.0. */
  readonly version?: string;
  /** Schema of its input. `tutti validate --against` checks definitions against it. */
  readonly inputSchema?: JsonSchema;
  /** Schema of its output. */
  readonly outputSchema?: JsonSchema;
  /** One sentence for people. */
  readonly description?: string;
  /** Expected cost of one call, until it is learned. */
  readonly estimate?: { readonly durationMs?: number; readonly money?: number; readonly tokens?: number };
}

/** The texts of a capability. They can change while the worker runs. */
export type CapabilityTexts = Pick<HandleOptions, "version" | "description" | "inputSchema" | "outputSchema">;

const schema: OptionCheck = (value) =>
  typeof value === "boolean" || (typeof value === "object" && value !== null) ? undefined : "a JSON Schema";

const textNames: OptionNames<CapabilityTexts> = {
  version: text,
  inputSchema: schema,
  outputSchema: schema,
  description: text,
};

export const handleNames: OptionNames<HandleOptions> = {
  ...textNames,
  estimate: { durationMs: number(0), money: number(0), tokens: number(0) },
};

/** The registered handler of a capability. */
export interface Registered {
  readonly name: string;
  readonly version: string;
  readonly handler: Handler;
  readonly capability: Capability;
}

const nameForm = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const versionForm = /^\d+\.\d+\.\d+([-+][\w.+-]+)?$/;

export class Handlers {
  readonly #byKey = new Map<string, Registered>();

  get size(): number {
    return this.#byKey.size;
  }

  /** As the greeting offers them. */
  get capabilities(): Capability[] {
    return [...this.#byKey.values()].map(({ capability }) => capability);
  }

  add(name: string, handler: Handler, options: HandleOptions = {}): void {
    requireKnown("worker.handle", options, handleNames);
    const { version = "1.0.0", estimate } = options;
    if (!nameForm.test(name))
      throw wrongOption(
        "the name of a capability",
        "lower-case words such as `pay.charge` or `charge-card`",
        name,
      );
    if (!versionForm.test(version))
      throw wrongOption(`the version of ${name}`, "a semantic version such as 2.1.0", version);
    const key = `${name}@${version}`;
    if (this.#byKey.has(key)) throw sdkErrors.handlerRepeated({ capability: key });
    const cost = estimate !== undefined && { cost: estimate };
    const capability = Capability.fromPartial({ name, version, ...textsOf(options), ...cost });
    this.#byKey.set(key, { name, version, handler, capability });
  }

  /** Changes the description and the schemas of a registered capability. Returns false if they are the same. */
  describe(name: string, options: CapabilityTexts): boolean {
    requireKnown("worker.describe", options, textNames);
    const { version = "1.0.0", ...texts } = options;
    const key = `${name}@${version}`;
    const registered = this.#byKey.get(key);
    if (registered === undefined) throw wrongOption("the described capability", "one with a handler", key);
    const before = registered.capability;
    const capability = { ...before, ...textsOf(texts) };
    this.#byKey.set(key, { ...registered, capability });
    return (["description", "inputSchema", "outputSchema"] as const).some(
      (text) => before[text] !== capability[text],
    );
  }

  /** Returns the handlers by the numbers of a host. */
  numbered(numbers: Readonly<Record<string, number>>): Map<number, Registered> {
    const result = new Map<number, Registered>();
    for (const [key, number] of Object.entries(numbers)) {
      const registered = this.#byKey.get(key);
      if (registered !== undefined) result.set(number, registered);
    }
    return result;
  }
}

function textsOf({ description = "", inputSchema, outputSchema }: CapabilityTexts) {
  return {
    description,
    inputSchema: inputSchema === undefined ? "" : JSON.stringify(inputSchema),
    outputSchema: outputSchema === undefined ? "" : JSON.stringify(outputSchema),
  };
}
