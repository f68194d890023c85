// Checks the contracts beyond buf lint: every rpc has a policy, a rule of repetition and a namespace, and every field
// rule fits the type of the field. Each problem names the line and the missing text.
import { ScalarType } from "@bufbuild/protobuf";
import { areaOf } from "./image.mjs";
import { Problems } from "./problems.mjs";
import { mask, scalars, timestamp } from "./scalars.mjs";

const repeats = [undefined, "safe", "keyed", "resumes"];
const forms = [
  undefined,
  "id",
  "name",
  "version",
  "versionRange",
  "json",
  "traceparent",
  "address",
  "namespace",
  "label",
];
const formNamespace = forms.indexOf("namespace");
const keyField = "idempotency_key";
const eventHeader = "tutti.events.v1.EventHeader";

/** Checks all contracts and returns the rules as plain data: `rpcs` by method, `fields` by field, `choices` by oneof,
 * `events` (types of the bus's events) by message. */
export function readRules(image) {
  const problems = new Problems(image.lineOf);
  const rules = { rpcs: new Map(), fields: new Map(), choices: new Map(), events: new Map() };
  for (const file of image.files) {
    for (const message of everyMessage(file.messages)) readMessage(message, image, rules, problems);
    for (const service of file.services) {
      for (const method of service.methods) readRpc(method, file, image, rules, problems);
    }
  }
  checkEventTypes(rules.events, problems);
  problems.throwIfAny();
  return rules;
}

export function* everyMessage(messages) {
  for (const message of messages) {
    yield message;
    yield* everyMessage(message.nestedMessages);
  }
}

function readRpc(method, file, image, rules, problems) {
  const rule = image.ruleOf("rpc", method);
  if (rule === undefined) {
    problems.add(method, `rpc ${method.name} has no policy. Add: ${example(method, file)}`);
    return;
  }
  const wrong = (text) => problems.add(method, `rpc ${method.name}: ${text}`);
  const area = areaOf(file);
  if (!/^[a-z]+\.[a-z_]+\.[a-z_]+$/.test(rule.action) || !rule.action.startsWith(`${area}.`)) {
    wrong(
      `expected an action like "${area}.things.verb", got "${rule.action}". Name it in (tutti.types.v1.rpc)`,
    );
  }
  if (!/^[a-z][a-z_]*$/.test(rule.resource)) {
    wrong(
      `expected a resource like "thing", a singular noun, got "${rule.resource}". Name it in (tutti.types.v1.rpc)`,
    );
  }
  const repeat = repeats[rule.repeat];
  if (repeat === undefined) {
    wrong("has no repeat behaviour. Add repeat: REPEAT_SAFE, REPEAT_KEYED or REPEAT_RESUMES");
  }
  rules.rpcs.set(method, {
    action: rule.action,
    resource: rule.resource,
    repeat,
    namespace: readNamespace(method, rule, image, wrong),
    keys: repeatKeys(method, rule, image, wrong),
    route: readRoute(method, rule, wrong),
  });
}

function example(method, file) {
  return `option (tutti.types.v1.rpc) = {action: "${areaOf(file)}.things.${method.localName.toLowerCase()}" resource: "thing" repeat: REPEAT_SAFE};`;
}

/** Returns the path of the field with the namespace. Undefined if the call is about the installation. */
function readNamespace(method, rule, image, wrong) {
  const name = rule.namespaceKey || "namespace";
  const isThere = method.input.fields.some((field) => field.name === name.split(".")[0]);
  if (rule.installationWide) {
    if (isThere) wrong(`is installation_wide, but ${method.input.name} has a ${name}. Remove one of them`);
    return undefined;
  }
  if (!isThere) {
    wrong(
      `expected a field \`string namespace = … [(tutti.types.v1.field) = {form: FORM_NAMESPACE}]\` in ${method.input.name}. ` +
        "Add it, or name its field with namespace_key. Set installation_wide: true if the call is about the installation itself",
    );
    return undefined;
  }
  const path = stringPath(method, name, "namespace_key", wrong);
  if (path !== undefined && image.ruleOf("field", path.at(-1))?.form !== formNamespace) {
    wrong(
      `${name} of ${method.input.name} has no form. Add [(tutti.types.v1.field) = {form: FORM_NAMESPACE}] to it`,
    );
  }
  return path;
}

