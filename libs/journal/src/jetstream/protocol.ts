/**
 * The bounds that all writers of a stream must agree on, for ever: they are part of its format.
 *
 * The server checks only whether the stream ends where a batch expects it. That orders everything, but it does not
 * fence. Example: an owner has the messages a, b, c under way. A new owner's seal takes the place of a, so that a is
 * refused. B expects the stream to end where the seal now is, and is accepted. So the reader decides which messages
 * count, by epochs, and these bounds limit where such stray messages can be:
 *
 * 1. An owner has at most `inFlightMax` messages without an answer, so its last ones land less than that behind the seal
 *    that replaced it.
 * 2. An owner has one message at a time under way until the stream is `inFlightMax` beyond its seal. So a stray message
 *    can take the place of one of its messages, which is then sent again, but its own messages never become stray: all
 *    with the newest epoch count.
 * 3. A seal expects the seal before it to be the last one, and of an older epoch. So seals come in the order of their
 *    epochs, under any load of the replaced owner.
 */
export const inFlightMax = 64;

/** A server with less is refused at the start, because batches up to 4 MiB would need many parts. */
export const payloadBytesMin = 8 * 1024 * 1024;
/** The head of a message with its headers: the part of the server's limit that is not available for content. */
export const overheadBytesMax = 4 * 1024;
