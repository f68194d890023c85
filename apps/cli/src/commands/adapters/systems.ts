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
type Maker = (options: Options) => Adapter | Promise<Adapter>;

/** The check of the file has validated the options of the function. */
const made = <Given>(make: (given: Given) => Adapter | Promise<Adapter>): Maker => {
  return (options) => make(options as Given);
};

const withDocument =
  (maker: Maker): Maker =>
  async ({ document, ...options }) =>
    await maker({ ...options, document: await readDocument(String(document)) });

const makers: Readonly<Record<(typeof adapterKinds)[number], Maker>> = {
  http: made(httpAdapter),
  openapi: ({ document, ...options }) => {
    const documentUrl = String(document);
    const isServed = /^https?:/.test(documentUrl);
    return withDocument(made(openApiAdapter))({ ...options, document, ...(isServed && { documentUrl }) });
  },
  graphql: (options) =>
    options["operations"] === undefined ? made(introspectedGraphql)(options) : made(graphqlAdapter)(options),
  grpc: made(grpcAdapter),
  asyncapi: withDocument(made(asyncApiAdapter)),
  sqlite: made(sqliteAdapter),
  postgres: made(postgresAdapter),
  redis: made(redisAdapter),
  nats: made(natsAdapter),
  amqp: made(amqpAdapter),
  kafka: made(kafkaAdapter),
  smtp: made(smtpAdapter),
  folder: ({ path, ...options }) => made(folderAdapter)({ ...options, folder: path }),
  sftp: made(sftpAdapter),
  s3: made(s3Adapter),
  git: made(gitAdapter),
  prometheus: made(prometheusAdapter),
};

export async function adapterOf(document: AdapterDocument): Promise<Adapter> {
  const kind = adapterKinds.find((one) => document[one] !== undefined);
  assert(kind !== undefined, "a checked adapter has one system", { name: document.adapter });
  return await makers[kind]({ ...document[kind], name: document.adapter });
}
