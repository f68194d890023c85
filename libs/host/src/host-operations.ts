/** The HTTP port of a process, as its services have it: one of them may answer what is no operations endpoint. */
import { assert } from "@tutti/kernel";
import {
  type FrontDoor,
  type GuessWatch,
  type OperationsAccess,
  type OperationsAccessSettings,
  type OperationsSubject,
  operationsAccess,
} from "@tutti/telemetry";

export interface HostOperations {
  /** The address that is listened on, as configured. */
  readonly host: string;
  /** Where it is open: `http://127.0.0.1:7400`. Empty as long as it is not. */
  readonly url: () => string;
  /** The process as a whole. */
  readonly subject: () => OperationsSubject;
  /** Has the door answer everything else on the port. Asked while the service is made. */
  mount(door: FrontDoor): void;
}

export class MountedOperations implements HostOperations {
  readonly host: string;
  readonly url: () => string;
  readonly subject: () => OperationsSubject;
  /** Decides which callers see more of the process than whether it is well. */
  readonly access: OperationsAccess;
  #door: FrontDoor | undefined;

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

  get door(): FrontDoor | undefined {
    return this.#door;
  }

  mount(door: FrontDoor): void {
    assert(this.#door === undefined, "a process has one front door", {});
    this.#door = door;
  }
}
