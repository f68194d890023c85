import { globals, methods, typeNames } from "../functions/functions.ts";
import { Fault } from "../problem.ts";
import type { Call, Condition, Index, Logic, MapLiteral, Name, Node, Select } from "../syntax/tree.ts";
import { dottedName } from "../types/dotted-names.ts";
import { type Type, types } from "../types/type.ts";
import { TypeValue } from "../values/value.ts";
import { mapOfEntries, wholeNumber } from "./build.ts";
import type { Evaluate } from "./frame.ts";
import { compileLoop } from "./loop.ts";
import { binary, indexed, isThere, negated, noOverload, selected } from "./operators.ts";

/**
 * Compiles a checked tree to functions that call each other. Every call, selection, element and loop is a step. Slower
 * operations are charged more steps.
 *
 * Values of JSON stay unchanged. If the checker knows that a number is an int, it is converted when it is read.
 */
export function compile(node: Node): Evaluate {
  switch (node.kind) {
    case "literal": {
      const { value } = node;
      return () => value;
    }
    case "name":
      return compileName(node);
    case "select":
      return compileSelect(node);
    case "index":
      return compileIndex(node);
    case "unary":
      return node.operator === "!" ? compileNot(node.of, node.at) : compileNegation(node.of, node.at);
    case "binary": {
      const { operator, at } = node;
      const left = compile(node.left);
      const right = compile(node.right);
      return (frame) => {
        frame.charge(1, at);
        return binary(operator, left(frame), right(frame), frame, at);
      };
    }
    case "logic":
      return compileLogic(node);
    case "condition":
      return compileCondition(node);
    case "call":
      return compileCall(node);
    case "list": {
      const items = node.items.map(compile);
      const { at } = node;
      return (frame) => {
        frame.charge(1 + items.length, at);
        return items.map((item) => item(frame));
      };
    }
    case "map":
      return compileMap(node);
    case "loop":
      return compileLoop(node, compile);
    case "bind": {
      const value = compile(node.value);
      const body = compile(node.body);
      const place = node.local ?? 0;
      return (frame) => {
        frame.locals[place] = value(frame);
        return body(frame);
      };
    }
  }
}

/** Reads a number of JSON as its declared int. */
function adapted(evaluate: Evaluate, type: Type | undefined, at: number): Evaluate {
  if (type?.kind !== "int") return evaluate;
  return (frame) => {
    const value = evaluate(frame);
    return typeof value === "number" ? wholeNumber(value, at) : value;
  };
}

function compileName(node: Name): Evaluate {
  const { local, variable, at, name } = node;
  if (local !== undefined) return (frame) => frame.locals[local] ?? null;
  if (variable !== undefined) return adapted(readVariable(variable, name, at), node.type, at);
  const type = typeNames.has(name) ? new TypeValue(name) : undefined;
  return () => type ?? missing(name, at);
}

function readVariable(variable: number, name: string, at: number): Evaluate {
  return (frame) => {
    frame.charge(1, at);
    const value = frame.variable(variable);
    return value === undefined ? missing(name, at) : value;
  };
}

function missing(name: string, at: number): never {
  throw new Fault(
    "missing_value",
    at,
    `\`${name}\` has no value here`,
    `has(${name}) tests whether it exists`,
  );
}

function compileSelect(node: Select): Evaluate {
  const { variable, field, at } = node;
  if (variable !== undefined) {
    if (node.probe) return (frame) => frame.variable(variable) !== undefined;
    return adapted(readVariable(variable, dottedName(node) ?? field, at), node.type, at);
  }
  const name = dottedName(node);
  if (name !== undefined && typeNames.has(name) && node.type === types.type) {
    const type = new TypeValue(name);
    return () => type;
  }
  const of = compile(node.of);
  if (node.probe) {
    return (frame) => {
      frame.charge(1, at);
      return isThere(of(frame), field, at);
    };
  }
  return adapted(
    (frame) => {
      frame.charge(1, at);
      return selected(of(frame), field, frame, at);
    },
    node.type,
    at,
  );
}

function compileIndex(node: Index): Evaluate {
  const { at, variable } = node;
  if (variable !== undefined)
    return adapted(readVariable(variable, dottedName(node) ?? "", at), node.type, at);
  const of = compile(node.of);
  const by = compile(node.by);
  const evaluate: Evaluate = (frame) => {
    frame.charge(1, at);
    return indexed(of(frame), by(frame), frame, at);
  };
  return adapted(evaluate, node.type, at);
}

function compileNot(of: Node, at: number): Evaluate {
  const operand = compile(of);
  return (frame) => {
    const value = operand(frame);
    if (typeof value !== "boolean") throw noOverload("!", [value], at);
    return !value;
  };
}

function compileNegation(of: Node, at: number): Evaluate {
  const operand = compile(of);
  return (frame) => {
    frame.charge(1, at);
    return negated(operand(frame), at);
  };
}

/** One decisive side is enough: an error of another side counts only if no side is decisive. */
function compileLogic({ operator, parts, at }: Logic): Evaluate {
  const decisive = operator === "||";
  const operands = parts.map(compile);
  return (frame) => {
    let fault: Fault | undefined;
    for (const operand of operands) {
      frame.charge(1, at);
      try {
        const value = operand(frame);
        if (value === decisive) return decisive;
        if (typeof value !== "boolean") fault ??= noOverload(operator, [value], at);
      } catch (thrown) {
        // A decisive side cannot restore used steps.
        if (!(thrown instanceof Fault) || thrown.code === "steps_exhausted") throw thrown;
        fault ??= thrown;
      }
    }
    if (fault !== undefined) throw fault;
    return !decisive;
  };
}

function compileCondition(node: Condition): Evaluate {
  const { at } = node;
  const test = compile(node.test);
  const then = compile(node.then);
  const otherwise = compile(node.otherwise);
  return (frame) => {
    const value = test(frame);
    if (typeof value !== "boolean") throw noOverload("?:", [value], at);
    return value ? then(frame) : otherwise(frame);
  };
}

function compileCall(node: Call): Evaluate {
  const { at, qualified } = node;
  const declared = qualified === undefined ? methods.get(node.name) : globals.get(qualified);
  const nodes =
    qualified === undefined && node.target !== undefined ? [node.target, ...node.args] : node.args;
  const args = nodes.map(compile);
  if (declared === undefined || (qualified === undefined && node.target === undefined)) {
    return () => {
      throw new Fault("unknown_function", at, `unknown function \`${node.name}\``);
    };
  }
  const { apply, name } = declared;
  const counts = new Set(declared.overloads.map(({ parameters }) => parameters.length));
  const counted = declared.typeOf !== undefined || counts.has(args.length);
  return (frame) => {
    frame.charge(1, at);
    const values = args.map((arg) => arg(frame));
    const result = counted ? apply(values, frame, at) : undefined;
    if (result === undefined) throw noOverload(name, values, at);
    return result;
  };
}

function compileMap({ entries, at }: MapLiteral): Evaluate {
  const compiled = entries.map(([key, value]) => [compile(key), compile(value)] as const);
  return (frame) => {
    frame.charge(1 + compiled.length, at);
    return mapOfEntries(
      compiled.map(([key, value]) => [key(frame), value(frame)] as const),
      at,
    );
  };
}
