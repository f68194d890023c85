/** Messages in the format that incoming webhooks of chat services accept. */
import { type AlertMessage, escalationLine, type MessageAlert } from "./message.ts";

const linesMax = 10;
const textMax = 300;

export type ChatKind = "slack" | "discord" | "teams";

export function chatBody(kind: ChatKind, message: AlertMessage): unknown {
  return bodies[kind](message);
}

const bodies: Readonly<Record<ChatKind, (message: AlertMessage) => unknown>> = {
  slack(message) {
    const text = escapedForSlack([headOf(message), ...linesOf(message)].join("\n"));
    return {
      text: escapedForSlack(headOf(message)),
      blocks: [{ type: "section", text: { type: "mrkdwn", text } }],
    };
  },
  discord(message) {
    return {
      content: truncated(headOf(message)),
      embeds: [{ description: linesOf(message).join("\n"), color: colorOf(message) }],
      // Labels may contain `@everyone`.
      allowed_mentions: { parse: [] },
    };
  },
  teams(message) {
    const block = (text: string, more: object = {}) => ({ type: "TextBlock", text, wrap: true, ...more });
    const content = {
      $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
      type: "AdaptiveCard",
      version: "1.4",
      body: [
        block(truncated(headOf(message)), { weight: "Bolder", size: "Medium" }),
        ...linesOf(message).map((line) => block(line)),
      ],
    };
    return {
      type: "message",
      attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
    };
  },
};

/** Returns one line: severity and title of the first alert, and the number of other alerts. */
export function headOf({ alerts, count, namespace }: AlertMessage): string {
  const [first] = alerts;
  const isOver = alerts.every(({ status }) => status === "resolved");
  const statusText = isOver ? "RESOLVED" : (first?.severity ?? "").toUpperCase();
  const more = count > 1 ? ` and ${count - 1} more` : "";
  return `[${statusText}] ${first?.title ?? ""}${more} (namespace ${namespace})`;
}

function linesOf(message: AlertMessage): readonly string[] {
  const { alerts, count, url } = message;
  const escalation = escalationLine(message);
  const lines = alerts.slice(0, linesMax).map(lineOf);
  const advice = alerts.find((alert) => alert.advice !== "" && alert.status !== "resolved")?.advice;
  return [
    ...lines,
    ...(count > lines.length ? [`… and ${count - lines.length} more`] : []),
    ...(advice === undefined ? [] : [truncated(advice)]),
    ...(escalation === undefined ? [] : [truncated(escalation)]),
    ...(url === undefined ? [] : [url]),
  ];
}

function lineOf({ status, title, labels, startTime, endTime }: MessageAlert): string {
  const labelTexts = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const time = endTime === undefined ? `since ${startTime}` : `${startTime} to ${endTime}`;
  return truncated([`• ${status}: ${title}`, ...labelTexts, time].join("  "));
}

function truncated(text: string): string {
  return text.length > textMax ? `${text.slice(0, textMax - 1)}…` : text;
}

function escapedForSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function colorOf({ alerts }: AlertMessage): number {
  if (alerts.every(({ status }) => status === "resolved")) return 0x2e_a0_43;
  return alerts.some(({ severity }) => severity === "critical" || severity === "error")
    ? 0xd1_24_2f
    : 0xbf_87_00;
}
