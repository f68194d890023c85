/** Partial output of a task, as it comes: pieces of one attempt, in their order. A later attempt replaces it all. */

export interface Chunk {
  readonly attempt?: number;
  readonly index?: number;
  readonly channel?: string;
  /** In base64. */
  readonly chunk?: string;
  readonly mediaType?: string;
}

export interface Gathered {
  readonly attempt: number;
  /** Text by channel. The only one has no name. */
  readonly channels: ReadonlyMap<string, string>;
  /** Characters that are no longer shown, because there are more than a person reads. */
  readonly dropped: number;
}

export const nothing: Gathered = { attempt: 0, channels: new Map(), dropped: 0 };

/** The page shows the end of a channel. */
const charactersMax = 200_000;

export function gather(before: Gathered, chunks: readonly Chunk[]): Gathered {
  let { attempt, dropped } = before;
  let channels = new Map(before.channels);
  for (const { attempt: of = 0, channel = "", chunk = "", mediaType = "" } of chunks) {
    if (of < attempt) continue;
    if (of > attempt) {
      attempt = of;
      channels = new Map();
      dropped = 0;
    }
    const combined = (channels.get(channel) ?? "") + textOf(chunk, mediaType);
    const retained = combined.slice(-charactersMax);
    dropped += combined.length - retained.length;
    channels.set(channel, retained);
  }
  return { attempt, channels, dropped };
}

function textOf(base64: string, mediaType: string): string {
  const isText = mediaType === "" || /^text\/|json|xml|javascript/.test(mediaType);
  const binary = atob(base64);
  if (!isText) return `[${binary.length} bytes of ${mediaType}]\n`;
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}
