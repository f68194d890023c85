/**
 * Requests that break one rule each, derived from the descriptors of the contracts. A request is made as bytes, the way
 * a client of any language sends it, so the codec of its rpc reads it first.
 *
 * 1. The smallest request of an rpc contains only the fields that the rules require. It breaks no rule.
 * 2. A broken request differs from the smallest one in one value, and `field` is the path of that value.
 * 3. Every rule of every message type that a request can hold is broken once. If a second field holds the same type,
 *    it gets one broken value: this shows that the check descends into the second field too.
 */
import {
  clone,
  create,
  createFileRegistry,
  type DescExtension,
  type DescField,
  type DescMessage,
  type DescOneof,
  fromBinary,
  getOption,
  hasOption,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileDescriptorSet } from "../generated/descriptors.ts";
import { badValues, type FieldRule, goodValue, type Kind, kindOf, noRule, type Scalar } from "./values.ts";

export interface BrokenRequest {
  /** Path of the wrong value: `instance.id`. */
  readonly field: string;
  readonly bytes: Uint8Array;
}

export interface ContractRefusals {
  /**
   * Returns the smallest request of an rpc, by its path, such as
   * `/tutti.registry.v1.RegistryService/Register`.
   */
  smallest(path: string): Uint8Array;
  broken(path: string): Iterable<BrokenRequest>;
}

interface Broken {
  readonly field: string;
  readonly message: Message;
}

/** Reads the rules of all contracts. */
export function contractRefusals(): ContractRefusals {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet()));
  const optionOf = (name: string): DescExtension => {
    const extension = registry.getExtension(`tutti.types.v1.${name}`);
    if (extension === undefined) throw new Error(`expected the option tutti.types.v1.${name}, got none`);
    return extension;
  };
  const requests = new Requests(optionOf("field"), optionOf("choice"));
  const inputOf = (path: string): DescMessage => {
    const [, service = "", rpc = ""] = path.split("/");
    const method = registry.getService(service)?.methods.find(({ name }) => name === rpc);
    if (method === undefined) throw new Error(`expected an rpc ${path} in the descriptors, got none`);
    return method.input;
  };
  return {
    smallest(path) {
      const input = inputOf(path);
      return toBinary(input, requests.smallest(input));
    },
    *broken(path) {
      const input = inputOf(path);
      for (const { field, message } of requests.broken(input, new Set()))
        yield { field, bytes: toBinary(input, message) };
    },
  };
}

class Requests {
  readonly #fieldOption: DescExtension;
  readonly #choiceOption: DescExtension;
  readonly #smallest = new Map<DescMessage, Message>();

  constructor(fieldOption: DescExtension, choiceOption: DescExtension) {
    this.#fieldOption = fieldOption;
    this.#choiceOption = choiceOption;
  }

