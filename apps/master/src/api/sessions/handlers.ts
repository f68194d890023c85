import type { sessionService } from "@tutti/contracts/session/v1";
import { cancelSession, pauseSession, resumeSession, terminateSession } from "@tutti/machine-session";
import type { Handlers } from "@tutti/mesh";
import { compareModes } from "./comparing.ts";
import { type SessionDesk, sessionNamed } from "./desk.ts";
import { listSessions, watchSessions } from "./listing.ts";
import { explain, getPlan, listTasks } from "./reading.ts";
import { executeSession } from "./starting.ts";
import { add, move, remove, retry, signal, steer } from "./steering.ts";
import { timeline } from "./timeline.ts";
import { awaitSession, watchSession } from "./waiting.ts";

export function sessionHandlers(desk: SessionDesk): Handlers<typeof sessionService> {
  return {
    executeSession: (request, context) => executeSession(desk, request, context),
    getSession: async ({ sessionId, atEvent }, context) => ({
      session: await sessionNamed(desk, sessionId, context, atEvent),
    }),
    listSessions: (request, context) => listSessions(desk, request, context),
    watchSessions: (request, context) => watchSessions(desk, request, context),
    watchSession: (request, context) => watchSession(desk, request, context),
    listTasks: (request, context) => listTasks(desk, request, context),
    awaitSession: (request, context) => awaitSession(desk, request, context),
    signalSession: (request, context) => signal(desk, request, context),
    addTasks: (request, context) => add(desk, request, context),
    pauseSession: (request, context) => steer(desk, pauseSession, request, context),
    resumeSession: (request, context) => steer(desk, resumeSession, request, context),
    cancelSession: (request, context) => steer(desk, cancelSession, request, context),
    terminateSession: (request, context) => steer(desk, terminateSession, request, context),
    retrySession: (request, context) => retry(desk, request, context),
    deleteSession: (request, context) => remove(desk, request, context),
    moveTasks: (request, context) => move(desk, request, context),
    explainSession: (request, context) => explain(desk, request, context),
    getSessionTimeline: (request, context) => timeline(desk, request, context),
    getPlan: (request, context) => getPlan(desk, request, context),
    compareModes: (request, context) => compareModes(desk, request, context),
  };
}
