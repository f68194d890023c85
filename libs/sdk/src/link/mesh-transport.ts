/** Frames to a host of the same process, by its mesh: what a worker of a test links over. */
import { createHash } from "node:crypto";
import { AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import { blobService } from "@tutti/contracts/blob/v1";
import { Bell, errorFromUnknown } from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import type { BlobWanted, LinkStream, StreamEvents, Transport } from "./transport.ts";

export class MeshTransport implements Transport {
  readonly #mesh: Mesh;
  readonly #namespace: string;

  /** @param mesh calls the host as from outside */
  constructor(mesh: Mesh, namespace: string) {
    this.#mesh = mesh;
    this.#namespace = namespace;
  }

  open(_address: string, events: StreamEvents): LinkStream {
    const client = this.#mesh.client(agentLinkService, { service: "swarm" });
    const frames = new Frames();
    const giveUp = new AbortController();
    const options = { signal: giveUp.signal, namespace: this.#namespace };
    const read = async (): Promise<string> => {
      for await (const frame of client.link(frames.all(), options))
        if (!giveUp.signal.aborted) events.frame(HostFrame.encode(frame).finish());
      return "the host ended the stream";
    };
    read()
      .catch((thrown: unknown) => errorFromUnknown(thrown).message)
      .then((reason) => {
        if (!giveUp.signal.aborted) events.ended(reason);
      });
    return {
      write: (bytes) => frames.add(bytes),
      end: () => frames.end(),
      cancel: (reason) => giveUp.abort(new Error(reason)),
    };
  }

  async readBlob(_address: string, { namespace, sha256, bytes }: BlobWanted): Promise<Uint8Array> {
    const blobs = this.#mesh.client(blobService);
    const parts: Uint8Array[] = [];
    let lengthBytes = 0;
    for await (const { chunk } of blobs.get({ namespace, sha256, offset: 0, length: 0 })) {
      lengthBytes += chunk.length;
      if (lengthBytes > bytes) break;
      parts.push(chunk);
    }
    const content = Buffer.concat(parts);
    if (createHash("sha256").update(content).digest().equals(sha256)) return content;
    throw new Error(`${content.length} bytes that do not have the hash of the reference`);
  }

  close(): void {}
}

/** What is written, as it is read. */
class Frames {
  readonly #bell = new Bell();
  readonly #waiting: Uint8Array[] = [];
  #isOver = false;

  add(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#bell.ring();
  }

  end(): void {
    this.#isOver = true;
    this.#bell.ring();
  }

  async *all(): AsyncGenerator<AgentFrame, void> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) yield AgentFrame.decode(bytes);
      else if (this.#isOver) return;
      else await this.#bell.rung();
    }
  }
}
