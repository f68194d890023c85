// The page of the bus's events: type, meaning and payload of each.
import { commentsOf, inMarkdown } from "./comments.mjs";

export function eventsPage(image, rules) {
  const commentOf = commentsOf(image.set);
  const events = [...rules.events]
    .flatMap(([message, types]) => types.map((type) => ({ type, message })))
    .sort((one, other) => (one.type < other.type ? -1 : 1));
  const lines = [
    "# Events",
    "",
    `The ${events.length} types of events on the bus. An event is a CloudEvent whose \`type\` is as below, whose \`subject\` is the id`,
    "of what it is about, and whose data is the named message as JSON; the link leads to its fields. Subscriptions take",
    "patterns: `tutti.registry.>`, `tutti.*.*.failed`. [The guide](../guides/services.md) shows how.",
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
