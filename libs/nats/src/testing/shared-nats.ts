/**
 * One NATS server for all tests of a run, with an account for each test file. The test runner starts it with
 * `startSharedNats` and passes its environment to the test processes. A test process without that environment starts
 * its own server, once.
 *
 * 1. An account is assigned once over all processes: a file of its name is created, which must not exist.
 * 2. A test that kills, restarts or fills a server starts its own, and so does one that needs other settings.
 */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { ConnectionSettings } from "../connection/client-options.ts";
import { startNatsServer } from "./nats-server.ts";

/** `TEST_NATS=127.0.0.1:4222;/tmp/tutti-accounts-…`: the address, and the directory that lists assigned accounts. */
const variable = "TEST_NATS";
const passwordVariable = "TEST_NATS_PASSWORD";
const accountsMax = 300;
const password = "kept";

export interface SharedNats {
  /** Environment of the test processes. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** An account of the shared server: it has JetStream, and no other test uses it. */
export interface NatsAccount {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly user: string;
  readonly password: string;
  /** For connections of this process. */
  readonly settings: Partial<ConnectionSettings>;
  /** For services. */
  readonly flags: readonly string[];
  /** In addition to the flags, for services in separate processes. */
  readonly environment: Readonly<Record<string, string>>;
}

export async function startSharedNats({ isBackground = false } = {}): Promise<SharedNats> {
  const accounts = Array.from(
    { length: accountsMax },
    (_, at) => `A${at} { jetstream: enabled, users: [{ user: ${userOf(at)}, password: ${password} }] }`,
  );
  const server = await startNatsServer({
    isBackground,
    // Streams reserve their maximum size, and no disk has room for the reservations of all accounts.
    jetstream: "max_file_store: 64TB",
    configuration: `max_payload: 8MB\naccounts {\n${accounts.join("\n")}\n}`,
  });
  // In the server's directory, so that it is removed with it.
  const claimedDir = join(server.dir, "taken");
  await mkdir(claimedDir);
  return {
    env: { [variable]: `${server.address};${claimedDir}` },
    stop: () => server[Symbol.asyncDispose](),
  };
}

let own: Promise<SharedNats> | undefined;

/** Returns the next account of the shared server. */
export async function natsAccount(): Promise<NatsAccount> {
  const [address = "", claimedDir = ""] = (process.env[variable] ?? (await ownServer())).split(";");
  for (let at = 0; at < accountsMax; at++) {
    const user = userOf(at);
    if (!(await isNew(join(claimedDir, user)))) continue;
    return {
      ...{ address, user, password },
      settings: { credentials: { kind: "password", user, password: () => password } },
      flags: [
        `--nats.servers=["${address}"]`,
        `--nats.user=${user}`,
        `--nats.password=env:${passwordVariable}`,
      ],
      environment: { [passwordVariable]: password },
    };
  }
  throw new Error(`the shared NATS server has ${accountsMax} accounts, and all of them are taken`);
}

/** The server ends with the process. */
async function ownServer(): Promise<string> {
  own ??= startSharedNats({ isBackground: true });
  return (await own).env[variable] ?? "";
}

function userOf(at: number): string {
  return `file-${at}`;
}

async function isNew(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
