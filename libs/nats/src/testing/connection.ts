import type { ConnectionSettings } from "../connection/client-options.ts";
import { NatsConnection } from "../connection/nats-connection.ts";
import type { NatsPorts } from "../connection/ports.ts";

/** Returns settings with short pauses, so that a test with a restarted server need not wait. */
export function testSettings(
  servers: readonly string[],
  overrides: Partial<ConnectionSettings> = {},
): ConnectionSettings {
  return {
    servers,
    name: "test",
    credentials: { kind: "none" },
    tls: undefined,
    connectTimeoutMs: 2_000,
    requestTimeoutMs: 2_000,
    pingIntervalMs: 5_000,
    retryFirstMs: 5,
    retryMaxMs: 50,
    drainTimeoutMs: 1_000,
    ...overrides,
  };
}

/** Returns a started connection to these servers. */
export async function connectionTo(
  servers: readonly string[],
  options: { readonly settings?: Partial<ConnectionSettings>; readonly foundation?: Partial<NatsPorts> } = {},
): Promise<NatsConnection & AsyncDisposable> {
  const connection = new NatsConnection({
    settings: testSettings(servers, options.settings),
    foundation: options.foundation ?? {},
  });
  await connection.start({ signal: new AbortController().signal });
  return Object.assign(connection, {
    [Symbol.asyncDispose]: () => connection.stop(new AbortController().signal),
  });
}
