/**
 * How far apart things can be in a stream. All writers of a stream must agree on these, for ever: they are part of its
 * format.
 *
 * The server judges a message by one thing, whether the stream ends where the message expects it. That orders everything,
 * but it does not fence: of an owner with the messages a, b, c under way, a new owner's seal takes the place of a, so that a
 * is refused; b expects the stream to end where the seal now is, and is taken. So who reads decides what counts, by epochs,
 * and these bounds say where such stray messages can lie:
 *
 * 1. An owner has at most `underWayMax` messages without an answer, so its last ones land less than that behind the seal
 *    that replaced it.
 * 2. A seal is sent only by who has read all up to some message, found there no epoch as new as its own, and expects the
 *    stream to end less than `reachMax` behind that message. So a seal that comes too late to count lies less than that
 *    behind the one that came first.
 * 3. An owner has one message at a time under way until the stream is `unrestMax` beyond its seal. So a stray message can
 *    take the place of one of its own, which is then sent again, but none of its own ever becomes a stray one: what has
 *    the newest epoch counts.
 */
export const underWayMax = 64;
export const reachMax = 256;
export const unrestMax = Math.max(underWayMax, reachMax);

/** What is refused at the start, because batches up to 4 MiB would travel in many parts otherwise. */
export const payloadBytesMin = 8 * 1024 * 1024;
/** The head of a message with its headers: what of the server's limit is not for the content. */
export const overheadBytesMax = 4 * 1024;
