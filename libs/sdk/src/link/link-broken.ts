/** The host violated the protocol of the link. The stream ends, and the worker continues. */
export class LinkBroken extends Error {
  /** True if a new stream can resume the link. */
  readonly canResume: boolean;

  constructor(message: string, { canResume = false }: { readonly canResume?: boolean } = {}) {
    super(message);
    this.canResume = canResume;
  }
}