/** Returns the paths of the fields that identify a repetition. The first one that is set takes precedence. */
function repeatKeys(method, rule, image, wrong) {
  const keys = [];
  const field = method.input.fields.find((one) => one.name === keyField);
  if (field !== undefined) {
    keys.push(keyField);
    if (!(image.ruleOf("field", field)?.maxLength > 0)) {
      wrong(
        `${keyField} of ${method.input.name} has no limit. Add [(tutti.types.v1.field) = {max_length: 200}] to it`,
      );
    }
  }
  if (rule.repeatKey !== "") keys.push(rule.repeatKey);
  const paths = keys.map((key) => stringPath(method, key, "repeat_key", wrong)).filter(Boolean);
  if (repeats[rule.repeat] === "keyed" && keys.length === 0) {
    wrong(
      `is REPEAT_KEYED, but ${method.input.name} has no \`string ${keyField}\`. ` +
        'Add it, or name the chosen id: repeat_key: "thing_id"',
    );
  }
  if (repeats[rule.repeat] !== "keyed" && rule.repeatKey !== "") {
    wrong("has a repeat_key, but is not REPEAT_KEYED. Remove repeat_key, or set REPEAT_KEYED");
  }
  return paths;
}

function readRoute(method, rule, wrong) {
  if (rule.route === undefined) return undefined;
  if (!/^[a-z][a-z_]*$/.test(rule.route.kind)) {
    wrong(`expected a route's kind like "run", "pool" or "partition", got "${rule.route.kind}"`);
  }
  const path = stringPath(method, rule.route.key, "route.key", wrong, rule.route.kind === "partition");
  return path && { kind: rule.route.kind, path, fallback: rule.route.fallback };
}

/** Follows a path of field names from the request to a string or number. The fields on the path are messages. */
function stringPath(method, path, option, wrong, numberToo = false) {
  const fields = [];
  let message = method.input;
  for (const name of path.split(".")) {
    const field = message?.fields.find((one) => one.name === name);
    if (field === undefined || field.fieldKind === "list" || field.fieldKind === "map") {
      wrong(
        `${option}: "${path}" is not a path to one field of ${method.input.name}: ${name || "(empty)"} not found`,
      );
      return undefined;
    }
    fields.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
  }
  const last = fields.at(-1);
  const isString = last.fieldKind === "scalar" && last.scalar === ScalarType.STRING;
  const isNumber = numberToo && last.fieldKind === "scalar" && numbers.has(last.scalar);
  if (!isString && !isNumber) {
    wrong(`${option}: "${path}" of ${method.input.name} must be a string${numberToo ? " or a number" : ""}`);
    return undefined;
  }
  return fields;
}

const numbers = new Set([
  ScalarType.DOUBLE,
  ScalarType.FLOAT,
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.INT32,
  ScalarType.FIXED64,
  ScalarType.FIXED32,
  ScalarType.UINT32,
  ScalarType.SFIXED32,
  ScalarType.SFIXED64,
  ScalarType.SINT32,
  ScalarType.SINT64,
]);

/** Returns the kind of a field's value for rules. */
function valueKind(scalar) {
  if (scalar === ScalarType.STRING) return "string";
  if (scalar === ScalarType.BYTES) return "bytes";
  if (scalar === ScalarType.BOOL) return "bool";
  return "number";
}

/** Returns the shape of a field: a single value, or the values of a list or map. */
export function shapeOf(field) {
  if (field.fieldKind === "list") return { many: "list", value: elementOf(field.listKind, field) };
  if (field.fieldKind === "map")
    return { many: "map", value: elementOf(field.mapKind, field), key: valueKind(field.mapKey) };
  return { many: undefined, value: elementOf(field.fieldKind, field) };
}

function elementOf(kind, field) {
  if (kind === "message") return { kind: "message", message: field.message };
  if (kind === "enum") return { kind: "enum", enum: field.enum };
  return { kind: valueKind(field.scalar) };
}

/** Checks a payload of an event. It must be in the package of events, start with the header, and have a unique type. */
function readEvent(message, image, rules, problems) {
  const rule = image.ruleOf("event", message);
  const hasHeader = message.fields.some((field) => field.message?.typeName === eventHeader);
  if (rule === undefined) {
    // Messages are never removed. A message without an event is deprecated instead.
    if (hasHeader && !message.deprecated) {
      problems.add(
        message,
        `message ${message.name} has an EventHeader, but no type. ` +
          'Add: option (tutti.types.v1.event) = {types: "tutti.area.thing.happened"};',
      );
    }
    return;
  }
  const first = message.fields.find((field) => field.number === 1);
  if (first?.message?.typeName !== eventHeader || first.name !== "header") {
    problems.add(message, `message ${message.name} is an event. Add to it: EventHeader header = 1`);
  }
  if (rule.types.length === 0)
    problems.add(message, `message ${message.name} is an event without types. Name one`);
  rules.events.set(message, rule.types);
}