  smallest(type: DescMessage): Message {
    const known = this.#smallest.get(type);
    if (known !== undefined) return known;
    const message = create(type);
    for (const field of type.fields)
      if (field.oneof === undefined && this.#mustBeSet(field)) this.#fill(message, type, field);
    for (const oneof of type.oneofs) {
      const [first] = oneof.fields;
      if (this.#mustChoose(oneof) && first !== undefined) this.#fill(message, type, first);
    }
    this.#smallest.set(type, message);
    return message;
  }

  *broken(type: DescMessage, known: Set<DescMessage>): Generator<Broken> {
    known.add(type);
    for (const oneof of type.oneofs)
      if (this.#mustChoose(oneof))
        yield {
          field: oneof.name,
          message: this.#changed(type, (to) => {
            for (const each of oneof.fields) to.clear(each);
          }),
        };
    for (const field of type.fields) {
      if (field.fieldKind === "list") yield* this.#brokenList(type, field, known);
      else if (field.fieldKind === "map") yield* this.#brokenMap(type, field);
      else yield* this.#brokenSingle(type, field, known);
    }
  }

  *#brokenSingle(type: DescMessage, field: DescField, known: Set<DescMessage>): Generator<Broken> {
    const { name: path, message: inner } = field;
    const rule = this.#ruleOf(field);
    const kind = kindOf(field);
    const isSetAnyway = field.oneof !== undefined;
    if (rule.required && !(isSetAnyway && kind === undefined))
      yield {
        field: path,
        message: this.#changed(type, (to) => {
          if (isSetAnyway && kind !== undefined) to.set(field, emptyValue(goodValue(kind, rule)));
          else to.clear(field);
        }),
      };
    if (kind !== undefined)
      for (const value of badValues(kind, rule))
        yield { field: path, message: this.#changed(type, (to) => to.set(field, value)) };
    if (inner === undefined) return;
    for (const { field: within, message } of this.#within(inner, known))
      yield {
        field: `${path}.${within}`,
        message: this.#changed(type, (to) => to.set(field, reflect(inner, message))),
      };
  }

  *#brokenList(
    type: DescMessage,
    field: DescField & { readonly fieldKind: "list" },
    known: Set<DescMessage>,
  ): Generator<Broken> {
    const { name, message: inner } = field;
    const rule = this.#ruleOf(field);
    const kind = kindOf(field);
    const listed = (items: readonly (Scalar | ReturnType<typeof reflect>)[]) =>
      this.#changed(type, (to) => {
        to.clear(field);
        const list = to.get(field);
        for (const item of items) list.add(item);
      });
    if (rule.required) yield { field: name, message: listed([]) };
    if (rule.maxItems > 0) {
      const item = kind === undefined ? this.#reflected(inner) : goodValue(kind, rule);
      yield { field: name, message: listed(Array(rule.maxItems + 1).fill(item)) };
    }
    if (kind !== undefined)
      for (const value of brokenEntries(kind, rule)) yield { field: `${name}[0]`, message: listed([value]) };
    if (inner === undefined) return;
    for (const { field: within, message } of this.#within(inner, known))
      yield { field: `${name}[0].${within}`, message: listed([reflect(inner, message)]) };
  }

  /** The generator of the code refuses maps of messages. */
  *#brokenMap(type: DescMessage, field: DescField & { readonly fieldKind: "map" }): Generator<Broken> {
    const { name } = field;
    const rule = this.#ruleOf(field);
    const ofValues = rule.values ?? noRule;
    const key: Kind = { scalar: field.mapKey };
    const value = kindOf(field);
    if (value === undefined) return;
    const goodKey = goodValue(key, rule);
    const good = goodValue(value, ofValues);
    const mapped = (entries: Iterable<readonly [Scalar, Scalar]>) =>
      this.#changed(type, (to) => {
        to.clear(field);
        const map = to.get(field);
        for (const [each, its] of entries) map.set(each as string, its);
      });
    const at = (each: Scalar) => `${name}[${JSON.stringify(String(each))}]`;
    if (rule.required) yield { field: name, message: mapped([]) };
    if (rule.maxItems > 0)
      yield {
        field: name,
        message: mapped(Array.from({ length: rule.maxItems + 1 }, (_, i) => [`${goodKey}${i}`, good])),
      };
    for (const each of brokenEntries(key, rule)) yield { field: at(each), message: mapped([[each, good]]) };
    const bad = [...badValues(value, ofValues)];
    if (ofValues.required) bad.push(emptyValue(good));
    for (const each of bad) yield { field: at(goodKey), message: mapped([[goodKey, each]]) };
  }

  /**
   * Yields what can be wrong with a message in a field: every case at the first field that holds its type, then one
   * case.
   */
  *#within(type: DescMessage, known: Set<DescMessage>): Generator<Broken> {
    if (!known.has(type)) yield* this.broken(type, known);
    else {
      const [first] = this.broken(type, new Set(known));
      if (first !== undefined) yield first;
    }
  }

  #changed(type: DescMessage, change: (to: ReturnType<typeof reflect>) => void): Message {
    const message = clone(type, this.smallest(type));
    change(reflect(type, message));
    return message;
  }

  #fill(message: Message, type: DescMessage, field: DescField): void {
    const to = reflect(type, message);
    const rule = this.#ruleOf(field);
    const kind = kindOf(field);
    const value = kind === undefined ? this.#reflected(field.message) : goodValue(kind, rule);
    if (field.fieldKind === "list") to.get(field).add(value);
    else if (field.fieldKind === "map")
      to.get(field).set(
        goodValue({ scalar: field.mapKey }, rule) as string,
        kind === undefined ? value : goodValue(kind, rule.values ?? noRule),
      );
    else to.set(field, value);
  }

  #reflected(type: DescMessage | undefined): ReturnType<typeof reflect> {
    if (type === undefined) throw new Error("expected a field that holds messages");
    return reflect(type, clone(type, this.smallest(type)));
  }

  #ruleOf(field: DescField): FieldRule {
    return hasOption(field, this.#fieldOption) ? (getOption(field, this.#fieldOption) as FieldRule) : noRule;
  }

  /** A number whose range excludes zero need not be required: an absent number is zero. */
  #mustBeSet(field: DescField): boolean {
    const { required, min = 0, max = 0 } = this.#ruleOf(field);
    const isZeroUnset = field.fieldKind === "scalar" && !field.proto.proto3Optional;
    return required || (isZeroUnset && (min > 0 || max < 0));
  }

  #mustChoose(oneof: DescOneof): boolean {
    if (!hasOption(oneof, this.#choiceOption)) return false;
    return (getOption(oneof, this.#choiceOption) as { readonly required: boolean }).required;
  }
}

/** Entries of lists and keys of maps that have a form or a least length are never empty. */
function* brokenEntries(kind: Kind, rule: FieldRule): Generator<Scalar> {
  yield* badValues(kind, rule);
  if (rule.form !== 0 || rule.minLength > 0) yield emptyValue(goodValue(kind, rule));
}

function emptyValue(value: Scalar): Scalar {
  if (typeof value === "string") return "";
  if (typeof value === "bigint") return 0n;
  if (typeof value === "boolean") return false;
  return typeof value === "number" ? 0 : new Uint8Array();
}
