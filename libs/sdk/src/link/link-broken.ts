/** The host broke the rules of the link: the stream ends, the worker does not. */
export class LinkBroken extends Error {
  /** Whether a new stream of the same link can repair it. */
  readonly canResume: boolean;

  constructor(message: string, { canResume = false }: { readonly canResume?: boolean } = {}) {
    super(message);
    this.canResume = canResume;
  }
}
