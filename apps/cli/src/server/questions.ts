/** Open questions to people, with their subject: `pay.refund {"amount":150}`. */
import { answererText, answersText, callOf, contextText } from "@tutti/rest/history";
import type { Approval, Explanation, Remedy } from "@tutti/rest/types";
import { Failure } from "../command/failure.ts";
import { printMoment } from "../terminal/time.ts";
import type { Server } from "./calls.ts";
import { missingCodes, whichever } from "./whichever.ts";

const listedMax = 200;
/** Maximum of an input that a user can edit in a command. */
const inputLengthMax = 200;

/** Open questions of a work and of its children. */
export interface FamilyQuestions {
  readonly kind: "run" | "mission" | "session";
  /** Its own questions, and those of its tasks in inboxes. A session has those of its parts. */
  readonly own: readonly Approval[];
  readonly ofChildren: readonly Approval[];
}

/** Returns the open questions of all runs and missions. */
export async function openQuestions(server: Server): Promise<readonly Approval[]> {
  const query = queryOf(server, undefined);
  const ofMissions = server.call("missions.approvals", { query });
  return [...(await questionsOfRuns(server, undefined)), ...(await ofMissions).approvals];
}

/** Returns the open questions of a run, mission or session, and of its children. */
export async function questionsOfFamily(server: Server, id: string): Promise<FamilyQuestions> {
  const parts = { params: { id }, query: server.namespace };
  // A missing work has no questions either. These calls fail for a mistyped id.
  const kind = await whichever<FamilyQuestions["kind"]>({
    run: () => server.call("runs.get", parts).then(() => "run"),
    mission: () => server.call("missions.get", parts).then(() => "mission"),
    session: () => server.call("sessions.get", parts).then(() => "session"),
  });
  const listed = async (list: "approvals.list" | "missions.approvals") => {
    const isRequired = (list === "missions.approvals") === (kind === "mission");
    try {
      const query = { ...queryOf(server, id), withChildren: true };
      return (await server.call(list, { query })).approvals;
    } catch (error) {
      // Neither the work nor a child is of this kind, or the user may not see them.
      const codes: readonly string[] = Object.values(missingCodes);
      if (!isRequired || (error instanceof Failure && codes.includes(error.code))) return [];
      throw error;
    }
  };
  const all = (await Promise.all([listed("approvals.list"), listed("missions.approvals")])).flat();
  const isOwn = (question: Approval) => kind === "session" || waitingWork(question).id === id;
  return { kind, own: all.filter(isOwn), ofChildren: all.filter((question) => !isOwn(question)) };
}

/** Returns the open questions of all runs, or of one run. */
export async function questionsOfRuns(
  server: Server,
  runId: string | undefined,
): Promise<readonly Approval[]> {
  return (await server.call("approvals.list", { query: queryOf(server, runId) })).approvals;
}

/** Returns the work whose task waits for an answer: of the task in an inbox, or else of the one that asks. */
export function waitingWork({ inboxTask, about }: Approval): { readonly id: string; readonly task: string } {
  const { id = "", task = "" } = inboxTask?.about ?? about ?? {};
  return { id, task };
}

/** Says where a task waits for a person, and how to answer: `in the inbox finance (pay.review), for ann …`. */
export function inboxText(question: Approval, nowMs: number): string | undefined {
  const { inboxTask, requestTimeMs, expireTimeMs, claim } = question;
  if (inboxTask === undefined) return undefined;
  const { inbox = "", capability = "" } = inboxTask;
  const { id, task } = waitingWork(question);
  const people = claim === undefined ? answererText(question) : `${claim.person ?? ""}, who claimed it`;
  const answers = answersText(question);
  const parts = [
    `${task} waits in the inbox ${inbox} (${capability})`,
    people === "" ? "" : `for ${people}`,
    requestTimeMs === undefined ? "" : `since ${printMoment(requestTimeMs, nowMs)}`,
    expireTimeMs === undefined ? "" : `until ${printMoment(expireTimeMs, nowMs)}`,
    answers === "" ? "" : `with ${answers}`,
  ].filter((part) => part !== "");
  return `${parts.join(" ")}: tutti approve ${id} ${task}`;
}

const queryOf = ({ namespace }: Server, workId: string | undefined) => ({
  ...namespace,
  size: listedMax,
  ...(workId === undefined ? {} : { workId }),
});

/** Adds the subject of questions to the waits for a person. Without permission for questions, returns the rest. */
export async function withQuestions(
  server: Server,
  id: string,
  explanation: Explanation,
): Promise<Explanation> {
  if (!needsApproval(explanation)) return explanation;
  const { own } = await questionsOfFamily(server, id).catch(() => ({ own: [] }));
  return detailed(explanation, own);
}

const needsApproval = ({ waits, parts }: Explanation): boolean =>
  waits.some(({ cause }) => cause === "approval") || parts.some(needsApproval);

export function detailed(explanation: Explanation, open: readonly Approval[]): Explanation {
  const textOf = (subject = ""): string => {
    const question = open.find(({ approvalId }) => approvalId === subject);
    return question === undefined ? "" : contextText(question);
  };
  const { about, summary = "", waits, parts, remedies } = explanation;
  const questions = open.filter(({ approvalId }) => waits.some(({ subject }) => subject === approvalId));
  const isTask = (about?.task ?? "") !== "";
  const [first = ""] = waits.map(({ subject }) => textOf(subject)).filter((text) => text !== "");
  return {
    ...explanation,
    ...(isTask && first !== "" ? { summary: `${summary.replace(/\.$/, "")} ${first}` } : {}),
    waits: waits.map((wait) => ({
      ...wait,
      message: `${wait.message ?? ""} ${textOf(wait.subject)}`.trim(),
    })),
    remedies: [...remedies, ...questions.flatMap(changes)],
    parts: parts.map((part) => detailed(part, open)),
  };
}

/** Returns the command that approves a call of an agent with a changed input. It has the present input to edit. */
function changes({ about, context }: Approval): readonly Remedy[] {
  const call = callOf(context);
  if (call === undefined || about?.id === undefined) return [];
  const json = JSON.stringify(call.input) ?? "";
  const input = json.length > inputLengthMax ? "JSON" : `'${json.replaceAll("'", "'\\''")}'`;
  const command = `tutti approve ${about.id} ${about.task ?? ""} --form input=${input}`;
  return [{ text: "Approve it with another input.", command }];
}
