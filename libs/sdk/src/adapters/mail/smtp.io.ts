import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { isTuttiError } from "@tutti/kernel";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import { type AdapterCall, adapterProblems, smtpAdapter } from "@tutti/sdk/adapters";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

const password = "sesame-2c7e";
const mail = { to: ["ada@example.com", "Bob <bob@example.com>"], subject: "Your order", text: "Läuft" };

describe("an SMTP adapter", () => {
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
  after(() => folder[Symbol.asyncDispose]());

  /** Returns a server, the mails that it received, and an adapter that sends to it. */
  async function served(options: SMTPServerOptions = {}) {
    const heard: { readonly to: readonly string[]; readonly text: string }[] = [];
    const server = new SMTPServer({
      ...{ ...tls, disableReverseLookup: true },
      onAuth: ({ username, password: receivedPassword }, _session, callback) =>
        receivedPassword === password
          ? callback(null, { user: username ?? "" })
          : callback(answer(535, `no ${receivedPassword}`)),
      onData: async (stream, { envelope }, callback) => {
        let text = "";
        for await (const piece of stream) text += piece;
        heard.push({ to: envelope.rcptTo.map(({ address }) => address), text });
        callback();
      },
      ...options,
    });
    server.on("error", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.server.address() as AddressInfo;
    const sockets = new Set<Socket>();
    server.server.on("connection", (socket: Socket) => sockets.add(socket));
    const url = `${options.secure === true ? "smtps" : "smtp"}://shop:${password}@localhost:${port}`;
    const adapter = (text = url, more: object = {}) => {
      const secrets = new Map([
        ["env:SMTP", text],
        ["env:CA", ca],
      ]);
      const smtp = smtpAdapter({
        ...{ name: "mail", url: "env:SMTP", from: "Shop <orders@shop.example>", connectMs: 2_000 },
        ...{ ca: "env:CA", ...more },
      });
      const call = (key = "run/send"): AdapterCall => ({
        ...{ idempotencyKey: key, signal: new AbortController().signal },
        secret: async (reference) => secrets.get(reference) ?? "",
      });
      const send = async (input: object, key?: string) =>
        smtp.operations["send"]?.call(input as Record<string, unknown>, call(key));
      return { adapter: smtp, send, check: () => smtp.check(call()) };
    };
    return {
      ...{ heard, adapter, url, port },
      cut: () => {
        for (const socket of sockets) socket.destroy();
      },
      close: () => new Promise<void>((resolve) => server.close(() => resolve())),
      [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  }
  const failure = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(isTuttiError(error), String(error));
    return error;
  };

  for (const secure of [false, true])
    it(`sends over ${secure ? "TLS" : "STARTTLS"}, with the same Message-ID in every attempt`, async () => {
      await using server = await served({ secure });
      const { send, check } = server.adapter();
      await check();
      const attachments = [{ filename: "a.txt", content: Buffer.from("hello").toString("base64") }];
      const first = await send({ ...mail, attachments });
      assert.deepEqual(await send({ ...mail, attachments }), first);
      const { messageId, accepted } = first as { messageId: string; accepted: string[] };
      assert.match(messageId, /^<[0-9a-f]{32}@shop\.example>$/);
      assert.deepEqual(accepted, ["ada@example.com", "bob@example.com"]);
      assert.notEqual(((await send(mail, "another")) as { messageId: string }).messageId, messageId);
      const [received] = server.heard;
      assert.deepEqual(received?.to, ["ada@example.com", "bob@example.com"]);
      assert.match(received?.text ?? "", new RegExp(`^Message-ID: ${messageId}\\r$`, "im"));
      assert.match(received?.text ?? "", /^From: Shop <orders@shop\.example>\r$/m);
      assert.match(received?.text ?? "", /filename=a\.txt/);
    });

  it("a line break of the input adds no header", async () => {
    await using server = await served();
    await server.adapter().send({
      ...mail,
      subject: "Hello\r\nBcc: evil@example.com",
      headers: { "X-Order": "7\r\nX-Evil: 1" },
    });
    const [{ to, text } = { to: [], text: "" }] = server.heard;
    assert.deepEqual(to, ["ada@example.com", "bob@example.com"]);
    assert.doesNotMatch(text, /^(Bcc|X-Evil):/im);
  });

  for (const [status, code] of [
    [451, "adapter.failed"],
    [550, "adapter.refused"],
  ] as const)
    it(`the answer ${status} to all recipients is ${code}, to a single recipient a part of the output`, async () => {
      await using server = await served({
        onRcptTo: ({ address }, _session, callback) =>
          callback(address === "ada@example.com" ? null : answer(status, "not you")),
      });
      const { send } = server.adapter();
      const error = await failure(send({ ...mail, to: "bob@example.com" }));
      assert.equal(error.code, code, error.message);
      const { rejected } = (await send(mail)) as { rejected: { address: string; reason: string }[] };
      assert.deepEqual(
        rejected.map(({ address }) => address),
        ["bob@example.com"],
      );
      assert.match(rejected[0]?.reason ?? "", /not you/);
    });

  it("a connection that is lost before the mail is tried again, after it the outcome is unknown", async () => {
    let disconnect = () => {};
    await using before = await served({ onMailFrom: () => disconnect() });
    disconnect = before.cut;
    assert.equal((await failure(before.adapter().send(mail))).code, "adapter.unreachable");
    await using during = await served({
      onData: (stream) => void stream.resume().on("end", () => disconnect()),
    });
    disconnect = during.cut;
    const unknown = await failure(during.adapter().send(mail));
    assert.deepEqual([unknown.code, unknown.retry], ["adapter.outcome_unknown", "never"]);
  });

  it("reports why a connection fails, without the password", async () => {
    await using server = await served();
    await using open = await served({ disabledCommands: ["STARTTLS"] });
    const wrong = server.url.replace(password, "open-sesame");
    const cases: readonly [{ check(): Promise<void> }, string, RegExp][] = [
      [server.adapter(wrong), "adapter.not_signed_in", /535 no \[redacted\]/],
      [server.adapter(server.url.replace("localhost", "nowhere.invalid")), "adapter.unreachable", /nowhere/],
      [server.adapter(server.url.replace(/\d+$/, "1")), "adapter.unreachable", /no server listens at/],
      [server.adapter(undefined, { ca: undefined }), "adapter.unreachable", /certificate/],
      [open.adapter(), "adapter.failed", /does not offer STARTTLS .*Use smtps:/],
      [server.adapter("http://host"), "adapter.invalid", /has no URL such as smtp:/],
      [server.adapter(undefined, { tls: "none" }), "adapter.invalid", /a password needs TLS/],
    ];
    for (const [{ check }, code, message] of cases) {
      const error = await failure(check());
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      const printed = inspect(error, { depth: 20, showHidden: true });
      assert.doesNotMatch(printed, new RegExp(`${password}|open-sesame`));
    }
    assert.deepEqual([server.heard, open.heard], [[], []]);
  });

  it("the check finds that the server needs a login, or refuses the sender", async () => {
    await using server = await served({
      // As Gmail and Exchange do. Its own check of logins would also refuse servers that do not advertise them.
      authOptional: true,
      onMailFrom: ({ address }, { user }, callback) => {
        if (address === "evil@shop.example") callback(answer(553, "not your address"));
        else if (typeof user !== "string") callback(answer(530, "5.7.0 Authentication Required"));
        else callback();
      },
    });
    await using relay = await served({ authOptional: true, disabledCommands: ["AUTH"] });
    const anonymous = (url: string) => url.replace(/\/\/.*@/, "//");
    const unsigned = server.adapter(anonymous(server.url));
    for (const work of [unsigned.check, () => unsigned.send(mail)]) {
      const error = await failure(work());
      assert.equal(error.code, "adapter.not_signed_in", error.message);
      assert.match(
        error.message,
        /needs a login: .*530 5\.7\.0 Authentication Required\. Add the user and the password/,
      );
    }
    await server.adapter().check();
    const refused = server.adapter(anonymous(server.url), { from: "Evil <evil@shop.example>" });
    const error = await failure(refused.check());
    assert.equal(error.code, "adapter.refused", error.message);
    assert.match(error.message, /553 not your address/);
    await relay.adapter(anonymous(relay.url)).check();
    await relay.adapter(anonymous(relay.url), { from: "Läden <läden@shop.example>" }).check();
    assert.deepEqual([server.heard, relay.heard], [[], []]);
  });

  it("follows the adapter rules", async () => {
    await using server = await served();
    const { adapter } = server.adapter();
    const secrets = new Map([
      ["env:SMTP", server.url],
      ["env:CA", ca],
    ]);
    const found = await adapterProblems(adapter, {
      samples: { send: { input: mail, effects: () => server.heard.length } },
      secret: (reference) => secrets.get(reference) ?? "",
      disconnect: () => server.close(),
    });
    assert.deepEqual(found, []);
  });
});

function answer(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
