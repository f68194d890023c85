import type { sessionService } from "@tutti/contracts/session/v1";
import { cancelSession, pauseSession, resumeSession, terminateSession } from "@tutti/machine-session";
import type { Handlers } from "@tutti/mesh";
import { compareModes } from "./comparing.ts";
import { type SessionDependencies, sessionNamed } from "./dependencies.ts";
import { listSessions, watchSessions } from "./listing.ts";
import { explain, getPlan, listTasks } from "./reading.ts";
import { executeSession } from "./starting.ts";
import { add, move, remove, retry, signal, steer } from "./steering.ts";
import { timeline } from "./timeline.ts";
import { awaitSession, watchSession } from "./waiting.ts";

export function sessionHandlers(dependencies: SessionDependencies): Handlers<typeof sessionService> {
  return {
    executeSession: (request, context) => executeSession(dependencies, request, context),
    getSession: async ({ sessionId, atEvent }, context) => ({
      session: await sessionNamed(dependencies, sessionId, context, atEvent),
    }),
    listSessions: (request, context) => listSessions(dependencies, request, context),
    watchSessions: (request, context) => watchSessions(dependencies, request, context),
    watchSession: (request, context) => watchSession(dependencies, request, context),
    listTasks: (request, context) => listTasks(dependencies, request, context),
    awaitSession: (request, context) => awaitSession(dependencies, request, context),
    signalSession: (request, context) => signal(dependencies, request, context),
    addTasks: (request, context) => add(dependencies, request, context),
    pauseSession: (request, context) => steer(dependencies, pauseSession, request, context),
    resumeSession: (request, context) => steer(dependencies, resumeSession, request, context),
    cancelSession: (request, context) => steer(dependencies, cancelSession, request, context),
    terminateSession: (request, context) => steer(dependencies, terminateSession, request, context),
    retrySession: (request, context) => retry(dependencies, request, context),
    deleteSession: (request, context) => remove(dependencies, request, context),
    moveTasks: (request, context) => move(dependencies, request, context),
    explainSession: (request, context) => explain(dependencies, request, context),
    getSessionTimeline: (request, context) => timeline(dependencies, request, context),
    getPlan: (request, context) => getPlan(dependencies, request, context),
    compareModes: (request, context) => compareModes(dependencies, request, context),
  };
}
