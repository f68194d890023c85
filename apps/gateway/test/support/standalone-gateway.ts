/** The front door without other services, on a port of its own, with a page of a few files. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { gateway } from "../../src/service.ts";

export interface GatewayResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface GatewayRequest {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

interface Opening {
  readonly flags?: readonly string[];
  readonly hasPage?: boolean;
  readonly enforce?: boolean;
}

const files = {
  "index.html": "<!doctype html><title>Tutti</title>",
  "assets/index-Bx3kz91a.js": "export {};",
  "logo.svg": "<svg/>",
  "docs/index.html": "<!doctype html><title>Documentation</title>",
  "docs/search.json": "[]",
  "docs/start.md": "# Start",
};

/** The value for `--operations.key=env:SCRAPE_KEY`. */
export const scrapeKey = "7a1d".repeat(16);

export class StandaloneGateway implements AsyncDisposable {
  readonly host: ServiceHost;
  readonly #directory: string;
  readonly #agent = new Agent({ keepAlive: true });

  /** Governance does not run, so in enforcing mode no service accepts the door's audit records. */
  static async open({ flags = [], hasPage = true, enforce = false }: Opening = {}) {
    const directory = await mkdtemp(join(tmpdir(), "gateway-"));
    for (const [name, content] of Object.entries(hasPage ? files : {})) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), content);
    }
    const options = [
      "--operations.port=0",
      "--mesh.transport=in-process",
      "--log.level=fatal",
      `--access.enforce=${enforce}`,
      `--gateway.page=${directory}`,
      `--gateway.docs=${join(directory, "docs")}`,
    ];
    const host = await ServiceHost.open({
      ...{ name: "gateway", version: "1.2.3", services: [gateway] },
      sources: memorySources({
        arguments: [...options, ...flags],
        environment: { DOOR_KEY: "open sesame", SCRAPE_KEY: scrapeKey },
      }),
    });
    await host.start();
    return new StandaloneGateway(host, directory);
  }

  private constructor(host: ServiceHost, directory: string) {
    this.host = host;
    this.#directory = directory;
  }

  get port(): number {
    return this.host.operations.address?.port ?? 0;
  }

  request(
    path: string,
    { method = "GET", headers = {}, body }: GatewayRequest = {},
  ): Promise<GatewayResponse> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: this.port, path, method, headers, agent: this.#agent });
      sent.once("error", reject);
      sent.once("response", (answer) => {
        text(answer).then(
          (content) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: content }),
          reject,
        );
      });
      sent.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.host.stop();
    await rm(this.#directory, { recursive: true });
  }
}
