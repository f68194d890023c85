import { type Bell, errorFromUnknown, type TuttiError } from "@tutti/kernel";

/** The requests of a stream, read beside the sending until there is nothing more. */
export class Reading<Request> {
  readonly #bell: Bell;
  #isOver = false;
  #error: TuttiError | undefined;

  constructor(bell: Bell) {
    this.#bell = bell;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get error(): TuttiError | undefined {
    return this.#error;
  }

  run(incoming: AsyncIterator<Request>, exchange: { take(request: Request): void }): void {
    const readAll = async (): Promise<void> => {
      for (;;) {
        const next = await incoming.next();
        if (next.done === true || this.#isOver) return;
        exchange.take(next.value);
      }
    };
    readAll().then(
      () => this.end(undefined),
      (thrown: unknown) => this.end(errorFromUnknown(thrown)),
    );
  }

  end(error: TuttiError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#bell.ring();
  }
}
