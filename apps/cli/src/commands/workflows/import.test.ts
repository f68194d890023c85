import assert from "node:assert/strict";
import { it } from "node:test";
import { untranslatedLines } from "./import.ts";

it("an import lists each construct that needs an action, then bookkeeping with one line for each reason", () => {
  const bookkeeping = { reason: "Tutti assigns its own", isBookkeeping: true } as const;
  assert.deepEqual(
    untranslatedLines("history.json", [
      { line: 6, construct: "SendMail", reason: "a worker has to offer the capability `send-mail`" },
      { line: 1, construct: "eventTime", ...bookkeeping },
      { line: 2, construct: "taskId", ...bookkeeping },
      { line: 3, construct: "taskId", ...bookkeeping },
    ]),
    [
      "history.json:6: `SendMail` is not translated: a worker has to offer the capability `send-mail`",
      "history.json: nothing to do, Tutti assigns its own: `eventTime`, `taskId`",
      "1 construct not translated.",
    ],
  );
});
