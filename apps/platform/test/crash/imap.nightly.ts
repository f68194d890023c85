/** A mailbox as a source of runs. */
import { readFileSync } from "node:fs";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createDevelopmentCertificates } from "@tutti/mesh/certificates";
import { ImapFlow } from "imapflow";
import { password, startDovecot } from "../../../../tools/dovecot.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { describeSource, type SourceSystem } from "./source.ts";

const program = await needsProgram("dovecot");
const system = async (): Promise<SourceSystem> => {
  const folder = await mkdtempDisposable(join(tmpdir(), "tutti-mail-"));
  const certificates = await createDevelopmentCertificates({ directory: folder.path, services: ["mail"] });
  const { key = "", cert = "" } = certificates.services["mail"] ?? {};
  const ca = readFileSync(certificates.ca, "utf8");
  const server = await startDovecot(program.path, { key, cert });
  const file = join(folder.path, "effects.db");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; CREATE TABLE effects (n TEXT NOT NULL)");
  const using = async <T>(work: (client: ImapFlow) => Promise<T>): Promise<T> => {
    const client = new ImapFlow({
      ...{ host: "localhost", port: server.port, secure: false, logger: false, tls: { ca } },
      auth: { user: "shop", pass: password },
    });
    client.on("error", () => {});
    await client.connect();
    try {
      return await work(client);
    } finally {
      client.close();
    }
  };
  return {
    url: `imap://shop:${password}@localhost:${server.port}`,
    environment: { SHOP_CA: ca, SHOP_FILE: file },
    kill: () => server.kill(),
    up: () => server.up(),
    send: (messages) =>
      using(async (client) => {
        for (const subject of messages)
          await client.append("INBOX", `From: ada@example.com\r\nSubject: ${subject}\r\n\r\nHello\r\n`);
      }),
    async effects() {
      const rows = database.prepare("SELECT n, count(*) AS times FROM effects GROUP BY n").all();
      return new Map(rows.map(({ n, times }) => [String(n), Number(times)]));
    },
    // The log of the worker has the reason. The mailbox keeps the mail.
    failures: () =>
      using(async (client) => {
        await client.mailboxOpen("Failed", { readOnly: true });
        const all = await client.fetchAll("1:*", { envelope: true });
        return all.map(({ envelope }) => envelope?.subject ?? "");
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
};
describeSource({
  name: "a mailbox",
  kind: "imap",
  skip: program.skip,
  system,
  messages: 100,
  kills: ["worker", "system", "platform"],
});
