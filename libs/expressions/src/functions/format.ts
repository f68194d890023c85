import type { Frame } from "../evaluate/frame.ts";
import { Fault } from "../problem.ts";
import { listOf, types } from "../types/type.ts";
import { entriesOf } from "../values/equality.ts";
import { Duration, Timestamp } from "../values/time.ts";
import {
  isBytes,
  isList,
  isPlainMap,
  MapValue,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from "../values/value.ts";
import { type FunctionDeclaration, overload } from "./declaration.ts";

/** Formats texts: `"%s owes %.2f".format([name, sum])`. */

const precisionDefault = 6;
const precisionMax = 100;
const clause = /%(?:%|(?:\.(\d{1,3}))?([a-zA-Z]))/g;

export const format: FunctionDeclaration = {
  name: "format",
  style: "method",
  overloads: [overload([types.string, listOf(types.dyn)], types.string)],
  apply: ([text, values], frame, at) => {
    if (typeof text !== "string" || values === undefined || !isList(values)) return undefined;
    frame.charge((text.length >>> 3) + values.length, at);
    return new Formatting(frame, at).format(text, values);
  },
};

class Formatting {
  readonly #frame: Frame;
  readonly #at: number;

  constructor(frame: Frame, at: number) {
    this.#frame = frame;
    this.#at = at;
  }

  format(text: string, values: readonly Value[]): string {
    let result = "";
    let next = 0;
    let from = 0;
    for (const match of text.matchAll(clause)) {
      result += this.#plain(text.slice(from, match.index));
      from = match.index + match[0].length;
      const [, precision, letter] = match;
      if (letter === undefined) {
        result += "%";
        continue;
      }
      const value = values[next];
      if (value === undefined)
        throw this.#fault(`expected a value at place ${next} of the list, got ${values.length} in all`);
      next += 1;
      const piece = this.#clause(letter, precision === undefined ? undefined : Number(precision), value);
      this.#frame.charge(20 + (piece.length >>> 3), this.#at);
      result += piece;
    }
    return result + this.#plain(text.slice(from));
  }

  #plain(text: string): string {
    if (text.includes("%")) throw this.#fault("expected a letter or `%` after `%`");
    return text;
  }

  #clause(letter: string, precision: number | undefined, value: Value): string {
    if (precision !== undefined && (precision > precisionMax || (letter !== "f" && letter !== "e")))
      throw this.#fault(
        `expected \`%f\` or \`%e\` with at most ${precisionMax} digits, got \`%.${precision}${letter}\``,
      );
    switch (letter) {
      case "s":
        return this.#text(value);
      case "d":
        return unreal(value) ?? String(this.#whole(value, "%d"));
      case "b":
        return typeof value === "boolean" ? String(Number(value)) : this.#whole(value, "%b").toString(2);
      case "o":
        return this.#whole(value, "%o").toString(8);
      case "x":
        return this.#hex(value);
      case "X":
        return this.#hex(value).toUpperCase();
      case "f":
        return unreal(value) ?? fixed(this.#real(value, "%f"), precision ?? precisionDefault);
      case "e":
        return unreal(value) ?? scientific(this.#real(value, "%e"), precision ?? precisionDefault);
      default:
        throw this.#fault(`expected %s, %d, %f, %e, %b, %o, %x or %X, got \`%${letter}\``);
    }
  }

  #whole(value: Value, clause: string): bigint {
    if (typeof value === "bigint") return value;
    if (value instanceof Uint) return value.value;
    // Whole numbers of JSON are doubles.
    if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
    throw this.#fault(`expected a whole number for \`${clause}\`, got ${typeNameOf(value)}`);
  }

  #real(value: Value, clause: string): number {
    if (typeof value === "number") return value;
    if (typeof value === "bigint") return Number(value);
    throw this.#fault(`expected a number for \`${clause}\`, got ${typeNameOf(value)}`);
  }

  #hex(value: Value): string {
    if (typeof value === "string") return Buffer.from(value, "utf8").toString("hex");
    return isBytes(value) ? Buffer.from(value).toString("hex") : this.#whole(value, "%x").toString(16);
  }

  #text(value: Value): string {
    this.#frame.charge(1, this.#at);
    switch (typeof value) {
      case "string":
        return value;
      case "boolean":
      case "number":
      case "bigint":
        return String(value);
      default:
        return value === null ? "null" : this.#objectText(value);
    }
  }

  #objectText(value: Exclude<Value, null | string | boolean | number | bigint>): string {
    if (value instanceof Uint) return String(value.value);
    if (value instanceof Timestamp || value instanceof Duration) return value.toString();
    if (value instanceof TypeValue) return value.name;
    if (isBytes(value)) return Buffer.from(value).toString("utf8");
    if (isList(value)) return `[${value.map((item) => this.#text(item)).join(", ")}]`;
    if (!(value instanceof MapValue) && !isPlainMap(value))
      throw this.#fault(`expected a value with a text, got ${typeNameOf(value)}`);
    const entries = entriesOf(value).map(([key, item]) => [this.#text(key), this.#text(item)] as const);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${key}: ${item}`).join(", ")}}`;
  }

  #fault(message: string): Fault {
    return new Fault("invalid_argument", this.#at, message);
  }
}

/** Returns the name of a number without digits. */
function unreal(value: Value): string | undefined {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : undefined;
}

/** Formats a number with this precision. A tie is rounded to the even digit. */
function fixed(value: number, precision: number): string {
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${precision === 0 ? "" : `.${"0".repeat(precision)}`}`;
  const text = value.toFixed(precision);
  const exact = value.toFixed(100);
  const beyond = exact.slice(exact.indexOf(".") + 1 + precision);
  const lower = exact.slice(0, exact.indexOf(".") + (precision === 0 ? 0 : 1 + precision));
  const even = "02468".includes(lower.at(-1) ?? "");
  return /^50*$/.test(beyond) && even ? lower : text;
}

function scientific(value: number, precision: number): string {
  return value.toExponential(precision).replace(/e([+-])(\d)$/, "e$10$2");
}
