import { errorFromUnknown, type Notifier, type TuttiError } from "@tutti/kernel";

/** Reads the requests of a stream, in parallel with sending, until its end. */
export class Reading<Request> {
  readonly #bell: Notifier;
  #isOver = false;
  #error: TuttiError | undefined;

  constructor(bell: Notifier) {
    this.#bell = bell;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get error(): TuttiError | undefined {
    return this.#error;
  }

  /** Contents that take time to process delay later ones. */
  run(incoming: AsyncIterator<Request>, exchange: { receive(request: Request): Promise<void> | void }): void {
    const readAll = async (): Promise<void> => {
      for (;;) {
        const next = await incoming.next();
        if (next.done === true || this.#isOver) return;
        const pending = exchange.receive(next.value);
        if (pending !== undefined) await pending;
      }
    };
    readAll().then(
      () => this.finish(undefined),
      (thrown: unknown) => this.finish(errorFromUnknown(thrown)),
    );
  }

  finish(error: TuttiError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#bell.notify();
  }
}
