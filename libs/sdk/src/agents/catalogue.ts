/** Reads the capabilities and workflows that agents may use from the REST API of the platform. */

import type { Json } from "@tutti/expressions";
import { answerText, reasonOf, type Timers } from "@tutti/kernel";
import { agentErrors } from "./errors.ts";
import { isMembers, type Members, membersIn, textIn } from "./models/wire.ts";
import type { Catalogue, CatalogueEntry } from "./tools.ts";

const callMs = 10_000;
const pageSize = 1_000;

export class RestCatalogue implements Catalogue {
  readonly #server: string;
  /** The worker's token, for tasks without a token of their own. */
  readonly #accessToken: string | undefined;
  readonly #ports: { readonly fetch: typeof fetch; readonly timers: Timers };

  constructor(
    { server, accessToken }: { readonly server: string; readonly accessToken: string | undefined },
    ports: { readonly fetch: typeof fetch; readonly timers: Timers },
  ) {
    this.#server = server.replace(/\/+$/, "");
    this.#accessToken = accessToken;
    this.#ports = ports;
  }

  async capabilities(namespace: string, accessToken: string): Promise<readonly CatalogueEntry[]> {
    const listed: unknown[] = [];
    let token = "";
    do {
      const page = { namespace, size: String(pageSize), ...(token !== "" && { token }) };
      const body = await this.#get(`/v1/capabilities?${query(page)}`, accessToken);
      const capabilities = body?.["capabilities"];
      if (Array.isArray(capabilities)) listed.push(...capabilities);
      token = body === undefined ? "" : textIn(body, "nextToken");
    } while (token !== "");
    return listed.filter(isMembers).map((entry: Members) => {
      const versions = entry["versions"];
      const newest: unknown = Array.isArray(versions) ? versions[0] : undefined;
      const capability = isMembers(newest) ? membersIn(newest, "capability") : {};
      return {
        name: textIn(entry, "name"),
        description: textIn(capability, "description"),
        inputSchema: schemaIn(capability["inputSchema"]),
      };
    });
  }

  async workflow(name: string, namespace: string, accessToken: string): Promise<CatalogueEntry | undefined> {
    const path = `/v1/workflows/${encodeURIComponent(name)}?${query({ namespace })}`;
    const body = await this.#get(path, accessToken);
    if (body === undefined) return undefined;
    return {
      name,
      description: textIn(body, "description") || `The workflow ${name}.`,
      inputSchema: schemaIn(body["inputSchema"]),
    };
  }

  /** Returns the answer, or undefined for an unknown name. */
  async #get(path: string, accessToken: string): Promise<Members | undefined> {
    const token = accessToken || this.#accessToken;
    const late = new AbortController();
    const timer = this.#ports.timers.after(callMs, () => late.abort());
    try {
      const answer = await this.#ports.fetch(`${this.#server}${path}`, {
        redirect: "error",
        signal: late.signal,
        headers: token === undefined || token === "" ? {} : { authorization: `Bearer ${token}` },
      });
      if (answer.status === 404) return undefined;
      if (!answer.ok) throw new Error(`${answer.status} ${(await answerText(answer)).slice(0, 300)}`);
      const body: unknown = JSON.parse(await answerText(answer));
      return isMembers(body) ? body : {};
    } catch (error) {
      const reason = reasonOf(error);
      throw agentErrors.catalogueUnreachable({ server: this.#server, reason });
    } finally {
      timer.cancel();
    }
  }
}

function query(members: Readonly<Record<string, string>>): string {
  return new URLSearchParams(members).toString();
}

/** A schema comes as text or as JSON. */
function schemaIn(value: unknown): Json {
  if (typeof value !== "string") return (value ?? {}) as Json;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return {};
  }
}
