import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SourceDocument } from "@tutti/definitions";
import { sourceOf } from "./source-systems.ts";

const url = "env:SHOP";
const polled = { url, poll: "5s" } as const;
const files = { poll: "5s", inbox: "in", taken: "taken", failures: "failed" };

describe("the file of a source", () => {
  // The SDK refuses options that it does not know.
  const systems: readonly Omit<SourceDocument, "source">[] = [
    { postgres: { ...polled, table: "t", channel: "c", idColumn: "id", afterStart: "delete" } },
    { redis: { url, stream: "s", group: "g", failures: "f", afterStart: "delete" } },
    { redis: { url, list: "l", take: "last" } },
    { redis: { url, channel: "c" } },
    { nats: { url, credentials: url, stream: "s", subjects: ["a"], consumer: "c", failures: "f" } },
    { amqp: { url, queue: "q", failures: "f" } },
    { kafka: { url, ca: url, topic: "t", group: "g", from: "latest", idHeader: "h", failures: "f" } },
    { imap: { ...polled, mailbox: "m", moveTo: "n", failures: "f" } },
    { folder: { ...files, path: "/srv" } },
    { sftp: { ...files, url, hostKeys: [`SHA256:${"x".repeat(43)}`], privateKey: url } },
    {
      s3: {
        ...files,
        url: "http://s3",
        bucket: "b",
        prefix: "p",
        region: "r",
        accessKey: url,
        secretKey: url,
      },
    },
    { git: { ...polled, branch: "b", privateKey: url } },
    { prometheus: { poll: "5s", url: "http://p", bearer: url, labels: { a: "b" } } },
  ];
  for (const system of systems)
    it(`creates a source of all settings: ${JSON.stringify(system)}`, () => {
      const source = sourceOf({ source: "orders", ...system });
      assert.equal(source.name, "orders");
      source.close?.();
    });
});
