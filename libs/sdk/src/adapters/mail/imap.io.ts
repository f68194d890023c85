import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { defineErrors, isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import { type AdapterCall, imapSource, type Mail, type SourceRunOptions } from "@tutti/sdk/adapters";
import { ImapFlow } from "imapflow";
import { password, startDovecot } from "../../../../../tools/dovecot.mjs";
import { needsProgram } from "../../../../../tools/programs.mjs";

const program = await needsProgram("dovecot");
const passing = defineErrors("imaptest", {
  away: {
    ...{ status: "UNAVAILABLE", retry: "same-key", help: "The platform of this test is away." },
    ...{ message: () => "The platform is away", remedy: "" },
  },
});

describe("a mailbox as a source", { skip: program.skip }, () => {
  let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
  let server: Awaited<ReturnType<typeof startDovecot>>;
  let ca = "";
  before(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), "tutti-mail-"));
    const certificates = await createDevelopmentCertificates({ directory: folder.path, services: ["mail"] });
    const { key = "", cert = "" } = certificates.services["mail"] ?? {};
    ca = readFileSync(certificates.ca, "utf8");
    server = await startDovecot(program.path, { key, cert });
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const urlOf = (user: string) => `imap://${user}:${password}@localhost:${server.port}`;
  const using = async <T>(user: string, work: (client: ImapFlow) => Promise<T>): Promise<T> => {
    const client = new ImapFlow({
      ...{ host: "localhost", port: server.port, secure: false, logger: false, tls: { ca } },
      auth: { user, pass: password },
    });
    client.on("error", () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  const append = (user: string, ...texts: string[]) =>
    using(user, async (client) => {
      for (const text of texts) await client.append("INBOX", text.replaceAll("\n", "\r\n"));
    });
  const flagsOf = (user: string, mailbox = "INBOX") =>
    using(user, async (client) => {
      await client.mailboxOpen(mailbox, { readOnly: true });
      const all = await client.fetchAll("1:*", { flags: true, envelope: true });
      return Object.fromEntries(
        all.map(({ envelope, flags = [] }) => [
          envelope?.subject ?? "",
          [...flags].filter((flag) => flag !== "\\Recent").sort(),
        ]),
      );
    });
  const simple = (subject: string, text = "Hello") =>
    `From: Ada <ada@example.com>\nTo: shop@example.com\nSubject: ${subject}\nMessage-ID: <${subject}@x>\n\n${text}\n`;
  const secretOf = (user: string) => async (reference: string) => (reference === "env:CA" ? ca : urlOf(user));
  // The source of a failed test ends too. Its connection would keep the process alive.
  const sources: AbortController[] = [];
  afterEach(() => {
    for (const stop of sources.splice(0)) stop.abort();
  });
  const source = (user: string, more: Partial<Parameters<typeof imapSource>[0]> = {}) => {
    const mails: Mail[] = [];
    const starts: string[] = [];
    const stop = new AbortController();
    sources.push(stop);
    const made = imapSource({
      ...{ name: "inbox", url: "env:IMAP", ca: "env:CA", connectMs: 2_000 },
      start: (mail) => {
        mails.push(mail);
        if (mail.subject.startsWith("no order")) throw new Error("it has no order");
        return { workflow: "order", input: { subject: mail.subject } };
      },
      ...more,
    });
    /** Of a platform, a source needs the start of a run by its id. */
    const tutti = (fail: () => boolean) =>
      ({
        run: async (_workflow: string, { id }: { id: string }) => {
          if (fail()) throw passing.away();
          starts.push(id);
        },
      }) as unknown as SourceRunOptions["tutti"];
    const run = (fail = () => false) =>
      made.run({ tutti: tutti(fail), signal: stop.signal, secret: secretOf(user) });
    const call: AdapterCall = { idempotencyKey: "k", signal: stop.signal, secret: secretOf(user) };
    return { made, mails, starts, stop, run, call };
  };

  it("starts a run for each unseen mail, with its texts decoded, and marks it as seen", async () => {
    const mixed = `From: =?utf-8?q?B=C3=B6rn?= <bjorn@example.com>
To: a@example.com, b@example.com
Subject: =?utf-8?q?L=C3=A4uft?=
Date: Thu, 26 Nov 2026 06:00:00 +0100
Message-ID: <mixed@x>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/alternative; boundary=i

--i
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--i
Content-Type: text/html; charset=utf-8

<b>x</b>
--i--
--o
Content-Type: application/pdf; name=bill.pdf
Content-Disposition: attachment; filename=bill.pdf
Content-Transfer-Encoding: base64

aGVsbG8=
--o--
`;
    await append("ada", mixed, simple("second"), simple("no order"));
    const { run, mails, starts, stop, made, call } = source("ada");
    const running = run();
    await until("all were dealt with", async () => (await flagsOf("ada"))["no order"]?.length === 2);
    await append("ada", simple("announced"));
    await until("the server announced it", () => starts.length === 3);
    stop.abort();
    await running;
    assert.deepEqual(await flagsOf("ada"), {
      ...{ Läuft: ["\\Seen"], second: ["\\Seen"], announced: ["\\Seen"] },
      "no order": ["\\Flagged", "\\Seen"],
    });
    assert.equal(new Set(starts).size, 3);
    for (const id of starts) assert.match(id, /^inbox-\d+-\d+$/);
    const [{ text, html, ...first } = { text: "", html: "" }] = mails;
    assert.deepEqual(first, {
      ...{ uid: 1, messageId: "<mixed@x>", from: ["bjorn@example.com"], subject: "Läuft" },
      ...{ to: ["a@example.com", "b@example.com"], date: "2026-11-26T05:00:00.000Z" },
      attachments: [{ filename: "bill.pdf", type: "application/pdf", size: 8 }],
    });
    assert.deepEqual([text.trim(), html.trim()], ["Grüße", "<b>x</b>"]);
    const idle = { ...call, signal: new AbortController().signal };
    assert.deepEqual(await made.operations["status"]?.call({}, idle), { waiting: 0, messages: 4 });
  });

  it("starts a mail again under the same id, while the platform or the server is away", async () => {
    await append("eve", simple("one"), simple("two"));
    let isUnavailable = true;
    const { run, starts, mails, stop } = source("eve", { afterStart: "delete" });
    const running = run(() => isUnavailable);
    await until("it has tried", () => mails.length >= 2);
    assert.deepEqual(starts, []);
    assert.deepEqual(await flagsOf("eve"), { one: [], two: [] });
    await server.kill();
    isUnavailable = false;
    await server.up();
    await until("both started", () => starts.length === 2);
    await until("both are deleted", async () => Object.keys(await flagsOf("eve")).length === 0);
    stop.abort();
    await running;
    assert.equal(new Set(starts).size, 2);
  });

  it("moves started and failed mails to their folders", async () => {
    await append("bob", simple("good"), simple("no order"));
    const { run, stop } = source("bob", { afterStart: { moveTo: "Done" }, failures: "Failed" });
    const running = run();
    await until("both are moved", async () => Object.keys(await flagsOf("bob")).length === 0);
    stop.abort();
    await running;
    assert.deepEqual(await flagsOf("bob", "Done"), { good: ["\\Seen"] });
    assert.deepEqual(await flagsOf("bob", "Failed"), { "no order": ["\\Flagged", "\\Seen"] });
  });

  it("reports why a connection fails, without the password", async () => {
    const right = urlOf("ada");
    const cases: readonly [string, Partial<Parameters<typeof imapSource>[0]>, string, RegExp][] = [
      [right.replace(password, "open-sesame"), {}, "adapter.not_signed_in", /authentication|failed/i],
      [right.replace("localhost", "nowhere.invalid"), {}, "adapter.unreachable", /nowhere/],
      [right.replace(/\d+$/, "1"), {}, "adapter.unreachable", /no server listens at/],
      [right, { ca: "env:NONE" }, "adapter.unreachable", /certificate/],
      [right, { mailbox: "Gone" }, "adapter.refused", /Gone/],
      ["http://host", {}, "adapter.invalid", /has no URL such as imap:/],
    ];
    for (const [url, more, code, message] of cases) {
      const imap = imapSource({
        ...{ name: "inbox", url: "env:IMAP", ca: "env:CA", connectMs: 2_000 },
        ...{ start: () => ({ workflow: "order" }), ...more },
      });
      const secret = async (reference: string) =>
        reference === "env:IMAP" ? url : reference === "env:CA" ? ca : "";
      const call = { idempotencyKey: "k", signal: new AbortController().signal, secret };
      const error: unknown = await imap.check(call).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(isTuttiError(error), `${url}: ${String(error)}`);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      const printed = inspect(error, { depth: 20, showHidden: true });
      assert.doesNotMatch(printed, new RegExp(`${password}|open-sesame`));
    }
  });
});
