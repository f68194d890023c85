/**
 * The local port of the process that has a data directory, for callers that may read the directory. It listens only on
 * this machine, and the directory contains its port and secret. So it requires no rights beyond those of the files, and
 * works if nothing else of the process is reachable.
 */
import { rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import {
  type Chance,
  errorFromUnknown,
  fromProblem,
  type Logger,
  type Problem,
  privateModes,
  problemMediaType,
  systemCodeOf,
  toProblem,
} from "@tutti/kernel";
import * as z from "zod";
import { type KeysCopied, keysCopied } from "./copied-keys.ts";
import type { DataLayout } from "./layout.ts";

// An `import` would load undici as well.
const { createServer, request } = process.getBuiltinModule("node:http");

export interface BackupServerParts {
  readonly layout: Pick<DataLayout, "backupEndpoint">;
  readonly chance: Chance;
  readonly logger: Logger;
  /** Copies everything to an empty or missing directory. */
  backUp(target: string, keys: KeysCopied): Promise<void>;
}

const backupEndpoint = z.object({ port: z.int(), secret: z.string() });
const backupRequest = z.object({ target: z.string().min(1), keys: keysCopied });
const secretBytes = 32;

export class BackupServer {
  readonly #parts: BackupServerParts;
  readonly #secret: string;
  #server: Server | undefined;

  constructor(parts: BackupServerParts) {
    this.#parts = parts;
    this.#secret = Buffer.from(parts.chance.fill(new Uint8Array(secretBytes))).toString("hex");
  }

  async start(): Promise<void> {
    const server = createServer((request, reply) => void this.#handleRequest(request, reply));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    server.unref();
    this.#server = server;
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { backupEndpoint: endpoint } = this.#parts.layout;
    rmSync(endpoint, { force: true });
    writeFileSync(endpoint, `${JSON.stringify({ port, secret: this.#secret })}\n`, {
      mode: privateModes.file,
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    rmSync(this.#parts.layout.backupEndpoint, { force: true });
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    this.#server = undefined;
  }

  async #handleRequest(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const isKnown = request.headers.authorization === `Bearer ${this.#secret}`;
    if (!isKnown || request.method !== "POST" || request.url !== "/backup") {
      reply.writeHead(isKnown ? 404 : 403).end();
      return;
    }
    try {
      const { target, keys } = backupRequest.parse(await json(request));
      await this.#parts.backUp(target, keys);
      reply.writeHead(204).end();
    } catch (error) {
      this.#parts.logger.warn("failed to copy the data directory", { error });
      reply.writeHead(500, { "content-type": problemMediaType });
      reply.end(JSON.stringify(toProblem(errorFromUnknown(error))));
    }
  }
}

/** Requests a copy from the process that has a directory. Returns false if no process listens. */
export async function requestBackup(
  layout: Pick<DataLayout, "backupEndpoint">,
  target: string,
  keys: KeysCopied,
): Promise<boolean> {
  const found = backupEndpoint.safeParse(await readEndpoint(layout.backupEndpoint));
  if (!found.success) return false;
  const { port, secret } = found.data;
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    const outgoing = request(
      { host: "127.0.0.1", port, path: "/backup", method: "POST", headers },
      (reply) => {
        if (reply.statusCode === 204) resolve(true);
        else if (reply.statusCode !== 500) resolve(false);
        // The cast: only the process that wrote the secret has it.
        else json(reply).then((problem) => reject(fromProblem(problem as Problem)), reject);
      },
    );
    outgoing.on("error", (error) =>
      systemCodeOf(error) === "ECONNREFUSED" ? resolve(false) : reject(error),
    );
    outgoing.end(JSON.stringify({ target, keys }));
  });
}

async function readEndpoint(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}
