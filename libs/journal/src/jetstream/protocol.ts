/**
 * The bounds that all writers of a stream must agree on, for ever: they are part of its format.
 *
 * The server judges a batch by one thing, whether the stream ends where the batch expects it. That orders
 * everything, but it does not fence. Example: an owner has the messages a, b, c under way. A new owner's seal
 * takes the place of a, so that a is refused. B expects the stream to end where the seal now is, and is
 * accepted. So the reader decides which messages count, by epochs, and these bounds limit where such stray
 * messages can be:
 *
 * 1. An owner has at most `underWayMax` messages without an answer, so its last ones land less than that behind the seal
 *    that replaced it.
 * 2. An owner has one message at a time under way until the stream is `underWayMax` beyond its seal. So a stray message
 *    can take the place of one of its own, which is then sent again, but none of its own ever becomes a stray one: what
 *    has the newest epoch counts.
 * 3. A seal expects the seal before it to be the last one, and that to be of an older epoch. So seals come in the order
 *    of their epochs, however busy the owner is that they replace.
 */
export const underWayMax = 64;

/** What is refused at the start, because batches up to 4 MiB would travel in many parts otherwise. */
export const payloadBytesMin = 8 * 1024 * 1024;
/** The head of a message with its headers: what of the server's limit is not for the content. */
export const overheadBytesMax = 4 * 1024;
