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
  objectAdapter,
  openApiAdapter,
  prometheusAdapter,
  prometheusSource,
  redisAdapter,
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
const shop = { add: () => 1 };
const ofShop = { name: "shop", operations: { add: { method: "add" } } };
const ofObject = { objectAdapter: (options: never) => objectAdapter(shop, options) };
const operation = (spec: object) => ({ operations: { add: spec } });
const get = { method: "GET", path: "/x" };
const withAuth: readonly Make[] = [
  httpAdapter,
  graphqlAdapter,
  introspectedGraphql,
  openApiAdapter,
  grpcAdapter,
  prometheusAdapter,
  prometheusSource,
];

describe("an adapter", () => {
  const known: readonly (readonly [Make, object])[] = [
    [amqpAdapter, secret],
    [amqpSource, { ...secret, queue: "q", start }],
    [natsAdapter, secret],
    [natsSource, { ...secret, stream: "s", start }],
    [kafkaAdapter, secret],
    [kafkaSource, { ...secret, topic: "t", start }],
    [redisAdapter, secret],
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
    [ofObject.objectAdapter, ofShop],
  ];
  for (const [make, options] of known)
    it(`refuses unknown options: ${make.name}`, async () => {
      const misspelled = { ...options, naem: 1 } as never;
      await assert.rejects(async () => make(misspelled), {
        code: "sdk.option_unknown",
        message: new RegExp(`^\`${make.name}\` has no option \`naem\`\\. Did you mean \`name\`\\?`),
      });
    });

  const inner: [Make, object, string][] = [
    [amqpAdapter, { ...secret, ...operation({ key: "k", repaet: "key" }) }, "shop.add"],
    [natsAdapter, { ...secret, ...operation({ subject: "s", repaet: "key" }) }, "shop.add"],
    [kafkaAdapter, { ...secret, ...operation({ topic: "t", repaet: "key" }) }, "shop.add"],
    [httpAdapter, { ...address, ...operation({ ...get, repaet: "key" }) }, "shop.add"],
    [httpAdapter, { ...address, ...operation(get), tls: { repaet: "env:CA" } }, "httpAdapter.tls"],
    [
      httpAdapter,
      { ...address, ...operation({ ...get, parameters: { id: { in: "query", repaet: 1 } } }) },
      "shop.add.parameters.id",
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
    [
      httpAdapter,
      { ...address, ...operation({ ...get, pages: { by: "link", repaet: 1 } }) },
      "shop.add.pages",
    ],
    [
      httpAdapter,
      { ...address, ...operation({ ...get, body: { type: "json", repaet: 1 } }) },
      "shop.add.body",
    ],
    [
      httpAdapter,
      { ...address, ...operation({ ...get, body: { type: "form", styles: { id: { repaet: 1 } } } }) },
      "shop.add.body.styles.id",
    ],
    [ofObject.objectAdapter, { ...ofShop, ...operation({ method: "add", repaet: "key" }) }, "shop.add"],
    [gitAdapter, { ...secret, author: { name: "a", email: "b", repaet: 1 } }, "gitAdapter.author"],
    [imapSource, { ...secret, start, afterStart: { moveTo: "Done", repaet: 1 } }, "imapSource.afterStart"],
  ];
  for (const [make, options] of known.filter(([make]) => make.name.endsWith("Adapter")))
    inner.push([make, { ...options, rate: { perSecond: 1, repaet: 1 } }, `${make.name}.rate`]);
  for (const [make, options] of known.filter(([make]) => withAuth.includes(make))) {
    const signing = { key: "env:K", repaet: 1 };
    const auths: readonly (readonly [object, string])[] = [
      [{ repaet: {} }, "auth"],
      [{ basic: { user: "u", password: "env:P", repaet: 1 } }, "auth.basic"],
      [{ apiKey: { in: "query", name: "k", value: "env:K", repaet: 1 } }, "auth.apiKey"],
      [{ oauth2: { tokenUrl: "http://a", clientId: "c", repaet: 1 } }, "auth.oauth2"],
      [{ oauth2: { tokenUrl: "http://a", clientId: "c", signing } }, "auth.oauth2.signing"],
    ];
    for (const [auth, of] of auths) inner.push([make, { ...options, auth }, `${make.name}.${of}`]);
  }
  for (const [make, options, of] of inner)
    it(`refuses unknown options of ${of}: ${make.name}`, async () => {
      await assert.rejects(async () => make(options as never), {
        code: "sdk.option_unknown",
        message: new RegExp(`^\`${of}\` has no option \`repaet\``),
      });
    });

  it("refuses a command of Redis that is a list of words", () => {
    assert.throws(() => redisAdapter({ ...secret, ...operation({ command: ["GET", "{key}"] }) } as never), {
      code: "adapter.invalid",
      message: /`command` of `add` is not a text/,
    });
  });

  it("accepts its own options", () => {
    for (const [make, options] of known)
      if (make !== grpcAdapter && make !== introspectedGraphql)
        assert.doesNotThrow(() => make(options as never));
  });
});
