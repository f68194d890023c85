/**
 * The HTTP port of a process, for its services: one of them may answer all requests that are not for operations
 * endpoints.
 */
import { assert } from "@tutti/kernel";
import {
  type GuessWatch,
  type HttpHandler,
  type OperationsAccess,
  type OperationsAccessSettings,
  type OperationsSubject,
  operationsAccess,
} from "@tutti/telemetry";

export interface HostOperations {
  /** The configured listen address. */
  readonly host: string;
  /** Its URL: `http://127.0.0.1:7400`. Empty until it is open. */
  readonly url: () => string;
  /** The process as a whole. */
  readonly subject: () => OperationsSubject;
  /** Registers the handler of all other requests on the port. Called while the service is made. */
  mount(handler: HttpHandler): void;
}

export class MountedOperations implements HostOperations {
  readonly host: string;
  readonly url: () => string;
  readonly subject: () => OperationsSubject;
  /** Decides which callers see more of the process than its health. */
  readonly access: OperationsAccess;
  #handler: HttpHandler | undefined;

  static async open(
    settings: OperationsAccessSettings,
    process: Pick<HostOperations, "url" | "subject">,
    guesses: GuessWatch | undefined,
  ): Promise<MountedOperations> {
    return new MountedOperations(settings.host, await operationsAccess(settings, guesses), process);
  }

  private constructor(
    host: string,
    access: OperationsAccess,
    { url, subject }: Pick<HostOperations, "url" | "subject">,
  ) {
    this.host = host;
    this.access = access;
    this.url = url;
    this.subject = subject;
  }

  get handler(): HttpHandler | undefined {
    return this.#handler;
  }

  mount(handler: HttpHandler): void {
    assert(this.#handler === undefined, "a process has one front door", {});
    this.#handler = handler;
  }
}
