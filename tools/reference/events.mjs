// The page of bus events: type, meaning and payload of each. An event that no service publishes is an error.
import { Visitor } from "oxc-parser";
import { sourcesMatching } from "../checks/sources.mjs";
import { commentsOf, inMarkdown } from "./comments.mjs";

/**
 * Finds the types that services name in their code: as a literal, or by the start of a template
 * (`tutti.swarm.agent.${state}`). Clients are left out, because they name types to subscribe to them.
 *
 * @param {readonly Pick<import("../checks/sources.mjs").Source, "path" | "program" | "isTest">[]} sources
 * @returns {(type: string) => boolean}
 */
export function publishedIn(sources) {
  const types = new Set();
  const beginnings = new Set();
  for (const { path, program, isTest } of sources) {
    if (isTest || !publishers.test(path)) continue;
    new Visitor({
      Literal: ({ value }) => {
        if (typeof value === "string" && /^tutti\.\w+\.\w+\.\w+$/.test(value)) types.add(value);
      },
      TemplateLiteral: ({ quasis: [first] }) => {
        if (/^tutti\.\w+\.\w+\.$/.test(first?.value.cooked ?? "")) beginnings.add(first?.value.cooked);
      },
    }).visit(program);
  }
  return (type) => types.has(type) || beginnings.has(type.slice(0, type.lastIndexOf(".") + 1));
}

const publishers = /^(apps\/(?!cli|dashboard|gateway)[\w-]+|libs\/bus|libs\/host|libs\/runtime)\/src\//;

/**
 * Throws for types without a publisher, because all documented events must be published.
 *
 * @param {readonly string[]} types
 * @param {(type: string) => boolean} isPublished
 */
export function refuseUnpublished(types, isPublished) {
  const silent = types.filter((type) => !isPublished(type));
  if (silent.length === 0) return;
  throw new Error(
    `No service publishes ${silent.join(", ")}. Publish them, or remove them from the option of their message in ` +
      "proto/tutti/events and mark a message without types as deprecated.",
  );
}

export function eventsPage(image, rules, root) {
  const commentOf = commentsOf(image.set);
  const isPublished = publishedIn(sourcesMatching(root, publishers));
  const events = [...rules.events]
    .flatMap(([message, types]) => types.map((type) => ({ type, message })))
    .sort((one, other) => (one.type < other.type ? -1 : 1));
  refuseUnpublished(
    events.map(({ type }) => type),
    isPublished,
  );
  const lines = [
    "# Events",
    "",
    `The ${events.length} types of events on the bus. An event is a CloudEvent whose \`type\` is as below, whose \`subject\` is the id`,
    "of what it is about, and whose data is the named message as JSON. The link leads to its fields. Subscriptions take",
    "patterns: `tutti.registry.>`, `tutti.*.*.failed`. [The guide](../internals/services.md) shows how.",
    "",
    "Services publish all of these events. Tasks have no events: read tasks with their run, or watch the run.",
  ];
  let area = "";
  for (const { type, message } of events) {
    const [, areaOfType = ""] = type.split(".");
    if (areaOfType !== area)
      lines.push("", `## ${areaOfType}`, "", "| type | when | payload |", "|---|---|---|");
    area = areaOfType;
    const link = `[${message.name}](../../proto/${message.file.proto.name})`;
    const meaning = inMarkdown(commentOf(message)).replaceAll("\n", " ").replaceAll("|", "\\|");
    lines.push(`| \`${type}\` | ${meaning} | ${link} |`);
  }
  return `${lines.join("\n")}\n`;
}
