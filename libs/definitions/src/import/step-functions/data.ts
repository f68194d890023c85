/** Input and output of a state of Step Functions: JSONPath, JSONata, intrinsic functions. */
import type { Json } from "@tutti/expressions";
import { expressionOf, member, merged, plain, template, UnsupportedConstruct, withMember } from "../cel.ts";
import { isMembers, type Members, type Path } from "../foreign-document.ts";
import { ExpressionReader, jsonataFunctions } from "../foreign-expression.ts";

type Names = Readonly<Record<string, string>>;

/** Names that expressions see in a certain part of a state. */
export interface Place {
  /** `$` of JSONPath. Default: the input of the state. */
  readonly dollar?: string;
  /** Further names of JSONata. */
  readonly roots?: Names;
  /** Further members of the context object. */
  readonly context?: Names;
}

export interface StateDataOptions {
  readonly state: Members;
  readonly path: Path;
  readonly isJsonata: boolean;
  /** Expression of the data that passes from state to state. */
  readonly data: string;
  /** Expressions of variables, by name. */
  readonly variables: Names;
  /** Expressions of members of the context object: `Execution.Input`. */
  readonly context: Names;
}

export class StateData {
  /** Input of the state. */
  readonly input: string;
  readonly isJsonata: boolean;
  readonly #o: StateDataOptions;

  constructor(options: StateDataOptions) {
    this.#o = options;
    this.isJsonata = options.isJsonata;
    const path = options.isJsonata ? undefined : options.state["InputPath"];
    if (path === null) this.input = "{}";
    else if (typeof path !== "string") this.input = options.data;
    else this.input = this.#jsonPath(path, { dollar: options.data });
  }

