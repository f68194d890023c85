// The page of rpcs: the description in the contracts, the required permission, and the effect of a repetition.
import { areaOf } from "../generate/image.mjs";
import { lowerFirst } from "../generate/names.mjs";
import { commentsOf, inMarkdown } from "./comments.mjs";

const repeats = {
  safe: "idempotent",
  keyed: "idempotent by its key",
  resumes: "a stream that resumes from a position",
};

export function rpcsPage(image, rules, served) {
  const commentOf = commentsOf(image.set);
  const services = image.files.flatMap((file) => file.services.map((service) => ({ file, service })));
  const areas = [...new Set(services.map(({ file }) => areaOf(file)))].sort();
  const count = services.reduce((sum, { service }) => sum + service.methods.length, 0);
  const lines = [
    "# Rpcs",
    "",
    `The ${count} rpcs of ${services.length} services, area by area. The contracts describe each field of requests and`,
    "replies with its meaning and limits. Each service links to its contract. Besides the errors that a",
    "description names, every call can end with `INVALID_ARGUMENT` (with the path of each wrong field),",
    "`PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`, `DEADLINE_EXCEEDED` and `UNAVAILABLE`; [errors.md](errors.md) has the codes.",
    "",
    "This release has no server for services marked *not served yet*.",
  ];
  const ofArea = (area) => services.filter(({ file }) => areaOf(file) === area);
  lines.push("");
  for (const area of areas) {
    const links = ofArea(area).map(({ service: { name } }) => `[${name}](#${name.toLowerCase()})`);
    lines.push(`- ${area}: ${links.join(", ")}`);
  }
  for (const area of areas) {
    lines.push("", `## ${area}`);
    for (const { file, service } of ofArea(area)) {
      lines.push("", ...serviceLines(file, service, { rules, served, commentOf }));
    }
  }
  return `${lines.join("\n")}\n`;
}

function serviceLines(file, service, { rules, served, commentOf }) {
  const path = `proto/${file.proto.name}`;
  const here = served.has(lowerFirst(service.name)) ? "" : " · *not served yet*";
  const lines = [
    `### ${service.name}`,
    "",
    `\`${service.typeName}\` · [${file.proto.name}](../../${path})${here}`,
    "",
    inMarkdown(commentOf(service)),
  ];
  for (const method of service.methods) {
    const rule = rules.rpcs.get(method);
    lines.push("", `#### ${service.name}.${method.name}`, "", inMarkdown(commentOf(method)), "");
    lines.push(`- \`${signature(method)}\``);
    lines.push(`- Policy: \`${rule.action}\` on \`${rule.resource}\`${scopeOf(rule)}`);
    lines.push(`- Repetition: ${repeats[rule.repeat]}${keysOf(rule)}`);
    if (rule.route !== undefined) lines.push(`- Routed to the owner of: ${routeOf(rule.route)}`);
  }
  return lines;
}

function signature(method) {
  const stream = (is) => (is ? "stream " : "");
  const client = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const server = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
  return `${method.name}(${stream(client)}${method.input.name}) → ${stream(server)}${method.output.name}`;
}

function scopeOf({ namespace }) {
  return namespace === undefined ? " of the installation" : ` in the namespace of \`${pathOf(namespace)}\``;
}

function keysOf({ repeat, keys }) {
  return repeat === "keyed" ? `, ${keys.map((path) => `\`${pathOf(path)}\``).join(" or ")}` : "";
}

function routeOf({ kind, path, fallback }) {
  return `the ${kind} named by \`${pathOf(path)}\`${fallback === "" ? "" : `, \`${fallback}\` if it is empty`}`;
}

function pathOf(path) {
  return path.map((field) => field.name).join(".");
}
