/** Creates the SDK adapter that a file describes. */
import { type AdapterDocument, adapterKinds } from "@tutti/definitions";
import { assert } from "@tutti/kernel";
import {
  type Adapter,
  amqpAdapter,
  asyncApiAdapter,
  folderAdapter,
  gitAdapter,
  graphqlAdapter,
  grpcAdapter,
  httpAdapter,
  introspectedGraphql,
  kafkaAdapter,
  natsAdapter,
  openApiAdapter,
  postgresAdapter,
  prometheusAdapter,
  readDocument,
  redisAdapter,
  s3Adapter,
  sftpAdapter,
  smtpAdapter,
  sqliteAdapter,
} from "@tutti/sdk/adapters";

type Options = Readonly<Record<string, unknown>>;
type Factory = (options: Options) => Adapter | Promise<Adapter>;

/** The check of the file has validated the options of the function. */
const factoryOf = <AdapterOptions>(
  create: (options: AdapterOptions) => Adapter | Promise<Adapter>,
): Factory => {
  return (options) => create(options as AdapterOptions);
};

const withDocument =
  (factory: Factory): Factory =>
  async ({ document, ...options }) =>
    await factory({ ...options, document: await readDocument(String(document)) });

const makers: Readonly<Record<(typeof adapterKinds)[number], Factory>> = {
  http: factoryOf(httpAdapter),
  openapi: ({ document, ...options }) => {
    const documentUrl = String(document);
    const isServed = /^https?:/.test(documentUrl);
    return withDocument(factoryOf(openApiAdapter))({
      ...options,
      document,
      ...(isServed && { documentUrl }),
    });
  },
  graphql: (options) =>
    options["operations"] === undefined
      ? factoryOf(introspectedGraphql)(options)
      : factoryOf(graphqlAdapter)(options),
  grpc: factoryOf(grpcAdapter),
  asyncapi: withDocument(factoryOf(asyncApiAdapter)),
  sqlite: factoryOf(sqliteAdapter),
  postgres: factoryOf(postgresAdapter),
  redis: factoryOf(redisAdapter),
  nats: factoryOf(natsAdapter),
  amqp: factoryOf(amqpAdapter),
  kafka: factoryOf(kafkaAdapter),
  smtp: factoryOf(smtpAdapter),
  folder: ({ path, ...options }) => factoryOf(folderAdapter)({ ...options, folder: path }),
  sftp: factoryOf(sftpAdapter),
  s3: factoryOf(s3Adapter),
  git: factoryOf(gitAdapter),
  prometheus: factoryOf(prometheusAdapter),
};

export async function adapterOf(document: AdapterDocument): Promise<Adapter> {
  const kind = adapterKinds.find((candidate) => document[candidate] !== undefined);
  assert(kind !== undefined, "a checked adapter has one system", { name: document.adapter });
  return await makers[kind]({ ...document[kind], name: document.adapter });
}
