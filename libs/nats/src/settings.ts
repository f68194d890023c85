import { defineSection, kernelErrors, type SecretReference, secret } from "@tutti/kernel";
import * as z from "zod";
import type { ConnectionSettings, Credentials } from "./connection/client-options.ts";

const pause = (defaultMs: number) => z.number().int().min(1).max(600_000).default(defaultMs);

const schema = z.object({
  servers: z
    .array(z.string().min(1))
    .min(1)
    .default(["127.0.0.1:4222"])
    .describe("Servers of the NATS cluster, `host:port` or URLs. One is enough. It announces the others."),
  name: z.string().default("tutti").describe("Name of this process in the server's monitoring."),
  user: z.string().optional().describe("User, together with `password`."),
  password: secret().optional().describe("Password of `user`."),
  token: secret().optional().describe("Authentication token."),
  credentials: secret()
    .optional()
    .describe("Content of a `.creds` file (JWT and seed): `file:/path/to/user.creds`."),
  nkey: secret().optional().describe("Seed of an NKey."),
  tls: z
    .object({
      caFile: z.string().optional().describe("PEM file with the certificate authorities of the servers."),
      certFile: z.string().optional().describe("Client certificate, if the servers require one."),
      keyFile: z.string().optional().describe("Private key of `certFile`."),
      handshakeFirst: z
        .boolean()
        .default(false)
        .describe("TLS from the first byte, for servers configured with `handshake_first`."),
    })
    .optional(),
  connectTimeoutMs: pause(5_000).describe("Timeout of one connection attempt."),
  requestTimeoutMs: pause(5_000).describe("Timeout of a request to the servers."),
  pingIntervalMs: pause(5_000).describe(
    "Interval of pings. After two pings without a reply, the connection is lost.",
  ),
  retryFirstMs: pause(250).describe(
    "Backoff after the first failed connection attempt. It doubles each time.",
  ),
  retryMaxMs: pause(10_000).describe("Maximum backoff between connection attempts."),
  drainTimeoutMs: pause(5_000).describe("Maximum time to send pending messages when the process stops."),
});

/** The section `nats` of the configuration. */
export const natsSection = defineSection({
  scope: "integration",
  name: "nats",
  description: "The connection to NATS.",
  schema,
});

export type NatsSectionValues = z.output<typeof schema>;

/** Returns the settings of the section, checked for contradictions. */
export function connectionSettings(values: NatsSectionValues): ConnectionSettings {
  const { user, password, token, credentials, nkey, tls, ...rest } = values;
  return {
    ...rest,
    credentials: credentialsOf({ user, password, token, credentials, nkey }),
    tls: tls && { handshakeFirst: tls.handshakeFirst, ...filesOf(tls) },
  };
}

type CredentialOptions = Pick<NatsSectionValues, "user" | "password" | "token" | "credentials" | "nkey">;

function credentialsOf({ user, password, token, credentials, nkey }: CredentialOptions): Credentials {
  const found: Credentials[] = [];
  if (user !== undefined && password !== undefined) {
    found.push({ kind: "password", user, password: revealed(password) });
  } else if (user !== undefined || password !== undefined) {
    throw wrong("expected nats.user and nats.password together, got only one of them");
  }
  if (token !== undefined) found.push({ kind: "token", token: revealed(token) });
  if (credentials !== undefined) found.push({ kind: "creds", content: revealed(credentials) });
  if (nkey !== undefined) found.push({ kind: "nkey", seed: revealed(nkey) });
  const [only = { kind: "none" }, ...others] = found;
  if (others.length === 0) return only;
  const kinds = found.map(({ kind }) => kind).join(", ");
  throw wrong(
    `expected one way to authenticate in the section nats, got ${kinds}; use the one that the server requires`,
  );
}

/** Read again for each connection, so that a renewed secret needs no restart. */
function revealed(reference: SecretReference): () => string {
  return () => reference.revealSync();
}

function filesOf({ caFile, certFile, keyFile }: NonNullable<NatsSectionValues["tls"]>) {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw wrong("expected nats.tls.certFile and nats.tls.keyFile together, got only one of them");
  }
  return { caFile, certFile, keyFile };
}

function wrong(problem: string) {
  return kernelErrors.configurationInvalid({ problems: [problem] });
}
