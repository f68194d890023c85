/** Lists and shows locks. */

import type { Lock, LockGrant, LockWaiter, WorkReference } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { namedWork } from "./named-work.ts";

export async function listLocks(context: Context): Promise<Result> {
  const { values, print } = context;
  const prefix = values.text("prefix");
  const query = {
    ...(prefix === undefined ? {} : { prefix }),
    ...(values.flag("contended") ? { contendedOnly: true } : {}),
    ...holderFilter(context),
  };
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("locks.list", { query: { ...server.namespace, ...query, ...page } }),
    ({ locks }) => locks,
  );
  return {
    json: { locks: entries },
    nextToken,
    quiet: entries.map((lock) => lock.name),
    empty: entries.length === 0 ? "No locks yet." : undefined,
    draw: () => {
      print.table(
        [
          { title: "lock", widthMin: 8 },
          { title: "permits", align: "right" },
          { title: "free", align: "right" },
          { title: "waiting", align: "right" },
          { title: "held by", yields: 1, widthMin: 8 },
        ],
        entries.map(({ name, permits = 0, free = 0, waiting = 0, grants }) => [
          { text: name, tone: "bold" },
          { text: String(permits), tone: "dim" },
          { text: String(free), tone: free > 0 ? "green" : "dim" },
          { text: String(waiting), tone: waiting > 0 ? "yellow" : "dim" },
          { text: grants.map(holderText).join(", "), tone: "dim" },
        ]),
      );
    },
  };
}

function holderFilter(context: Context): Readonly<Record<string, string>> {
  const example = ["tutti lock list --held-by session/ses_1", "lists the locks of this session"] as const;
  const work = namedWork(context, "held-by", example);
  return work === undefined ? {} : { heldByKind: work.kind, heldById: work.id };
}

export async function showLock(context: Context): Promise<Result> {
  const { values } = context;
  const server = await connect(context);
  const params = { name: values.argument("NAME") };
  const lock: Lock = await server.call("locks.get", { params, query: server.namespace });
  return {
    json: lock,
    quiet: lock.grants.map(({ holder = "" }) => holder),
    draw: () => {
      drawLock(context, lock);
    },
  };
}

function drawLock(
  { print, shell }: Context,
  { name, permits = 0, free = 0, grants, waiters, waiting = 0 }: Lock,
): void {
  const nowMs = shell.nowMs();
  print.line(`${print.style.bold(safe(name))}  ${free} of ${permits} free`);
  if (grants.length > 0)
    print.table(
      [
        { title: "held by", widthMin: 10 },
        { title: "permits", align: "right" },
        { title: "since" },
        { title: "until" },
        { title: "token", yields: 1, widthMin: 8 },
      ],
      grants.map((grant) => {
        const {
          permits: heldPermits = 0,
          shared,
          acquireTimeMs = nowMs,
          expireTimeMs = nowMs,
          token = 0,
        } = grant;
        return [
          { text: holderText(grant), tone: "bold" },
          { text: shared === true ? `${heldPermits} shared` : String(heldPermits), tone: "dim" },
          { text: printAge(acquireTimeMs, nowMs), tone: "dim" },
          { text: `in ${printDurationMs(Math.max(0, expireTimeMs - nowMs))}`, tone: "dim" },
          { text: String(token), tone: "dim" },
        ];
      }),
    );
  if (waiters.length === 0) return;
  print.line("");
  print.table(
    [
      { title: "waiting", widthMin: 10 },
      { title: "permits", align: "right" },
      { title: "since" },
      { title: "priority", align: "right", yields: 1, widthMin: 8 },
    ],
    waiters.map((waiter) => {
      const { permits: requestedPermits = 0, shared, startTimeMs = nowMs, priority = 0 } = waiter;
      return [
        { text: holderText(waiter), tone: "yellow" },
        { text: shared === true ? `${requestedPermits} shared` : String(requestedPermits), tone: "dim" },
        { text: printAge(startTimeMs, nowMs), tone: "dim" },
        { text: String(priority), tone: "dim" },
      ];
    }),
  );
  if (waiting > waiters.length) print.note(`and ${waiting - waiters.length} more`);
}

function holderText({ holder = "", work }: LockGrant | LockWaiter): string {
  return work === undefined ? holder : `${nameOf(work)} (${holder})`;
}

function nameOf({ kind = "", id = "", task = "" }: WorkReference): string {
  return task === "" ? `${kind} ${id}` : `${kind} ${id}/${task}`;
}

export async function listDeadlocks(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("locks.deadlocks", { query: { ...server.namespace, ...page } }),
    ({ deadlocks }) => deadlocks,
  );
  return {
    json: { deadlocks: entries },
    nextToken,
    quiet: entries.map(({ victim }) => victim?.id ?? ""),
    empty: entries.length === 0 ? "No deadlocks." : undefined,
    draw: () => {
      for (const { findTimeMs = 0, victim, reason = "" } of entries) {
        print.line(
          `${print.style.dim(printAge(findTimeMs, shell.nowMs()))}  ${print.style.bold(safe(victim === undefined ? "unknown" : nameOf(victim)))} was the victim`,
        );
        print.line(`  ${safe(reason)}`);
      }
    },
  };
}
