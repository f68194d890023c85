import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SecretReference } from "@tutti/kernel";
import { type AlertMessage, pageOf } from "../message.ts";
import { receiversSchema } from "../settings.ts";
import { mailOf } from "./content.ts";

const message: AlertMessage = {
  ...{ id: "alert_default_7_abc", namespace: "default", rule: "runs-fail", count: 12, incident: "i3" },
  alerts: [
    {
      ...{ id: "a1", title: "Runs <fail>\r\nBcc: evil@example.com", advice: "tutti list\ntutti why" },
      ...{ severity: "error", status: "firing", labels: { pool: "a&b" }, values: { failed: 3 } },
      startTime: "2026-01-01T00:00:00.000Z",
    },
  ],
};

describe("a mail about alerts", () => {
  it("has the id of its message with the domain of the sender, and a subject of one line", () => {
    const { messageId, subject } = mailOf(message, "Tutti <alerts@example.com>");
    assert.deepEqual(
      [messageId, subject],
      [
        "<alert_default_7_abc@example.com>",
        "[ERROR] Runs <fail> Bcc: evil@example.com and 11 more (namespace default)",
      ],
    );
  });

  it("has the same content as plain text and as HTML, where markup is escaped", () => {
    const url = pageOf(message, "https://tutti.example/");
    const { text, html } = mailOf({ ...message, url }, "alerts@example.com");
    assert.equal(url, "https://tutti.example/incidents/i3?of=default");
    assert.equal(
      text,
      [
        "[ERROR] Runs <fail> Bcc: evil@example.com and 11 more (namespace default)\n",
        "firing: Runs <fail> Bcc: evil@example.com",
        "  error, since 2026-01-01T00:00:00.000Z\n  pool=a&b failed=3\n  tutti list\n  tutti why\n",
        `… and 11 more\n\nRule runs-fail, namespace default\n\n${url}\n`,
      ].join("\n"),
    );
    assert.match(html, /<b>firing: Runs &lt;fail&gt; Bcc: evil@example.com<\/b>/);
    assert.match(html, /pool=a&amp;b failed=3/);
    assert.ok(html.includes(`<a href="${url}">${url}</a>`));
  });
});

describe("settings of a receiver of mail", () => {
  const value = { secret: "it" };
  const user = new SecretReference("env:IT", { read: () => value, readLater: async () => value });
  const login = { user, password: user };
  const mail = {
    kind: "smtp",
    host: "mail.example",
    from: "Tutti <alerts@example.com>",
    to: ["ops@example.com"],
  };
  const isAccepted = (changes: object) =>
    receiversSchema.safeParse({ mail: { ...mail, ...changes } }).success;

  it("need a host, a sender and recipients, and use STARTTLS by default", () => {
    const { mail: settings } = receiversSchema.parse({ mail });
    assert.deepEqual([settings?.tls, settings?.port], ["starttls", undefined]);
    assert.equal(isAccepted({ to: ["ops@example.com", "b@example.com"], from: "alerts@example.com" }), true);
    assert.equal(isAccepted(login), true);
  });

  for (const [title, changes] of [
    ["a line break in the sender", { from: "alerts@example.com\r\nBcc: evil@example.com" }],
    ["a line break in the name of the sender", { from: "Tutti\r\nBcc: e <alerts@example.com>" }],
    ["a line break after a recipient", { to: ["ops@example.com\n"] }],
    ["two recipients in one", { to: ["ops@example.com,evil@example.com"] }],
    ["no recipient", { to: [] }],
    ["no host", { host: undefined }],
    ["a host with a line break", { host: "mail.example\n" }],
    ["a user without a password", { user }],
    ["a password without TLS", { tls: "none", ...login }],
    ["a password that is no reference", { user, password: "hunter2" }],
  ] as const)
    it(`are invalid with ${title}`, () => assert.equal(isAccepted(changes), false));
});
