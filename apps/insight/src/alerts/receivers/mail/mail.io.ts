/** Mail to a real server on the loopback. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { SecretReference, systemFoundation } from "@tutti/kernel";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { AlertMessage } from "../message.ts";
import { Receivers } from "../receivers.ts";
import type { ReceiverSettings } from "../settings.ts";

const message: AlertMessage = {
  ...{ id: "alert_default_7_abc", namespace: "default", rule: "runs-fail", count: 1 },
  alerts: [
    {
      ...{ id: "a1", title: "Läufe scheitern", advice: "tutti list", severity: "error", status: "firing" },
      ...{ labels: {}, values: { failed: 3 }, startTime: "2026-01-01T00:00:00.000Z" },
    },
  ],
};
const password = "hunter2-the-very-secret";
const reference = (secret: string) =>
  new SecretReference("env:IT", { read: () => ({ secret }), readLater: async () => ({ secret }) });

describe("mail about alerts", () => {
  let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
  let tls: { readonly key: Buffer; readonly cert: Buffer };
  let ca = "";
  before(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), "tutti-mail-"));
    const certificates = await createDevelopmentCertificates({ directory: folder.path, services: ["mail"] });
    const { key = "", cert = "" } = certificates.services["mail"] ?? {};
    tls = { key: readFileSync(key), cert: readFileSync(cert) };
    ca = readFileSync(certificates.ca, "utf8");
  });
  after(() => folder?.[Symbol.asyncDispose]());

  /** Starts a server. Returns it with its received mails, and a receiver that sends to it. */
  async function served(options: SMTPServerOptions = {}) {
    const received: { readonly to: readonly string[]; readonly user: string; readonly text: string }[] = [];
    const server = new SMTPServer({
      ...tls,
      disableReverseLookup: true,
      onAuth: ({ username, password: attempted }, _session, callback) =>
        attempted === password
          ? callback(null, { user: username ?? "" })
          : callback(answer(535, `no ${attempted}`)),
      onData: async (stream, { envelope, user }, callback) => {
        let text = "";
        for await (const piece of stream) text += piece;
        received.push({ to: envelope.rcptTo.map(({ address }) => address), user: String(user ?? ""), text });
        callback();
      },
      ...options,
    });
    server.on("error", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const settings: ReceiverSettings = {
      ...{ kind: "smtp", host: "localhost", port: (server.server.address() as AddressInfo).port },
      ...{ tls: options.secure === true ? "implicit" : "starttls", timeoutMs: 5_000, ca: reference(ca) },
      ...{ user: reference("tutti"), password: reference(password) },
      ...{ from: "Tutti <alerts@example.com>", to: ["ops@example.com", "ada@example.com"] },
    };
    const receivers = (more: Partial<ReceiverSettings> = {}, arePrivateAllowed = true) =>
      new Receivers({
        ...{ foundation: systemFoundation(), arePrivateAllowed, dashboardUrl: "https://tutti.example" },
        settings: { mail: { ...settings, ...more } },
        runs: { startRun: () => assert.fail("no workflow is started") },
      });
    const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
    return { received, receivers, [Symbol.asyncDispose]: close };
  }
  const deliver = (receivers: Receivers) => receivers.deliver("mail", message, new AbortController().signal);

  for (const secure of [false, true])
    it(`arrives once by ${secure ? "implicit TLS" : "STARTTLS"}, under the same id in every attempt`, async () => {
      await using server = await served({ secure });
      await deliver(server.receivers());
      await deliver(server.receivers());
      assert.deepEqual(
        server.received.map(({ to, user, text }) => [to, user, /^Message-ID: (.*)\r$/im.exec(text)?.[1]]),
        Array(2).fill([["ops@example.com", "ada@example.com"], "tutti", "<alert_default_7_abc@example.com>"]),
      );
      const text = server.received[0]?.text ?? "";
      assert.match(text, /^From: Tutti <alerts@example.com>\r$/m);
      assert.match(text, /^To: ops@example.com, ada@example.com\r$/m);
      assert.match(text, /^Auto-Submitted: auto-generated\r$/m);
      assert.match(text, /^Content-Type: multipart\/alternative;/m);
      assert.match(text, /https:\/\/tutti.example\/alerts/);
    });

  for (const { status, code } of [
    { status: 451, code: "insight.receiver_failed" },
    { status: 550, code: "insight.message_rejected" },
  ])
    it(`the answer ${status} is ${code}`, async () => {
      await using server = await served({
        onRcptTo: (_address, _session, callback) => callback(answer(status, "not you")),
      });
      await assert.rejects(deliver(server.receivers()), { code, message: new RegExp(`${status} not you`) });
      assert.deepEqual(server.received, []);
    });

  it("a recipient that has the mail does not get it again when another recipient is retried", async () => {
    let isBusy = true;
    await using server = await served({
      onRcptTo: ({ address }, _session, callback) =>
        callback(isBusy && address === "ada@example.com" ? answer(450, "later") : null),
    });
    const receivers = server.receivers();
    await assert.rejects(deliver(receivers), { code: "insight.receiver_failed", message: /450 later/ });
    isBusy = false;
    await deliver(receivers);
    assert.deepEqual(
      server.received.map(({ to }) => to),
      [["ops@example.com"], ["ada@example.com"]],
    );
  });

  it("a server without a trusted certificate, or without TLS, gets nothing", async () => {
    await using server = await served();
    await using strangers = await mkdtempDisposable(join(tmpdir(), "tutti-mail-"));
    const other = await createDevelopmentCertificates({ directory: strangers.path, services: ["mail"] });
    // The certificate is for localhost, and signed by an authority that this receiver does not know.
    const foreign = { ca: reference(readFileSync(other.ca, "utf8")) };
    await assert.rejects(deliver(server.receivers(foreign)), {
      code: "insight.receiver_failed",
      message: /certificate/,
    });
    await using open = await served({ disabledCommands: ["STARTTLS"] });
    await assert.rejects(deliver(open.receivers()), { code: "insight.receiver_failed" });
    assert.deepEqual([server.received, open.received], [[], []]);
  });

  it("a wrong password is refused, and is in no text even if the server repeats it", async () => {
    await using server = await served();
    const wrong = "wrong-but-still-secret";
    await assert.rejects(deliver(server.receivers({ password: reference(wrong) })), (thrown: Error) => {
      assert.match(thrown.message, /535 no …/);
      assert.doesNotMatch(`${thrown.stack} ${JSON.stringify(thrown)}`, new RegExp(wrong));
      return true;
    });
  });

  it("a server in a private network, or without TLS, is not called unless that is allowed", async () => {
    await using server = await served();
    await assert.rejects(deliver(server.receivers({}, false)), { code: "outgoing.refused" });
    await assert.rejects(deliver(server.receivers({ tls: "none" }, false)), {
      message: /needs `privateReceivers: true`/,
    });
    assert.deepEqual(server.received, []);
  });

  it("a server that does not answer fails after the timeout", async () => {
    await using server = await served({ onConnect: () => {} });
    await assert.rejects(deliver(server.receivers({ timeoutMs: 100 })), { message: /no answer in 100 ms/ });
  });
});

function answer(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
