import { setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ThreadAnswer } from "@tutti/journal";
import { errorFromUnknown, thisSystem, toProblem } from "@tutti/kernel";
import { AuditBook } from "../book/book.ts";
import type { ExportRequest } from "../book/exporting.ts";
import type { Gathered, PreparedOf, ThreadOrders, ToThread } from "./messages.ts";
import { OwnLogFollower } from "./own-log.ts";

/**
 * The audit thread: hosts the book, and follows the log of its process for it. A stream continues when its
 * next part is requested.
 */
function run(port: MessagePort, { file, key }: ThreadOrders): void {
  let opened: Promise<AuditBook> | undefined;
  const bookOf = () => {
    opened ??= AuditBook.open(file, key).catch((error: unknown) => {
      // The next question tries again: a full disk may have space then.
      opened = undefined;
      throw error;
    });
    return opened;
  };
  const streams = new Map<number, Iterator<unknown, void>>();
  const follower = new OwnLogFollower();
  const answer = async (message: ToThread): Promise<ThreadAnswer> => {
    const { id } = message;
    try {
      const book = await bookOf();
      return {
        id,
        result:
          message.kind === "prepare"
            ? prepared(book, follower, message.gathered)
            : done(book, streams, message),
      };
    } catch (error) {
      return { id, problem: toProblem(errorFromUnknown(error)) };
    }
  };
  port.on("message", (message: ToThread) => {
    void answer(message).then((reply) => port.postMessage(reply));
  });
}

function prepared(book: AuditBook, follower: OwnLogFollower, { parts, own, bytesMax }: Gathered): PreparedOf {
  if (own === undefined) return { ...book.prepare(parts), isMore: false };
  const next = follower.next(own, (journal) => book.endOf(journal), bytesMax);
  return { ...book.prepare([...parts, ...next.parts]), isMore: next.isMore };
}

function done(
  book: AuditBook,
  streams: Map<number, Iterator<unknown, void>>,
  message: Exclude<ToThread, { kind: "prepare" }>,
): unknown {
  switch (message.kind) {
    case "call": {
      // The cast: TypeScript does not see that a call has its own arguments.
      const call = book[message.call] as (...values: readonly unknown[]) => unknown;
      return call.apply(book, [...message.values]);
    }
    case "records":
      return book.records;
    case "begin": {
      const { stream, request } = message;
      streams.set(
        message.id,
        stream === "export" ? book.export(request as ExportRequest) : book.verify(request as number),
      );
      return;
    }
    case "next": {
      const next = streams.get(message.of)?.next();
      return next === undefined || next.done === true ? undefined : next.value;
    }
    case "end":
      return streams.delete(message.of);
  }
}

/** If all cores are busy, other work goes first: the journals keep the new records. */
const behindOthers = 5;
if (thisSystem.hasThreadPriorities) setPriority(behindOthers);

// The cast is the thread's side of the contract with audit-thread.ts, which starts it with these and nothing else.
if (parentPort !== null) run(parentPort, workerData as ThreadOrders);
