// Writes `generated/<area>/v1.ts`: the messages of an area and one description per service.
import { checkFunction } from "./checks-code.mjs";
import { areaOf } from "./image.mjs";
import { Codecs, camelCase, generatedHeader, Imports, lowerFirst, modulePath } from "./names.mjs";

/** Returns the module of an area. `allEvents`: the options of all events, if the area's package has their payloads. */
export function serviceModule(area, image, { rules, checked, allEvents }) {
  const files = image.files.filter(
    (file) => areaOf(file) === area && file.proto.name !== "tutti/types/v1/options.proto",
  );
  const services = files.flatMap((file) => file.services);
  const exports = files
    .filter((file) => file.messages.length + file.enums.length > 0)
    .map((file) => `export * from ${JSON.stringify(modulePath(file))};`);
  if (services.length === 0 && allEvents === undefined) return [generatedHeader, ...exports, ""].join("\n");
  const messages = new Imports();
  const checks = new Imports();
  const codecs = new Codecs(messages);
  const context = { area, rules, checked, messages, checks, codecs };
  const bodies = services.map((service) => serviceCode(service, context));
  if (allEvents !== undefined) bodies.push(allEvents.code);
  return [
    generatedHeader,
    ...(services.length > 0
      ? ['import { codecOf } from "../../codec.ts";', 'import * as rpc from "../../rpc.ts";']
      : []),
    ...(allEvents !== undefined ? ['import type { EventDescription } from "../../event.ts";'] : []),
    ...(allEvents?.imports ?? []),
    ...checks.lines(""),
    ...messages.lines(""),
    "",
    ...exports,
    "",
    ...codecs.lines(),
    "",
    bodies.join("\n\n"),
    "",
  ].join("\n");
}

function serviceCode(service, context) {
  const types = service.methods.map((method) => {
    const request = context.messages.message(method.input);
    const reply = context.messages.message(method.output);
    return `  readonly ${lowerFirst(method.name)}: rpc.RpcDescription<${request}, ${reply}, ${requestStream(method)}, ${replyStream(method)}>;`;
  });
  return [
    `export const ${lowerFirst(service.name)}: rpc.ServiceDescription<{`,
    ...types,
    "}> = {",
    `  name: ${JSON.stringify(service.typeName)},`,
    `  area: ${JSON.stringify(context.area)},`,
    "  methods: {",
    ...service.methods.flatMap((method) => methodCode(service, method, context)),
    "  },",
    "};",
  ].join("\n");
}

function methodCode(service, method, context) {
  const rule = context.rules.rpcs.get(method);
  const route =
    rule.route === undefined
      ? "undefined"
      : `{ kind: ${JSON.stringify(rule.route.kind)}, idOf: (request) => ${idCode(rule.route)} }`;
  const check = context.checked.has(method.input)
    ? context.checks.from(
        `../${areaOf(method.input.file)}/checks.ts`,
        `${areaOf(method.input.file)}Checks`,
        checkFunction(method.input),
      )
    : "rpc.checkNothing";
  const key = rule.keys.length === 0 ? "rpc.noKey" : `(request) => ${rule.keys.map(textOf).join(" || ")}`;
  return [
    `    ${lowerFirst(method.name)}: {`,
    `      name: ${JSON.stringify(method.name)},`,
    `      path: ${JSON.stringify(`/${service.typeName}/${method.name}`)},`,
    `      requestStream: ${requestStream(method)},`,
    `      replyStream: ${replyStream(method)},`,
    `      action: ${JSON.stringify(rule.action)},`,
    `      resource: ${JSON.stringify(rule.resource)},`,
    `      repeat: ${JSON.stringify(rule.repeat)},`,
    `      route: ${route},`,
    `      request: ${context.codecs.of(method.input)},`,
    `      reply: ${context.codecs.of(method.output)},`,
    `      check: ${check},`,
    `      namespaceOf: ${namespaceCode(rule.namespace)},`,
    `      idempotencyKeyOf: ${key},`,
    "    },",
  ];
}

function idCode({ path, fallback }) {
  return fallback === "" ? textOf(path) : `${textOf(path)} || ${JSON.stringify(fallback)}`;
}

function namespaceCode(path) {
  if (path === undefined) return "rpc.noNamespace";
  if (path.length === 1) return "rpc.namespaceOf";
  return `(request) => ${textOf(path)} || rpc.defaultNamespace`;
}

/**
 * Returns the code that reads a path of fields from `request` as a string. An absent field on the path reads as empty.
 */
function textOf(path) {
  let code = "request";
  let mayBeAbsent = false;
  for (const field of path) {
    const dot = mayBeAbsent ? "?." : ".";
    if (field.oneof !== undefined) {
      const union = `${code}${dot}${camelCase(field.oneof.name)}`;
      code = `(${union}?.$case === ${JSON.stringify(camelCase(field.name))} ? ${union}.value : undefined)`;
      mayBeAbsent = true;
    } else {
      code = `${code}${dot}${camelCase(field.name)}`;
      mayBeAbsent ||= field.fieldKind === "message" || field.proto.proto3Optional;
    }
  }
  const last = path.at(-1);
  const text = mayBeAbsent ? `(${code} ?? "")` : code;
  return last.scalar === 9 ? text : `String(${text})`;
}

function requestStream(method) {
  return method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
}

function replyStream(method) {
  return method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
}
