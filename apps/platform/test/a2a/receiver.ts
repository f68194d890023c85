/** A client's receiver of push notifications. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { until } from "@tutti/kernel/testing";

export interface Notification {
  readonly id: string;
  readonly token: string;
  readonly authorization: string;
  readonly body: string;
  /** State of the task in the body. */
  readonly state: string;
  readonly taskId: string;
}

export class Receiver implements AsyncDisposable {
  readonly all: Notification[] = [];
  /** Status codes of the next replies. After them, 200. */
  readonly statuses: number[] = [];
  readonly #server = createServer(async (request, response) => {
    const body = await text(request);
    const { headers } = request;
    const { task } = JSON.parse(body) as { task: { id: string; status: { state: string } } };
    const header = (name: string) => String(headers[name] ?? "");
    this.all.push({
      ...{ id: header("webhook-id"), token: header("x-a2a-notification-token"), body },
      ...{ authorization: header("authorization"), state: task.status.state, taskId: task.id },
    });
    response.writeHead(this.statuses.shift() ?? 200).end();
  });

  static async open(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  url(path: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${path}`;
  }

  /** Waits for this number of notifications of a task and returns them. */
  of(taskId: string, count: number): Promise<readonly Notification[]> {
    return until(`${count} notifications`, () => {
      const found = this.all.filter((item) => item.taskId === taskId);
      return found.length < count ? undefined : found;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