function checkEventTypes(events, problems) {
  const owners = new Map();
  for (const [message, types] of events) {
    for (const type of types) {
      if (!/^tutti(\.[a-z]+(_[a-z]+)*){3}$/.test(type)) {
        problems.add(message, `expected a type like "tutti.area.thing.happened", got "${type}"`);
      }
      const other = owners.get(type);
      if (other !== undefined)
        problems.add(message, `the type "${type}" already belongs to ${other.name}. Choose another type`);
      owners.set(type, message);
    }
  }
}

function readMessage(message, image, rules, problems) {
  readEvent(message, image, rules, problems);
  for (const { name } of message.nestedEnums)
    problems.add(message, `enum ${name} is nested in the message ${message.name}. Move it to the top level`);
  for (const oneof of message.oneofs) {
    const rule = image.ruleOf("choice", oneof);
    if (rule?.required) rules.choices.set(oneof, { required: true });
  }
  for (const field of message.fields) {
    const wrong = (text) => problems.add(field, `field ${field.name}: ${text}`);
    if (!/^[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*$/.test(field.name)) {
      wrong("expected lower_snake_case with a letter after each underscore");
    }
    const shape = shapeOf(field);
    if (shape.value.kind === "message" && /^google\.protobuf\.\w+Value$/.test(shape.value.message.typeName)) {
      wrong(
        `uses a wrapper (${shape.value.message.typeName}). Write \`optional\` before a plain type instead`,
      );
    }
    if (shape.many === "map" && shape.value.kind === "message") {
      // In JavaScript the key `__proto__` would make the message the prototype of the map.
      wrong("is a map of messages. Use a list of messages with the key as a field");
    }
    const unknown = unknownTypeOf(field);
    if (unknown !== undefined) wrong(unknown);
    const rule = image.ruleOf("field", field);
    if (rule !== undefined) rules.fields.set(field, readField(field, shape, rule, wrong));
  }
}

/** Returns the property of a field that no row of a table can express. */
function unknownTypeOf(field) {
  if (field.fieldKind === "map" && field.mapKey !== ScalarType.STRING) return "has keys that are not strings";
  const scalar = field.fieldKind === "list" && field.listKind !== "scalar" ? undefined : field.scalar;
  if (scalar !== undefined && !scalars.has(scalar)) {
    const known = [...scalars.values()].map(({ name }) => name).join(", ");
    return `has an unsupported type. Use one of ${known}`;
  }
  const name = field.message?.typeName ?? "";
  if (!name.startsWith("google.") || name === timestamp || name === mask || /Value$/.test(name))
    return undefined;
  return `uses ${name}. Use a message of this repository, ${timestamp} or ${mask}`;
}

function readField(field, shape, rule, wrong) {
  const read = plainRule(rule);
  const explicit = field.proto.proto3Optional || field.oneof !== undefined;
  if (rule.required && shape.many === undefined && shape.value.kind === "bool" && !explicit) {
    wrong("required makes no sense for a bool that may be false. Write `optional bool`");
  }
  if (rule.maxItems > 0 && shape.many === undefined) wrong("max_items is for lists and maps");
  if (rule.values !== undefined && shape.many !== "map") wrong("values is for maps");
  // For a map, the rule itself is about the keys.
  const about = shape.many === "map" ? { kind: shape.key } : shape.value;
  checkFits(rule, about, wrong);
  if (rule.values !== undefined) {
    if (rule.values.maxItems > 0 || rule.values.values !== undefined)
      wrong("values cannot hold max_items or values");
    checkFits(rule.values, shape.value, wrong);
    read.values = { ...plainRule(rule.values), required: rule.values.required };
  }
  return read;
}

function plainRule(rule) {
  return {
    required: rule.required,
    minLength: rule.minLength,
    maxLength: rule.maxLength,
    maxItems: rule.maxItems,
    min: rule.min,
    max: rule.max,
    form: forms[rule.form],
    values: undefined,
  };
}

function checkFits(rule, value, wrong) {
  const hasLength = rule.minLength > 0 || rule.maxLength > 0;
  if (hasLength && value.kind !== "string" && value.kind !== "bytes")
    wrong("min_length and max_length are for strings and bytes");
  if (rule.maxLength > 0 && rule.minLength > rule.maxLength) wrong("min_length is greater than max_length");
  if (rule.form !== 0 && value.kind !== "string") wrong("form is for strings");
  if (rule.form !== 0 && forms[rule.form] === undefined)
    wrong(
      `form ${rule.form} is unknown to tools/generate/rules.mjs. Add it there and to libs/contracts/src/checks.ts`,
    );
  if ((rule.min !== undefined || rule.max !== undefined) && value.kind !== "number")
    wrong("min and max are for numbers");
  if (rule.min !== undefined && rule.max !== undefined && rule.min > rule.max)
    wrong("min is greater than max");
}
