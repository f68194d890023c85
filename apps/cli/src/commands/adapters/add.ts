/** Writes a file with a worker that has an adapter, for the user to change. */
import { join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";

interface Kind {
  /** The function of `@tutti/sdk/adapters`. */
  readonly factory: string;
  /** Whether it reads its operations from the other system. */
  readonly isIntrospected?: boolean;
  /** The options without the name. */
  readonly options: readonly string[];
  /** Variables that hold its secrets. */
  readonly secrets: readonly string[];
  /** The packages of its client, which it needs next to the SDK. */
  readonly clients?: readonly string[];
}

const statements = 'operations: { "find-items": { sql: "SELECT id FROM items WHERE state = :state" } },';

/** The kinds by name. The argument is the prefix of the variables. */
const kinds: Readonly<Record<string, (prefix: string) => Kind>> = {
  http: (prefix) => ({
    factory: "httpAdapter",
    options: [
      'url: "https://api.example.com/v1",',
      `auth: { bearer: "env:${prefix}_TOKEN" },`,
      'operations: { "get-item": { method: "GET", path: "/items/{id}" } },',
    ],
    secrets: [`${prefix}_TOKEN`],
  }),
  graphql: (prefix) => ({
    factory: "graphqlAdapter",
    options: [
      'url: "https://api.example.com/graphql",',
      `auth: { bearer: "env:${prefix}_TOKEN" },`,
      'operations: { "get-item": { document: "query ($id: ID!) { item(id: $id) { state } }" } },',
    ],
    secrets: [`${prefix}_TOKEN`],
  }),
  grpc: () => ({
    factory: "grpcAdapter",
    isIntrospected: true,
    options: [
      'url: "grpc://localhost:50051",',
      "// Without it, the server has to serve reflection",
      '// protos: ["./items.proto"],',
    ],
    secrets: [],
    clients: ["@bufbuild/protobuf"],
  }),
  sqlite: () => ({ factory: "sqliteAdapter", options: ['file: "data.db",', statements], secrets: [] }),
  postgres: (prefix) => ({
    factory: "postgresAdapter",
    options: [
      "// Refers to a connection string: postgres://user:password@host/database?sslmode=verify-full",
      `url: "env:${prefix}_DB",`,
      statements,
    ],
    secrets: [`${prefix}_DB`],
    clients: ["pg"],
  }),
  redis: (prefix) => ({
    factory: "redisAdapter",
    options: [
      "// Refers to a URL: rediss://user:password@host:6379/0",
      `url: "env:${prefix}_REDIS",`,
      'operations: { "set-state": { command: "SET item:{id} {state}" } },',
    ],
    secrets: [`${prefix}_REDIS`],
    clients: ["@redis/client"],
  }),
  nats: (prefix) => ({
    factory: "natsAdapter",
    options: [
      "// Refers to a URL: nats://user:password@host:4222",
      `url: "env:${prefix}_NATS",`,
      'operations: { "item-changed": { subject: "items.{id}.changed" } },',
    ],
    secrets: [`${prefix}_NATS`],
    clients: ["@nats-io/transport-node", "@nats-io/jetstream"],
  }),
  amqp: (prefix) => ({
    factory: "amqpAdapter",
    options: [
      "// Refers to a URL: amqps://user:password@host:5671/vhost",
      `url: "env:${prefix}_AMQP",`,
      'operations: { "item-changed": { exchange: "items", key: "item.{id}.changed" } },',
    ],
    secrets: [`${prefix}_AMQP`],
    clients: ["amqplib"],
  }),
  kafka: (prefix) => ({
    factory: "kafkaAdapter",
    options: [
      "// Refers to a URL: kafkas://user:password@host:9093",
      `url: "env:${prefix}_KAFKA",`,
      'operations: { "item-changed": { topic: "items", key: "{id}" } },',
    ],
    secrets: [`${prefix}_KAFKA`],
    clients: ["@platformatic/kafka"],
  }),
  smtp: (prefix) => ({
    factory: "smtpAdapter",
    options: [
      "// Refers to a URL: smtp://user:password@host:587",
      `url: "env:${prefix}_SMTP",`,
      'from: "Shop <orders@shop.example>",',
    ],
    secrets: [`${prefix}_SMTP`],
    clients: ["nodemailer"],
  }),
  folder: () => ({ factory: "folderAdapter", options: ['folder: "./files",'], secrets: [] }),
  sftp: (prefix) => ({
    factory: "sftpAdapter",
    options: [
      "// Refers to a URL: sftp://user:password@host:22/folder",
      `url: "env:${prefix}_SFTP",`,
      "// Print them: ssh-keyscan HOST | ssh-keygen -lf -",
      'hostKeys: ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],',
    ],
    secrets: [`${prefix}_SFTP`],
    clients: ["ssh2"],
  }),
  s3: (prefix) => ({
    factory: "s3Adapter",
    options: [
      'url: "https://s3.eu-central-1.amazonaws.com",',
      'region: "eu-central-1",',
      'bucket: "items",',
      `accessKey: "env:${prefix}_ACCESS_KEY",`,
      `secretKey: "env:${prefix}_SECRET_KEY",`,
    ],
    secrets: [`${prefix}_ACCESS_KEY`, `${prefix}_SECRET_KEY`],
  }),
  git: (prefix) => ({
    factory: "gitAdapter",
    options: [
      "// Refers to a URL: https://user:token@host/team/items.git",
      `url: "env:${prefix}_GIT",`,
      'branch: "main",',
    ],
    secrets: [`${prefix}_GIT`],
  }),
  prometheus: (prefix) => ({
    factory: "prometheusAdapter",
    options: [
      'url: "https://prometheus.example.com",',
      `auth: { bearer: "env:${prefix}_TOKEN" },`,
      "// Without operations, it has query, query-range and alerts",
      `operations: { errors: { query: 'sum(rate(errors_total{job="{job}"}[5m]))' } },`,
    ],
    secrets: [`${prefix}_TOKEN`],
  }),
};
const adapterKinds = Object.keys(kinds);

export async function addAdapter({ values, shell, print }: Context): Promise<Result> {
  const [kind, name] = [values.argument("KIND"), values.argument("NAME")];
  const kindOf = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (kindOf === undefined)
    throw new Failure(`Kind \`${kind}\` not found. Kinds: ${adapterKinds.join(", ")}.`, {
      exitCode: exitCodes.usage,
      code: "adapter_kind_unknown",
    });
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    throw new Failure(`The name of an adapter has lower-case letters, digits and \`-\`, got \`${name}\`.`, {
      exitCode: exitCodes.usage,
      code: "adapter_name_invalid",
    });
  const file = join(shell.workingDirectory, `${name}.ts`);
  if (shell.exists(file))
    throw new Failure(`The file \`${name}.ts\` exists. Choose another name, or remove the file.`, {
      exitCode: exitCodes.refused,
      code: "file_exists",
    });
  const adapterKind = kindOf(name.toUpperCase().replaceAll("-", "_"));
  const { secrets, clients = [] } = adapterKind;
  await shell.writeText(file, textOf(name, adapterKind));
  const steps = [
    ["npm install @tutti/sdk", ...clients].join(" "),
    ...secrets.map((secret) => `export ${secret}=…`),
    `node ${name}.ts`,
    `tutti adapter check ${name}`,
  ];
  return {
    json: { file: `${name}.ts`, secrets },
    quiet: [`${name}.ts`],
    draw: () => {
      print.line(`${print.style.green("✓")} ${name}.ts has a worker with the adapter ${name}`);
      print.line("Change its operations, then run:");
      for (const step of steps) print.line(`  ${step}`);
    },
  };
}

function textOf(name: string, { factory, isIntrospected = false, options, secrets }: Kind): string {
  const references = secrets.map((secret) => `"env:${secret}"`).join(", ");
  return `import { addAdapter, ${factory} } from "@tutti/sdk/adapters";
import { Worker } from "@tutti/sdk/worker";

export const adapter = ${isIntrospected ? "await " : ""}${factory}({
  name: "${name}",
${options.map((line) => `  ${line}`).join("\n")}
});

if (import.meta.main) {
  const worker = new Worker({ secrets: [${references}] });
  addAdapter(worker, adapter);
  await worker.run();
}
`;
}
