/**
 * Loads clients of other systems, such as `pg`. The SDK contains none of them. The project of the worker installs the
 * clients that its adapters need. A worker without such an adapter loads none.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { redacted, redactText } from "@tutti/kernel";
import { adapterErrors } from "./errors.ts";

/**
 * Imports a client for an adapter, from the installation of this code or from the project in the current folder. The
 * latter is for a globally installed CLI. If the package is missing, the error has the command that installs it.
 */
export async function clientFor<Client extends object>(
  adapter: string,
  name: string,
  load: () => Promise<Client>,
): Promise<Client> {
  try {
    const loaded = await load();
    // In a bundle, the names of a CommonJS module are only in its default export.
    return Object.keys(loaded).join() === "default"
      ? (loaded as { readonly default: Client }).default
      : loaded;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // A missing dependency of the client is another error.
    if (!/MODULE_NOT_FOUND$/.test(String(code)) || !message.includes(`'${name}'`)) throw error;
    const client = fromProject<Client>(name);
    if (client === undefined) throw adapterErrors.clientMissing({ adapter, name }, { cause: error });
    return client;
  }
}

function fromProject<Client>(name: string): Client | undefined {
  const require = createRequire(join(process.cwd(), "package.json"));
  try {
    require.resolve(name);
  } catch {
    return undefined;
  }
  return require(name) as Client;
}

/** Requires a reference, because an address with a password is a secret. */
export function requireReference(adapter: string, reference: string, example: string): void {
  if (/^(secret|env|file):./.test(reference)) return;
  throw adapterErrors.invalid({
    adapter,
    problem: `expected a reference such as \`${example}\`, never the address itself`,
  });
}

/** Settles with the work, or rejects when the task is cancelled or its time is over. */
export async function orAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Removes secrets from a text of another system, which may repeat its input. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const masked = secrets.reduce(
    (current, secret) => (secret === "" ? current : current.replaceAll(secret, redacted)),
    text,
  );
  return redactText(masked);
}

/** Returns why a server cannot be reached, by the code of Node's error. */
export function unreachableReason(
  code: string,
  reason: string,
  { host, port }: { readonly host: string; readonly port: number | string },
): string {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `the host \`${host}\` is unknown (${code})`;
  if (code === "ECONNREFUSED" || code === "ENOENT") return `no server listens at ${host}:${port}`;
  if (code === "CERT_HAS_EXPIRED") return `the TLS certificate of ${host}:${port} has expired`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `the TLS certificate is not for the host \`${host}\``;
  if (/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/.test(code))
    return `the TLS certificate of ${host}:${port} is signed by an unknown authority (${code})`;
  if (/wrong version number/i.test(reason)) return `the server at ${host}:${port} does not use TLS`;
  return reason === "" ? code : reason;
}
