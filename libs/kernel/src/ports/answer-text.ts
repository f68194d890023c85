/**
 * Maximum size of an unpacked answer. `fetch` unpacks gzip and brotli: a few kilobytes may become gigabytes, so the
 * bytes are counted as they are unpacked.
 */

const bytesMaxDefault = 16 * 1024 * 1024;

/** Reads the text of an answer. Throws if it is longer than the maximum. */
export async function answerText(
  { body }: Pick<Response, "body">,
  bytesMax = bytesMaxDefault,
): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  // Leaving the loop cancels the rest.
  for await (const piece of body) {
    bytes += piece.byteLength;
    if (bytes > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
