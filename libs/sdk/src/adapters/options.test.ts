import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  amqpAdapter,
  amqpSource,
  asyncApiAdapter,
  folderAdapter,
  folderSource,
  gitAdapter,
  gitSource,
  graphqlAdapter,
  grpcAdapter,
  httpAdapter,
  imapSource,
  introspectedGraphql,
  kafkaAdapter,
  kafkaSource,
  natsAdapter,
  natsSource,
  openApiAdapter,
  prometheusAdapter,
  prometheusSource,
  redisSource,
  s3Adapter,
  s3Source,
  sftpAdapter,
  sftpSource,
  smtpAdapter,
} from "@tutti/sdk/adapters";

type Make = (options: never) => unknown;
const secret = { name: "shop", url: "env:SHOP" };
const address = { name: "shop", url: "http://127.0.0.1:1" };
const start = () => ({ workflow: "w" });
const hostKeys = [`SHA256:${"x".repeat(43)}`];
const bucket = { ...address, bucket: "b", accessKey: "env:A", secretKey: "env:B" };
const document = { openapi: "3.1.0", paths: { "/x": { get: { responses: {} } } } };
const messages = {
  asyncapi: "2.6.0",
  servers: { main: { url: "nats://host", protocol: "nats" } },
  channels: { orders: { publish: { message: {} } } },
};
const operation = (spec: object) => ({ operations: { add: spec } });
const get = { method: "GET", path: "/x" };

describe("an adapter", () => {
  const known: readonly (readonly [Make, object])[] = [
    [amqpAdapter, secret],
    [amqpSource, { ...secret, queue: "q", start }],
    [natsAdapter, secret],
    [natsSource, { ...secret, stream: "s", start }],
    [kafkaAdapter, secret],
    [kafkaSource, { ...secret, topic: "t", start }],
    [redisSource, { ...secret, from: { list: "l" }, start }],
    [smtpAdapter, { ...secret, from: "a@b" }],
    [imapSource, { ...secret, start }],
    [folderAdapter, { name: "shop", folder: "/srv" }],
    [folderSource, { name: "shop", folder: "/srv", start }],
    [s3Adapter, bucket],
    [s3Source, { ...bucket, start }],
    [sftpAdapter, { ...secret, hostKeys }],
    [sftpSource, { ...secret, hostKeys, start }],
    [gitAdapter, secret],
    [gitSource, { ...secret, start }],
    [prometheusAdapter, address],
    [prometheusSource, { ...address, start }],
    [httpAdapter, { ...address, ...operation(get) }],
    [graphqlAdapter, { ...address, ...operation({ document: "{ x }" }) }],
    [introspectedGraphql, address],
    [openApiAdapter, { ...address, document }],
    [asyncApiAdapter, { ...secret, document: messages }],
    [grpcAdapter, { name: "shop", url: "grpc://127.0.0.1:1", descriptors: "/none" }],
  ];
  for (const [make, options] of known)
    it(`refuses unknown options: ${make.name}`, async () => {
      const misspelled = { ...options, naem: 1 } as never;
      await assert.rejects(async () => make(misspelled), {
        code: "sdk.option_unknown",
        message: new RegExp(`^\`${make.name}\` has no option \`naem\`\\. Did you mean \`name\`\\?`),
      });
    });

  const inner: readonly (readonly [Make, object, string])[] = [
    [amqpAdapter, { ...secret, ...operation({ key: "k", repaet: "key" }) }, "shop.add"],
    [natsAdapter, { ...secret, ...operation({ subject: "s", repaet: "key" }) }, "shop.add"],
    [kafkaAdapter, { ...secret, ...operation({ topic: "t", repaet: "key" }) }, "shop.add"],
    [httpAdapter, { ...address, ...operation({ ...get, repaet: "key" }) }, "shop.add"],
    [httpAdapter, { ...address, ...operation(get), tls: { repaet: "env:CA" } }, "httpAdapter.tls"],
    [
      httpAdapter,
      { ...address, ...operation({ ...get, parameters: { id: { in: "query", repaet: 1 } } }) },
      "shop.add.id",
    ],
    [graphqlAdapter, { ...address, ...operation({ document: "{ x }", repaet: "key" }) }, "shop.add"],
    [prometheusAdapter, { ...address, ...operation({ query: "up", repaet: 1 }) }, "shop.add"],
    [
      prometheusAdapter,
      { ...address, ...operation({ query: "up", range: { last: "1h", repaet: 1 } }) },
      "shop.add.range",
    ],
    [redisSource, { ...secret, from: { list: "l", repaet: "last" }, start }, "redisSource.from"],
    [grpcAdapter, { name: "shop", url: "grpc://127.0.0.1:1", tls: { repaet: "ca.pem" } }, "grpcAdapter.tls"],
  ];
  for (const [make, options, of] of inner)
    it(`refuses unknown options of ${of}: ${make.name}`, async () => {
      await assert.rejects(async () => make(options as never), {
        code: "sdk.option_unknown",
        message: new RegExp(`^\`${of}\` has no option \`repaet\``),
      });
    });

  it("accepts its own options", () => {
    for (const [make, options] of known)
      if (make !== grpcAdapter && make !== introspectedGraphql)
        assert.doesNotThrow(() => make(options as never));
  });
});
