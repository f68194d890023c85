/** The host violated the protocol of the link. The stream ends, and the worker continues. */
export class LinkBroken extends Error {
  /** Whether a new stream of the same link can repair it. */
  readonly canResume: boolean;

  constructor(message: string, { canResume = false }: { readonly canResume?: boolean } = {}) {
    super(message);
    this.canResume = canResume;
  }
}
