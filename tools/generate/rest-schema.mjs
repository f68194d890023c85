// The tables of the REST mapping: every message and enumeration that a route reaches.
import { ScalarType } from "@bufbuild/protobuf";
import { commentsOf } from "../reference/comments.mjs";
import { areaOf } from "./image.mjs";
import { camelCase } from "./names.mjs";

const kindsByType = new Map([
  ["google.protobuf.Timestamp", "time"],
  ["google.protobuf.FieldMask", "mask"],
  ["tutti.types.v1.Payload", "payload"],
  ["tutti.types.v1.BlobReference", "blob"],
]);

/**
 * @param {ReturnType<import("./image.mjs").readImage>} image
 * @param {ReturnType<import("./rules.mjs").readRules>} rules
 * @param {readonly { rpc?: string }[]} routes
 */
export function restSchema(image, rules, routes) {
  const commentOf = commentsOf(image.set);
  const reached = new Reached();
  const rpcs = {};
  const words = {};
  const requested = new Set(routes.flatMap(({ rpc }) => (rpc === undefined ? [] : [rpc])));
  for (const method of image.files.flatMap(({ services }) => services.flatMap(({ methods }) => methods))) {
    const name = `${method.parent.typeName}/${method.name}`;
    if (!requested.delete(name)) continue;
    reached.message(method.input);
    reached.message(method.output);
    words[name] = commentOf(method);
    rpcs[name] = {
      request: method.input.typeName,
      reply: method.output.typeName,
      repeat: rules.rpcs.get(method).repeat,
    };
  }
  if (requested.size > 0)
    throw new Error(`libs/rest/src/routes: no rpc of the contracts: ${[...requested].join(", ")}`);
  const names = uniqueNames([...reached.messages, ...reached.enums]);
  for (const one of [...reached.messages, ...reached.enums]) words[one.typeName] = commentOf(one);
  for (const field of [...reached.messages].flatMap(({ fields }) => fields))
    words[`${field.parent.typeName}.${camelCase(field.name)}`] = commentOf(field);
  return {
    schema: {
      messages: tableBy(reached.messages, (message) => messageTable(message, names, rules)),
      enums: tableBy(reached.enums, (one) => enumTable(one, names)),
      rpcs,
    },
    words,
  };
}

class Reached {
  messages = new Set();
  enums = new Set();

  message(descriptor) {
    if (kindsByType.has(descriptor.typeName) || this.messages.has(descriptor)) return;
    this.messages.add(descriptor);
    for (const { message, enum: enumeration } of descriptor.fields) {
      if (message !== undefined) this.message(message);
      if (enumeration !== undefined) this.enums.add(enumeration);
    }
  }
}

function tableBy(descriptors, describe) {
  const sorted = [...descriptors].sort((one, other) => (one.typeName < other.typeName ? -1 : 1));
  return Object.fromEntries(sorted.map((one) => [one.typeName, describe(one)]));
}

/** Returns descriptors by short name. Names that several share start with their area. */
function uniqueNames(descriptors) {
  const byName = Map.groupBy(descriptors, ({ name }) => name);
  return new Map(
    descriptors.map((one) => {
      const shared = byName.get(one.name).length > 1;
      const area = areaOf(one.file);
      return [one, shared ? `${area[0].toUpperCase()}${area.slice(1)}${one.name}` : one.name];
    }),
  );
}

function messageTable(message, names, rules) {
  const choices = message.oneofs
    .filter((oneof) => rules.choices.get(oneof)?.required)
    .map(({ name }) => camelCase(name));
  const fields = message.fields.map((field) => fieldTable(field, message, rules));
  const twice = fields.find(({ json }, at) => fields.findIndex((other) => other.json === json) !== at);
  if (twice !== undefined) throw new Error(`${message.typeName}: two fields would be ${twice.json} in JSON`);
  return { name: names.get(message), fields, ...(choices.length > 0 && { choices }) };
}

function fieldTable(field, message, rules) {
  const kind = kindOf(field);
  const many = field.fieldKind === "list" || field.fieldKind === "map" ? field.fieldKind : undefined;
  const name = camelCase(field.name);
  const of = kind === "message" ? field.message.typeName : kind === "enum" ? field.enum.typeName : undefined;
  const oneof = field.oneof === undefined ? undefined : camelCase(field.oneof.name);
  const rule = ruleOf(rules.fields.get(field), ranges.get(field.scalar));
  return {
    name,
    json: kind === "time" ? `${name}Ms` : name,
    kind,
    ...(of !== undefined && { of }),
    ...(many !== undefined && { many }),
    ...(oneof !== undefined && { oneof }),
    ...(field.proto.proto3Optional && { optional: true }),
    ...(isAlways(field, message, many) && { always: true }),
    ...(rule !== undefined && { rule }),
  };
}

function kindOf(field) {
  if (field.message !== undefined) return kindsByType.get(field.message.typeName) ?? "message";
  if (field.enum !== undefined) return "enum";
  switch (field.scalar) {
    case ScalarType.STRING:
      return "string";
    case ScalarType.BOOL:
      return "boolean";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "number";
    case ScalarType.BYTES:
      return "bytes";
    default:
      return "integer";
  }
}

const standing = new Set(["status", "state", "kind", "verdict"]);

/** Whether a field is in every reply: lists, ids and names, and states. */
function isAlways(field, message, many) {
  if (field.oneof !== undefined || field.proto.proto3Optional) return false;
  if (many !== undefined) return true;
  if (field.enum !== undefined) return standing.has(field.name);
  if (field.scalar !== ScalarType.STRING) return false;
  const own = `${message.name.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`)}_id`;
  return (
    field.number <= 3 && (field.name === own || ["name", "id", "key", "pool", "type"].includes(field.name))
  );
}

/** Ranges of numbers. Those of 64 bits are limited to the integers that a JavaScript number represents exactly. */
const ranges = new Map([
  [ScalarType.UINT32, { min: 0, max: 2 ** 32 - 1 }],
  [ScalarType.INT32, { min: -(2 ** 31), max: 2 ** 31 - 1 }],
  [ScalarType.SINT32, { min: -(2 ** 31), max: 2 ** 31 - 1 }],
  [ScalarType.UINT64, { min: 0, max: Number.MAX_SAFE_INTEGER }],
  [ScalarType.INT64, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }],
]);

function ruleOf(rule, range) {
  if (rule === undefined) return range;
  const { required, minLength, maxLength, maxItems, form, values } = rule;
  const { min = range?.min, max = range?.max } = rule;
  const table = {
    ...(required && { required: true }),
    ...(minLength > 0 && { minLength }),
    ...(maxLength > 0 && { maxLength }),
    ...(maxItems > 0 && { maxItems }),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    ...(form !== undefined && { form }),
    ...(values !== undefined && { values: ruleOf(values) }),
  };
  return Object.keys(table).length === 0 ? undefined : table;
}

function enumTable(enumeration, names) {
  const prefix = `${enumeration.name.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "_"}${letter}`).toUpperCase()}_`;
  const words = enumeration.values.map(({ name, number }) => {
    if (!name.startsWith(prefix))
      throw new Error(`${enumeration.typeName}: expected ${name} to start with ${prefix}`);
    return [number, name.slice(prefix.length).toLowerCase()];
  });
  return { name: names.get(enumeration), words: Object.fromEntries(words), prefix };
}
