import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Adapter,
  type AdapterCall,
  amqpAdapter,
  imapSource,
  natsAdapter,
  postgresAdapter,
  redisAdapter,
  sftpAdapter,
  smtpAdapter,
} from "@tutti/sdk/adapters";
import { requireParameters } from "./parameters.ts";
import { connectionParameters } from "./postgres/hosts.ts";

const named = { name: "shop", url: "env:SHOP" } as const;
const call = (url: string): AdapterCall => ({
  idempotencyKey: "run/task",
  signal: new AbortController().signal,
  secret: async () => url,
});
const run = async (adapter: Adapter, url: string) => {
  try {
    await adapter.check(call(url));
  } finally {
    adapter.close?.();
  }
};
const misplaced = /env:SHOP has an unexpected `\?` or `#`\. Percent-encode both in a password/;

describe("a connection URL", () => {
  // No test connects: each URL is refused before.
  const place = "ada:s3same@127.0.0.1:1";
  for (const [adapter, url, message] of [
    [postgresAdapter(named), `postgres://${place}/db?sslmod=require`, /`sslmod`\. Did you mean `sslmode`\?/],
    [postgresAdapter(named), `postgres://${place}/db?sslmode=`, /has no value for the parameter `sslmode`/],
    [postgresAdapter(named), `postgres://${place}/db#?sslmode=require`, misplaced],
    [
      postgresAdapter(named),
      `postgres://${place}/db?sslmode=require&pgbouncer=true`,
      /`pgbouncer`\. Known: /,
    ],
    [postgresAdapter(named), "postgres://ada:12?s3same&s3same=1@127.0.0.1:1/db", misplaced],
    [postgresAdapter(named), "postgres://ada:12?x=1&s3same=1@127.0.0.1:1/db", misplaced],
    [redisAdapter(named), `redis://${place}/0?tls=true`, /unknown parameter `tls`\. The URL takes none/],
    [amqpAdapter(named), `amqp://${place}?hartbeat=5`, /`hartbeat`\. Did you mean `heartbeat`\?/],
    [natsAdapter(named), `nats://${place},nats://two:1?tls=true`, /unknown parameter `tls`/],
    [smtpAdapter({ ...named, from: "a@b" }), `smtp://${place}?tls=required`, /unknown parameter `tls`/],
    [
      imapSource({ ...named, start: () => ({ workflow: "w" }) }),
      `imap://${place}?ssl=true`,
      /unknown parameter `ssl`/,
    ],
    [
      sftpAdapter({ ...named, hostKeys: [`SHA256:${"x".repeat(43)}`] }),
      `sftp://${place}/in?key=x`,
      /unknown parameter `key`/,
    ],
  ] as const)
    it(`for ${adapter.kind} is refused: ${url}`, async () => {
      await assert.rejects(run(adapter, url), (error: Error & { code?: string }) => {
        assert.equal(error.code, "adapter.invalid");
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3same/);
        return true;
      });
    });

  it("may have the parameters of its client", () => {
    const url =
      "postgres://ada:x@db/shop?sslmode=verify-full&sslrootcert=/ca.pem&target_session_attrs=any&channel_binding=require&connect_timeout=10";
    requireParameters("shop", "env:SHOP", url, connectionParameters);
    requireParameters("shop", "env:SHOP", "redis://ada:x@db/0");
  });
});