  /** Translates a value with paths (`"key.$"`) or with JSONata. */
  fill(value: unknown, path: Path, place: Place = {}): Json {
    if (typeof value === "string")
      return this.isJsonata && value.trim().startsWith("{%")
        ? template(this.#located(path, () => this.#jsonata(value, place)))
        : plain(value);
    if (Array.isArray(value)) return value.map((each, index) => this.fill(each, [...path, index], place));
    if (!isMembers(value)) return value as Json;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]): [string, Json] => {
        if (!key.endsWith(".$") || this.isJsonata) return [key, this.fill(each, [...path, key], place)];
        const text = String(each);
        return [key.slice(0, -2), template(this.#located([...path, key], () => this.#dynamic(text, place)))];
      }),
    );
  }

  /** Returns the expression of a path, or of a text in JSONata. */
  expression(value: unknown, path: Path, place: Place = {}): string {
    if (typeof value !== "string") return expressionOf(this.fill(value, path, place));
    return this.#located(path, () =>
      this.isJsonata ? this.#jsonata(value, place) : this.#dynamic(value, place),
    );
  }

  /** Returns the output of the state. @param result result of its work. Default: its input */
  outputOf(result: Json | undefined, holder: Members, path: Path, place: Place): Json {
    if (this.isJsonata) {
      if (holder["Output"] !== undefined) return this.fill(holder["Output"], [...path, "Output"], place);
      return result ?? template(this.#o.data);
    }
    return this.#after(result === undefined ? template(this.input) : this.placed(result, holder, path));
  }

  /** Returns the changed variables. */
  assigned(holder: Members, path: Path, place: Place): Record<string, Json> {
    const assignments = holder["Assign"];
    if (!isMembers(assignments)) return {};
    const filled = this.fill(assignments, [...path, "Assign"], place);
    return isMembers(filled)
      ? Object.fromEntries(
          Object.entries(filled).map(([name, value]) => [
            (this.#o.variables[name] ?? name).replace("vars.", ""),
            value as Json,
          ]),
        )
      : {};
  }

  /** Returns the output, with the result at the path in `ResultPath`. */
  placed(result: Json, holder: Members, path: Path): Json {
    const resultPath = holder["ResultPath"];
    if (resultPath === null) return template(this.#o.data);
    if (resultPath === undefined || resultPath === "$") return result;
    const keys = this.#located([...path, "ResultPath"], () => partsOf(String(resultPath)));
    if (keys.some((key) => typeof key === "number" || key === each))
      throw new UnsupportedConstruct("`ResultPath` names an element of a list", [...path, "ResultPath"]);
    return template(withMember(this.#o.data, keys.map(String), expressionOf(result)));
  }

  #after(data: Json): Json {
    const { state, path } = this.#o;
    const outputPath = state["OutputPath"];
    if (outputPath === null) return {};
    if (typeof outputPath !== "string" || outputPath === "$") return data;
    const place = { dollar: expressionOf(data) };
    return template(this.#located([...path, "OutputPath"], () => this.#jsonPath(outputPath, place)));
  }

  #located<T>(path: Path, translate: () => T): T {
    try {
      return translate();
    } catch (error) {
      if (error instanceof UnsupportedConstruct && error.path === undefined)
        throw new UnsupportedConstruct(error.message, path);
      throw error;
    }
  }

  #jsonata(text: string, { roots = {}, context = {} }: Place): string {
    const [, inner] = /^\{%([\s\S]*)%\}$/.exec(text.trim()) ?? [];
    if (inner === undefined) throw new UnsupportedConstruct(`\`${text}\` is no expression of JSONata`);
    const named = (names: Names, prefix: string) =>
      Object.fromEntries(Object.entries(names).map(([name, value]) => [prefix + name, value]));
    return new ExpressionReader(inner, {
      equals: "=",
      roots: {
        "$states.input": this.#o.data,
        ...named({ ...this.#o.context, ...context }, "$states.context."),
        ...named(this.#o.variables, "$"),
        ...roots,
      },
      functions: jsonataFunctions,
    }).read();
  }

  #jsonPath(path: string, { dollar = this.input, context = {} }: Place): string {
    const [, object, name, rest = ""] = /^\$(?:\$\.([\w.]+)|([A-Za-z_]\w*))?([\s\S]*)$/.exec(path) ?? [];
    if (object !== undefined) {
      const known = { ...this.#o.context, ...context };
      const found = Object.keys(known).find((key) => object === key || object.startsWith(`${key}.`));
      if (found === undefined) throw new UnsupportedConstruct(`\`$$.${object}\` has no counterpart here`);
      return at(known[found] ?? "", partsOf(`$${object.slice(found.length)}${rest}`));
    }
    if (name === undefined) return at(dollar, partsOf(path));
    const variable = this.#o.variables[name];
    if (variable === undefined)
      throw new UnsupportedConstruct(`no state here assigns the variable \`${name}\``);
    return at(variable, partsOf(`$${rest}`));
  }

  /** Translates a path, or a call of an intrinsic function. */
  #dynamic(text: string, place: Place): string {
    if (text.startsWith("$")) return this.#jsonPath(text, place);
    const [, name = "", inner = ""] = /^States\.(\w+)\(([\s\S]*)\)$/.exec(text.trim()) ?? [];
    const args = argumentsIn(inner).map((argument) => {
      if (/^'[\s\S]*'$/.test(argument))
        return JSON.stringify(argument.slice(1, -1).replace(/\\(['{}\\])/g, "$1"));
      return /^(-?\d+(\.\d+)?|true|false|null)$/.test(argument) ? argument : this.#dynamic(argument, place);
    });
    const translated = name === "Format" ? formatted(args) : intrinsics.get(name)?.(args);
    if (translated === undefined)
      throw new UnsupportedConstruct(`\`${text.slice(0, 80)}\` has no counterpart`);
    return translated;
  }
}

const intrinsics = new Map<string, (args: readonly string[]) => string | undefined>(
  Object.entries({
    Array: (args) => `[${args.join(", ")}]`,
    ArrayContains: ([list, value]) => list && value && `(${value} in ${list})`,
    ArrayGetItem: ([list, index]) => list && index && `${list}[int(${index})]`,
    ArrayLength: ([list]) => list && `size(${list})`,
    Base64Decode: ([text]) => text && `string(base64.decode(${text}))`,
    Base64Encode: ([text]) => text && `base64.encode(bytes(${text}))`,
    JsonMerge: ([one, other, isDeep]) =>
      one && other && isDeep === "false" ? merged(one, other) : undefined,
    MathAdd: ([one, other]) => one && other && `(${one} + ${other})`,
    StringSplit: ([text, by]) => (text && by?.length === 3 ? `${text}.split(${by})` : undefined),
  }),
);

function formatted([pattern = "", ...values]: readonly string[]): string | undefined {
  if (!pattern.startsWith('"')) return undefined;
  const texts = (JSON.parse(pattern) as string).split("{}");
  if (texts.length !== values.length + 1) return undefined;
  const parts = texts.flatMap((text, index) => {
    const value = values[index];
    return [
      ...(text === "" ? [] : [JSON.stringify(text)]),
      ...(value === undefined ? [] : [`string(${value})`]),
    ];
  });
  return parts.length === 0 ? '""' : parts.join(" + ");
}

/** Returns the parts between commas outside of quotes and parentheses. */
function argumentsIn(text: string): readonly string[] {
  const parts: string[] = [];
  let [part, depth, isText] = ["", 0, false];
  for (let index = 0; index < text.length; index++) {
    const sign = text[index] ?? "";
    if (sign === "\\" && isText) part += sign + (text[++index] ?? "");
    else if (sign === "," && depth === 0 && !isText) {
      parts.push(part.trim());
      part = "";
    } else {
      if (sign === "'") isText = !isText;
      else if (!isText) depth += sign === "(" ? 1 : sign === ")" ? -1 : 0;
      part += sign;
    }
  }
  return part.trim() === "" ? parts : [...parts, part.trim()];
}

/** All elements of a list: `[*]`. */
const each = Symbol("each");
type Part = string | number | typeof each;

/** Returns the keys of a path: `$.a['b'][0][*].c`. */
function partsOf(path: string): readonly Part[] {
  const parts: Part[] = [];
  const step = /\.([\p{L}_][\p{L}\p{N}_-]*)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]|\[(\*)\]/uy;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (!path.startsWith("$") || found === null)
      throw new UnsupportedConstruct(`the path \`${path.slice(0, 80)}\` has no counterpart`);
    const [, name, single, double, index, all] = found;
    if (all !== undefined) parts.push(each);
    else parts.push(index === undefined ? (name ?? single ?? double ?? "") : Number(index));
  }
  return parts;
}

function at(value: string, parts: readonly Part[]): string {
  let found = value;
  for (const [index, part] of parts.entries()) {
    if (part !== each) {
      found = member(found, part);
      continue;
    }
    const rest = parts.slice(index + 1);
    if (rest.length === 0) return found;
    if (rest.includes(each)) throw new UnsupportedConstruct("a path through two lists has no counterpart");
    return `${found}.map(e, ${at("e", rest)})`;
  }
  return found;
}
