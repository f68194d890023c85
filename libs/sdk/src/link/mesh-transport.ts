/** Frames to a host of the same process, over its mesh. Workers of tests use it. */
import { AgentFrame, agentLinkService, HostFrame } from "@tutti/contracts/agent/v1";
import { blobService } from "@tutti/contracts/blob/v1";
import { errorFromUnknown, Notifier } from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import { type BlobAccess, blobsOver } from "./blobs.ts";
import type { LinkStream, StreamEvents, Transport } from "./transport.ts";

export class MeshTransport implements Transport {
  readonly #mesh: Mesh;
  readonly #namespace: string;

  /** @param mesh calls the host as an external client would */
  constructor(mesh: Mesh, namespace: string) {
    this.#mesh = mesh;
    this.#namespace = namespace;
  }

  open(_address: string, events: StreamEvents): LinkStream {
    const client = this.#mesh.client(agentLinkService, { service: "swarm" });
    const frames = new Frames();
    const controller = new AbortController();
    const options = { signal: controller.signal, namespace: this.#namespace };
    const read = async (): Promise<string> => {
      for await (const frame of client.link(frames.all(), options))
        if (!controller.signal.aborted) events.frame(HostFrame.encode(frame).finish());
      return "the host ended the stream";
    };
    read()
      .catch((thrown: unknown) => errorFromUnknown(thrown).message)
      .then((reason) => {
        if (!controller.signal.aborted) events.ended(reason);
      });
    return {
      write: (bytes) => frames.add(bytes),
      end: () => frames.end(),
      cancel: (reason) => controller.abort(new Error(reason)),
    };
  }

  blobs(): BlobAccess {
    const { read, write } = blobsOver(this.#mesh.client(blobService));
    return {
      write,
      // Within the process, the memory of a part may be reused for a later part.
      async *read(blob) {
        for await (const part of read(blob)) yield Uint8Array.from(part);
      },
    };
  }

  close(): void {}
}

/** A queue of frames from the writer to the reader. */
class Frames {
  readonly #bell = new Notifier();
  readonly #waiting: Uint8Array[] = [];
  #isOver = false;

  add(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#bell.notify();
  }

  end(): void {
    this.#isOver = true;
    this.#bell.notify();
  }

  async *all(): AsyncGenerator<AgentFrame, void> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) yield AgentFrame.decode(bytes);
      else if (this.#isOver) return;
      else await this.#bell.notified();
    }
  }
}
