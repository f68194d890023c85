/** Values that keep the rule of one field, and values that break it in one respect each. */
import { type DescEnum, type DescField, ScalarType } from "@bufbuild/protobuf";
import type { forms } from "../checks.ts";

/** A `tutti.types.v1.FieldRule`, as in its descriptor. */
export interface FieldRule {
  readonly required: boolean;
  readonly maxLength: number;
  readonly maxItems: number;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly form: number;
  readonly minLength: number;
  readonly values?: FieldRule | undefined;
}

export const noRule: FieldRule = { required: false, maxLength: 0, maxItems: 0, form: 0, minLength: 0 };

export type Scalar = string | number | bigint | boolean | Uint8Array;

type FormName = keyof typeof forms;

/** In the order of `tutti.types.v1.Form`, from 1: a string with the form, and one without it. */
const formExamples: readonly (readonly [FormName, good: string, bad: string])[] = [
  ["id", "a", "a b"],
  ["name", "a", "A!"],
  ["version", "1.0.0", "two"],
  ["versionRange", "^1", "^^2"],
  ["json", "{}", "{"],
  ["traceparent", `00-${"1".repeat(32)}-${"2".repeat(16)}-01`, "00-x"],
  ["address", "a:1", "nowhere"],
  ["namespace", "a", "A b"],
  ["label", "a", "a b"],
];

function exampleOf(form: number): (typeof formExamples)[number] {
  const example = formExamples[form - 1];
  if (example === undefined) throw new Error(`expected an example of form ${form}, got none. Add it here`);
  return example;
}

/** Type of the value or the entries of a field: a scalar or an enum. */
export type Kind = { readonly scalar: ScalarType } | { readonly enum: DescEnum };

/** Returns the scalar or enum of a field. Undefined if it holds messages. */
export function kindOf(field: DescField): Kind | undefined {
  if (field.message !== undefined) return undefined;
  return field.enum === undefined ? { scalar: field.scalar as ScalarType } : { enum: field.enum };
}

/** Returns a value that is not the default, and keeps the rule. */
export function goodValue(kind: Kind, rule: FieldRule): Scalar {
  if ("enum" in kind) return kind.enum.values.find(({ number }) => number !== 0)?.number ?? 0;
  const { scalar } = kind;
  if (scalar === ScalarType.BOOL) return true;
  if (scalar === ScalarType.STRING) {
    const good = rule.form === 0 ? "a" : exampleOf(rule.form)[1];
    return good.padEnd(rule.minLength, "a");
  }
  if (scalar === ScalarType.BYTES) return new Uint8Array(Math.max(rule.minLength, 1)).fill(1);
  const { min = -Infinity, max = Infinity } = rule;
  return numberOf(scalar, min <= 1 && max >= 1 ? 1 : min > 1 ? min : max);
}

/** Yields one value for each part of the rule, without values that the type cannot encode. */
export function* badValues(kind: Kind, rule: FieldRule): Generator<Scalar> {
  if ("enum" in kind) {
    yield Math.max(...kind.enum.values.map(({ number }) => number)) + 1;
    return;
  }
  const { scalar } = kind;
  const { form, minLength, maxLength, min, max } = rule;
  if (scalar === ScalarType.STRING) {
    if (form !== 0) yield exampleOf(form)[2];
    if (maxLength > 0) yield "a".repeat(maxLength + 1);
    if (minLength > 1) yield "a".repeat(minLength - 1);
  } else if (scalar === ScalarType.BYTES) {
    if (maxLength > 0) yield new Uint8Array(maxLength + 1);
    if (minLength > 1) yield new Uint8Array(minLength - 1);
  } else if (min !== undefined || max !== undefined) {
    if (isFraction(scalar)) yield Number.NaN;
    const [least, most] = rangeOf(scalar);
    if (min !== undefined && min > least) yield numberOf(scalar, min - 1);
    if (max !== undefined && max < most) yield numberOf(scalar, max + 1);
  }
}

const big = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
  ScalarType.SINT64,
]);
const unsigned = new Set([ScalarType.UINT32, ScalarType.UINT64, ScalarType.FIXED32, ScalarType.FIXED64]);

const isFraction = (scalar: ScalarType) => scalar === ScalarType.DOUBLE || scalar === ScalarType.FLOAT;

function numberOf(scalar: ScalarType, value: number): number | bigint {
  return big.has(scalar) ? BigInt(value) : value;
}

function rangeOf(scalar: ScalarType): readonly [least: number, most: number] {
  if (isFraction(scalar)) return [-Infinity, Infinity];
  const isUnsigned = unsigned.has(scalar);
  // The codecs refuse numbers outside of JavaScript's exact range.
  if (big.has(scalar)) return [isUnsigned ? 0 : Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  return isUnsigned ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
}
