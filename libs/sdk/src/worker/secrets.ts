/**
 * Secrets for handlers. A secret of the installation arrives over HTTP, sealed for a key of this call, and is cached
 * as long as the installation allows. A secret of this machine is read each time.
 */
import { readFile } from "node:fs/promises";
import { type Chance, type Clock, type Timers, TuttiError } from "@tutti/kernel";
import type { Reception } from "@tutti/policy/secrets";
import { sdkErrors } from "../errors.ts";
import { isLoopback, type WorkerSettings } from "./settings.ts";

export interface SecretQuery {
  /** `secret:NAME`, `secret:NAME@VERSION`, `env:NAME`, `file:/path`. */
  readonly reference: string;
  readonly namespace: string;
  readonly workKind: string;
  readonly workId: string;
  readonly taskId: string;
  /** Token with the rights of the task. Empty without a token. */
  readonly accessToken: string;
}

interface CachedSecret {
  readonly value: string;
  readonly untilMs: number;
}

/** The answer of the installation. */
interface Sealed {
  readonly name: string;
  readonly version: number;
  /** Base64, as is `encapsulatedKey`. */
  readonly sealed: string;
  readonly encapsulatedKey: string;
  readonly keepMs?: number;
}

type Settings = Pick<WorkerSettings, "server" | "allowUnprotected" | "secrets" | "credentials">;

interface SecretPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
}

const form = /^(secret|env|file):(.+)$/s;
const callMs = 15_000;

export class WorkerSecrets {
  readonly #settings: Settings;
  readonly #ports: SecretPorts;
  readonly #cache = new Map<string, CachedSecret>();
  /** Requests in progress. */
  readonly #pending = new Map<string, Promise<string>>();

  constructor(settings: Settings, ports: SecretPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  async open(query: SecretQuery): Promise<string> {
    const { reference, namespace, accessToken } = query;
    const [, kind, location = ""] = form.exec(reference) ?? [];
    if (kind === "secret") {
      const key = JSON.stringify([namespace, location, accessToken]);
      const cached = this.#cache.get(key);
      if (cached !== undefined && cached.untilMs > this.#ports.clock.monotonic()) return cached.value;
      this.#cache.delete(key);
      const pending = this.#pending.get(key) ?? this.#unseal(key, location, query);
      this.#pending.set(key, pending);
      return pending.finally(() => this.#pending.delete(key));
    }
    if (kind === undefined) throw sdkErrors.secretUnnamed();
    if (!this.#settings.secrets.includes(reference)) throw sdkErrors.secretNotOffered({ reference });
    const value =
      kind === "env" ? process.env[location] : await readFile(location, "utf8").catch(() => undefined);
    if (value === undefined || value === "") throw sdkErrors.secretMissing({ reference });
    // Editors and `echo` end a file with a newline that is not part of the secret.
    return kind === "env" ? value : value.replace(/\r?\n$/, "");
  }

  /** Number of values in memory. */
  get cachedCount(): number {
    return this.#cache.size;
  }

  clear(): void {
    this.#cache.clear();
  }

  async #unseal(key: string, name: string, query: SecretQuery): Promise<string> {
    // Loaded on first use because most workers never need it.
    const { receptionIn } = await import("@tutti/policy/secrets");
    const { namespace } = query;
    const reception = receptionIn(namespace, this.#ports.chance);
    const sentMs = this.#ports.clock.monotonic();
    const sealed = await this.#request(name, reception, query);
    const opened = reception.open({
      name: sealed.name,
      version: sealed.version,
      sealed: Buffer.from(sealed.sealed, "base64"),
      encapsulatedKey: Buffer.from(sealed.encapsulatedKey, "base64"),
    });
    const [secretName] = name.split("@");
    if (opened === undefined || sealed.name !== secretName)
      throw sdkErrors.secretUnreadable({ reference: query.reference });
    const value = Buffer.from(opened).toString();
    const { keepMs = 0 } = sealed;
    if (keepMs > 0) this.#store(key, { value, untilMs: sentMs + keepMs });
    return value;
  }

  /** Caches a value. Each task has its own token, and so an entry that no other task reads. Such entries must expire. */
  #store(key: string, secret: CachedSecret): void {
    const nowMs = this.#ports.clock.monotonic();
    for (const [each, { untilMs }] of this.#cache) if (untilMs <= nowMs) this.#cache.delete(each);
    this.#cache.set(key, secret);
  }

  /** Requires a protected server. On a plain connection, an attacker could have secrets sealed for their own key. */
  #requireServer(): void {
    const { server, allowUnprotected } = this.#settings;
    const isProtected = /^https:\/\/[^\s/]+$/.test(server);
    if (isProtected || (/^http:\/\/[^\s/]+$/.test(server) && (isLoopback(server) || allowUnprotected)))
      return;
    const expected =
      "an address such as https://tutti.example, by which secrets come (or http:// with allowUnprotected)";
    throw sdkErrors.optionInvalid({
      option: "server (TUTTI_URL)",
      expected,
      found: JSON.stringify(server || "none"),
    });
  }

  async #request(name: string, { recipientKey }: Reception, query: SecretQuery): Promise<Sealed> {
    const { server, credentials } = this.#settings;
    const { reference, namespace, workKind, workId, taskId } = query;
    this.#requireServer();
    const token = query.accessToken || credentials.accessToken;
    const body = {
      names: [name],
      recipientKey: Buffer.from(recipientKey).toString("base64"),
      work: { namespace, kind: workKind, id: workId, task: taskId },
    };
    const late = new AbortController();
    const timer = this.#ports.timers.after(callMs, () => late.abort());
    let answer: Response;
    let answerBody: unknown;
    try {
      answer = await fetch(`${server}/v1/secrets/unseal?namespace=${encodeURIComponent(namespace)}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
        // A redirect would send the token to another service.
        redirect: "error",
        signal: late.signal,
      });
      answerBody = await answer.json().catch(() => undefined);
    } catch (cause) {
      throw sdkErrors.secretUnreachable({ reference, server }, { cause });
    } finally {
      timer.cancel();
    }
    if (!answer.ok) throw refusalOf(answerBody, answer.status, reference, server);
    const [sealed] = (answerBody as { readonly values?: readonly Sealed[] } | undefined)?.values ?? [];
    if (sealed === undefined) throw sdkErrors.secretUnreadable({ reference });
    return sealed;
  }
}

function refusalOf(body: unknown, status: number, reference: string, server: string): Error {
  const { code, detail, retry } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof code !== "string" || typeof detail !== "string")
    return sdkErrors.secretUnreachable({ reference, server: `${server}, which answered ${status}` });
  return new TuttiError({
    code,
    message: detail,
    status: "PERMISSION_DENIED",
    retry: retry === "never" ? "never" : "same-key",
  });
}
