/** A mail about alerts: subject, plain text, and the same text as simple HTML. */
import { headOf } from "../chat.ts";
import { type AlertMessage, escalationLine, type MessageAlert } from "../message.ts";

export interface MailContent {
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const subjectMax = 200;

/** @param from an address, with or without a name. Its domain ends the id. */
export function mailOf(message: AlertMessage, from: string): MailContent {
  const domain = /@([^>\s]+)>?$/.exec(from)?.[1] ?? "localhost";
  const subject = oneLine(headOf(message));
  const left = message.count - message.alerts.length;
  const more = left > 0 ? [`… and ${left} more`] : [];
  const text = [subject, ...message.alerts.map(textOf), ...more, ...footOf(message)].join("\n\n");
  const html = [
    `<h3>${escaped(subject)}</h3>`,
    ...message.alerts.map(htmlOf),
    ...more.map((line) => `<p>${line}</p>`),
    ...footOf(message).map((line) => `<p>${linked(line)}</p>`),
  ].join("\n");
  return {
    messageId: `<${message.id}@${domain}>`,
    subject: subject.length > subjectMax ? `${subject.slice(0, subjectMax - 1)}…` : subject,
    text: `${text}\n`,
    html: `<!doctype html>\n<meta charset="utf-8">\n${html}\n`,
  };
}

function textOf(alert: MessageAlert): string {
  return [`${alert.status}: ${oneLine(alert.title)}`, ...factsOf(alert).map((line) => `  ${line}`)].join(
    "\n",
  );
}

function htmlOf(alert: MessageAlert): string {
  const facts = factsOf(alert).map((line) => `<br>${escaped(line)}`);
  return `<p><b>${escaped(alert.status)}: ${escaped(oneLine(alert.title))}</b>${facts.join("")}</p>`;
}

function factsOf({ severity, labels, values, startTime, endTime, advice }: MessageAlert): readonly string[] {
  const pairs = (all: object) => Object.entries(all).map(([name, value]) => `${name}=${value}`);
  const pairsText = [...pairs(labels), ...pairs(values)].join(" ");
  return [
    `${severity}, ${endTime === undefined ? `since ${startTime}` : `${startTime} to ${endTime}`}`,
    ...(pairsText === "" ? [] : [oneLine(pairsText)]),
    ...(advice === "" ? [] : advice.split(/\r?\n/)),
  ];
}

function footOf(message: AlertMessage): readonly string[] {
  const { rule, namespace, url } = message;
  const escalation = escalationLine(message);
  return [
    `Rule ${rule}, namespace ${namespace}`,
    ...(escalation === undefined ? [] : [oneLine(escalation)]),
    ...(url === undefined ? [] : [url]),
  ];
}

/** Removes line breaks: a label with a line break in the subject would add headers. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}

function linked(line: string): string {
  const text = escaped(line);
  return /^https?:/.test(line) ? `<a href="${text}">${text}</a>` : text;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
