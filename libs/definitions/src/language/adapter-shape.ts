/** The file of an adapter: the options of its SDK function, as data. */
import { type MembersShape, type Shape, shapes } from "./shape.ts";

type Options = Readonly<Record<string, unknown>>;

export const adapterKinds = [
  "http",
  "openapi",
  "graphql",
  "grpc",
  "asyncapi",
  "sqlite",
  "postgres",
  "redis",
  "nats",
  "amqp",
  "kafka",
  "smtp",
  "folder",
  "sftp",
  "s3",
  "git",
  "prometheus",
] as const;
export type AdapterKind = (typeof adapterKinds)[number];

export interface AdapterDocument extends Partial<Readonly<Record<AdapterKind, Options>>> {
  readonly adapter: string;
  readonly pool?: string;
  readonly agents?: number;
  readonly slots?: number;
  readonly directory?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const { choice, flag, list, map, members, number, schema, text, whole } = shapes;

type Members = Readonly<Record<string, Shape>>;

const long = 65_536;
const msMax = 86_400_000;
const bytesMax = 1_073_741_824;

const reference = (label: string) =>
  text(`${label}: \`env:NAME\`, \`file:/path\` or \`secret:NAME\`.`, "reference");
const ms = (doc: string) => whole(`${doc}, in milliseconds.`, 1, msMax);
const bytes = (doc: string) => whole(`${doc}, in bytes.`, 1, bytesMax);
const names = (of: Shape, doc: string) => map("name", of, 1_000, doc, 1);
const texts = (doc: string, max = 100) => list(text("A text."), max, doc);

const rate: Members = {
  rate: members(
    {
      perSecond: number("Calls per second.", 0.001, 1_000_000),
      burst: number("Burst: maximum calls without a pause. Default: `perSecond`.", 1, 1_000_000),
    },
    { doc: "How often the system is called. More calls wait in the queue.", required: ["perSecond"] },
  ),
};
const connect: Members = { connectMs: ms("How long to wait for a connection. Default: 10,000") };
const only: Members = {
  only: texts("Operations to import, by their names. `*` stands for any characters.", 1_000),
};
const answers: Members = { answerBytesMax: bytes("Longer answers fail the task. Default: 16,777,216") };
const rows: Members = { rowsMax: whole("More rows fail the task. Default: 10,000.", 1, 10_000_000) };
const filesLimits: Members = {
  bytesMax: bytes("A larger file fails the task. Default: 1,048,576"),
  filesMax: whole("More files of a list fail the task. Default: 10,000.", 1, 10_000_000),
};
const headers: Members = {
  headers: map("labelKey", text("Its value."), 100, "Sent with each request. No secrets: use `auth`."),
};

const userAndPassword = members(
  { user: text("The user."), password: reference("The password") },
  { required: ["user", "password"] },
);
const credentials = {
  basic: userAndPassword,
  digest: userAndPassword,
  bearer: reference("The token"),
  apiKey: members(
    {
      in: choice("Where it is sent.", "header", "query", "cookie"),
      name: text("Its name there."),
      value: reference("The key"),
    },
    { required: ["in", "name", "value"] },
  ),
  oauth2: members(
    {
      tokenUrl: text("Where tokens are made.", undefined, 2_000),
      clientId: text("The client."),
      clientSecret: reference("Its secret"),
      clientAuth: choice(
        "How the client proves itself: its secret in the form, or by HTTP Basic, or a signed JWT. Default: `post`.",
        "post",
        "basic",
        "jwt",
      ),
      signing: members(
        {
          key: reference("A private key in PEM: RSA, EC (P-256) or Ed25519"),
          keyId: text("Its name at the token server."),
          subject: text("Subject of the token. Default: the client."),
        },
        {
          doc: "If it is set, the flow `jwt-bearer` requests tokens, or the client authenticates with a JWT.",
          required: ["key"],
        },
      ),
      refreshToken: reference("If set, tokens are requested by the flow `refresh_token`"),
      scope: text("The scopes, with spaces between them."),
      audience: text("The audience."),
    },
    { required: ["tokenUrl", "clientId"] },
  ),
};
const authBy = (name: string, by: Members): Members => ({
  auth: members(by, {
    name,
    doc: "How requests authenticate.",
    oneOf: [Object.keys(by)],
  }),
});
const auth = authBy("auth", credentials);
/** gRPC has no challenge, so digest is excluded. */
const grpcAuth = authBy(
  "grpcAuth",
  Object.fromEntries(Object.entries(credentials).filter(([name]) => name !== "digest")),
);

const tls: Members = {
  tls: members(
    {
      ca: reference("Authorities that are trusted next to the known ones"),
      cert: reference("The certificate of the client"),
      key: reference("Its private key"),
    },
    { doc: "Certificates in PEM." },
  ),
};

/** Keys that each operation may have. */
const described: Members = {
  description: text("One sentence for people.", undefined, 1_000),
  input: schema("The JSON Schema of the input."),
  output: schema("The JSON Schema of the output."),
};
const repeat: Members = {
  repeat: choice("What a second call with the same key does.", "safe", "key", "never"),
};
const idempotencyHeader: Members = {
  idempotencyHeader: text("The header that gets the idempotency key of the task."),
};
const writes: Members = { writes: flag("Whether it writes. Default: seen from its first word.") };

const operations = (required: readonly string[], of: Members): Members => ({
  operations: names(members({ ...of, ...described }, { required }), "By their names: `get-order`."),
});

const style: Members = {
  style: choice(
    "Serialization of lists and objects, as in OpenAPI.",
    ...["simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"],
  ),
  explode: flag("Default: true for `form`."),
};
const httpOperation: Members = {
  method: choice("The method.", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"),
  path: text("From the address of the adapter. `{id}` is the member `id` of the input.", undefined, 2_000),
  url: text("Another server than that of the adapter.", undefined, 2_000),
  parameters: map(
    "labelKey",
    members(
      {
        in: choice("Where it is sent.", "path", "query", "header", "cookie"),
        name: text("At the other side. Default: the name of the member."),
        ...style,
      },
      { required: ["in"] },
    ),
    ...([100, "Members of the input. Those in the path are known."] as const),
  ),
  body: members(
    {
      type: choice(
        "How the member `body` of the input is sent.",
        "json",
        "form",
        "multipart",
        "text",
        "bytes",
      ),
      mediaType: text("Default: that of the type."),
      styles: map("labelKey", members(style), 100, "How members of a form are written."),
    },
    { required: ["type"] },
  ),
  answer: choice("What the API answers. Default: `json`.", "json", "text", "bytes", "any"),
  pages: members(
    {
      by: choice("How the next page is found.", "link", "cursor", "page"),
      cursor: text("The member of the answer that names the next page."),
      parameter: text("The parameter that gets it."),
      first: whole("The number of the first page. Default: 1.", 0, 1_000_000),
      items: text("The member of the answer with the items."),
    },
    { doc: "Reads all pages.", required: ["by"] },
  ),
  ...idempotencyHeader,
  ...repeat,
};

const httpOptions: Members = {
  ...auth,
  ...tls,
  ...headers,
  ...rate,
  ...answers,
  timeoutMs: ms("How long an exchange may take. Default: 60,000"),
  pagesMax: whole("More pages fail the task. Default: 100.", 1, 1_000_000),
};
const address = text("Its address.", undefined, 2_000);
const checkPath: Members = { checkPath: text("The path that the connection check reads.", undefined, 2_000) };
const document = text("A file of the worker's machine, or an HTTP address.", undefined, 4_096);

function kind(name: string, doc: string, required: readonly string[], of: Members): MembersShape {
  return members(of, { name: `adapter-${name}`, doc, required });
}

const web: Partial<Readonly<Record<AdapterKind, Shape>>> = {
  http: kind("http", "An HTTP API.", ["url", "operations"], {
    url: address,
    ...operations(["method", "path"], httpOperation),
    ...httpOptions,
    ...checkPath,
  }),
  openapi: kind("openapi", "The operations of an OpenAPI document.", ["document"], {
    document,
    url: address,
    ...only,
    ...idempotencyHeader,
    ...httpOptions,
    ...checkPath,
  }),
  graphql: kind(
    "graphql",
    "A GraphQL API. Without `operations`, the schema is read by introspection.",
    ["url"],
    {
      url: address,
      ...operations(["document"], {
        document: text("One query or mutation.", undefined, long),
        ...idempotencyHeader,
        ...repeat,
      }),
      ...only,
      ...idempotencyHeader,
      ...httpOptions,
      depth: whole("How deep objects are selected. Default: 3.", 1, 20),
    },
  ),
  grpc: kind("grpc", "The methods of a gRPC server.", ["url"], {
    url: text("`grpc://host:port`, or `grpcs://host:port` with TLS.", undefined, 2_000),
    protos: texts("Files of the contract. Default: read by reflection from the server."),
    protoFolders: texts("Folders of the files that these import."),
    descriptors: text("A file with a descriptor set.", undefined, 4_096),
    tls: members({
      ca: text("A file of PEM.", undefined, 4_096),
      cert: text("A file of PEM.", undefined, 4_096),
      key: text("A file of PEM.", undefined, 4_096),
    }),
    idempotencyMetadata: text("The metadata that gets the idempotency key of the task."),
    repeat: map("name", repeat["repeat"] ?? flag(""), 1_000, "By the name of an operation."),
    healthService: text(
      "The service whose health the check asks for. Default: the server as a whole.",
      undefined,
      120,
    ),
    timeoutMs: ms("How long a call may take. Default: 60,000"),
    ...grpcAuth,
    ...only,
    ...rate,
    ...connect,
    ...answers,
  }),
  asyncapi: kind("asyncapi", "The operations of an AsyncAPI document.", ["document", "url"], {
    document,
    url: reference("The address of the server"),
    ...only,
    ...rate,
    server: text("The name of a server in the document. Default: the first one that has an adapter."),
  }),
  prometheus: kind("prometheus", "Queries of a Prometheus.", ["url"], {
    url: address,
    ...operations(["query"], {
      query: text("PromQL. `{name}` within a quoted text is a member of the input.", undefined, long),
      range: members(
        { last: text("A duration such as `6h`."), step: text("Between two values. Default: `1m`.") },
        { required: ["last"] },
      ),
    }),
    ...auth,
    ...headers,
    ...rate,
    ...answers,
    timeoutMs: ms("How long a query may take. Default: 60,000"),
  }),
};

const sql = text("One statement. `:name` is the member `name` of the input.", undefined, long);

const stores: Partial<Readonly<Record<AdapterKind, Shape>>> = {
  sqlite: kind("sqlite", "Statements of a SQLite database.", ["file", "operations"], {
    file: text("The file of the database.", undefined, 4_096),
    ...operations(["sql"], { sql, ...writes }),
    ...rate,
    ...rows,
    busyMs: ms("How long a statement waits for another writer. Default: 5,000"),
  }),
  postgres: kind("postgres", "Statements of a PostgreSQL database.", ["url"], {
    url: reference("Its address with the password"),
    ...operations(["sql"], { sql, ...writes }),
    ...rate,
    ...connect,
    ...rows,
    ...answers,
    connectionsMax: whole("Default: 10.", 1, 1_000),
  }),
  redis: kind("redis", "Commands of Redis.", ["url"], {
    url: reference("Its address with the password"),
    ...operations(["command"], {
      command: text("`SET order:{id} {state}`: `{id}` is a member of the input.", undefined, long),
      ...writes,
    }),
    ...rate,
    ...connect,
    keptMs: whole("How long the reply of a writing command is stored, in milliseconds.", 1, 31_536_000_000),
  }),
  nats: kind("nats", "Messages and requests of NATS.", ["url"], {
    url: reference("Its address"),
    credentials: reference("The content of a `.creds` file"),
    ...operations(["subject"], {
      subject: text("`orders.{id}.created`: `{id}` is a member of the input."),
      does: choice("Default: `publish`.", "publish", "request"),
      ...repeat,
    }),
    ...rate,
    ...connect,
  }),
  amqp: kind("amqp", "Messages of RabbitMQ, or of another broker of AMQP 0-9-1.", ["url"], {
    url: reference("Its address with the password"),
    ...operations(["key"], {
      exchange: text("Default: the exchange that has each queue under its name."),
      key: text("The routing key: `orders.{id}` has the member `id` of the input."),
      repeat: choice("Default: `never`.", "key", "never"),
    }),
    ...rate,
    ...connect,
  }),
  kafka: kind("kafka", "Records of Kafka.", ["url"], {
    url: reference("Its address with the password"),
    ca: reference("The certificates of the authorities that sign the brokers' certificates"),
    ...operations(["topic"], {
      topic: text("The name of the topic."),
      key: text("The key of the record: `order-{id}` has the member `id` of the input. Default: none."),
      repeat: choice("Default: `never`.", "key", "never"),
    }),
    ...rate,
    ...connect,
  }),
  smtp: kind("smtp", "A mail server.", ["url", "from"], {
    url: reference("Its address with the password"),
    from: text("The sender: `Shop <orders@shop.example>`."),
    ca: reference("The certificates of the authorities that sign the server's certificate"),
    tls: choice("Default: `required`.", "required", "none"),
    ...rate,
    ...connect,
  }),
  folder: kind("folder", "Files of a folder of the worker's machine.", ["path"], {
    path: text("The folder.", undefined, 4_096),
    ...rate,
    ...filesLimits,
  }),
  sftp: kind("sftp", "Files of an SFTP server.", ["url", "hostKeys"], {
    url: reference("Its address, with the password or with `privateKey`"),
    hostKeys: list(text("A fingerprint."), 10, "Fingerprints of its keys, such as `SHA256:4Bs…`.", 1),
    privateKey: reference("The private key"),
    passphrase: reference("Its passphrase"),
    ...rate,
    ...connect,
    ...filesLimits,
  }),
  s3: kind("s3", "Files of a bucket of S3.", ["url", "bucket", "accessKey", "secretKey"], {
    url: text("The endpoint without the bucket.", undefined, 2_000),
    bucket: text("The name of the bucket."),
    prefix: text("Paths are below it. Default: none."),
    region: text("Default: `us-east-1`."),
    accessKey: reference("The access key"),
    secretKey: reference("The secret key"),
    sessionToken: reference("The session token"),
    bucketIn: choice("Where the bucket is in an address. Default: `path`.", "path", "host"),
    timeoutMs: ms("How long to wait for an answer. Default: 30,000"),
    ...rate,
    ...filesLimits,
  }),
  git: kind("git", "Files, commits and tags of a git repository.", ["url"], {
    url: reference("Its address with the token"),
    branch: text("Default: `main`."),
    author: members(
      { name: text("The name."), email: text("The address.") },
      { doc: "The author of commits.", required: ["name", "email"] },
    ),
    privateKey: reference("The private key of `ssh://`"),
    knownHosts: text("Lines of a `known_hosts` file.", undefined, long),
    folder: text("Location of the copy.", undefined, 4_096),
    ...rate,
    bytesMax: filesLimits["bytesMax"] ?? flag(""),
  }),
};

export const adapter: MembersShape = members(
  {
    adapter: text("The name of the adapter. Its capabilities start with it.", "name", 100),
    pool: text("The pool of its processes. Default: `default`.", "name", 200),
    agents: whole("How many processes run it. Default: 1.", 1, 100),
    slots: whole("Maximum concurrent tasks of each. Default: 16.", 1, 100_000),
    directory: text("Where they run. Clients of systems come from the project there.", undefined, 4_096),
    labels: map("labelKey", text("Its value.", undefined, 256), 50, "Labels, to search by."),
    ...web,
    ...stores,
  },
  {
    name: "adapter",
    required: ["adapter"],
    oneOf: [adapterKinds],
    doc: "An adapter of Tutti: operations of another system that become capabilities.",
  },
);
