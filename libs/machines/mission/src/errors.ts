import { counted, defineErrors, printDuration } from "@tutti/kernel";
import { type Conflict, conflictText, statusClause } from "@tutti/machine-work";

/** Errors that a mission returns to its callers, and errors of tasks that no agent reported. */
export const missionErrors = defineErrors("mission", {
  missionMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace has no mission with this id, or the mission was removed after its retention.",
    message: ({ id }: { id: string }) => `Mission \`${id}\` not found`,
    remedy: "List missions with `tutti mission list`.",
  },
  missionConflict: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A mission with this id was started with another specification. The same start again returns the existing mission.",
    message: (conflict: Conflict) => conflictText("Mission", conflict),
    remedy: "Choose another id, or start it with the same specification.",
  },
  missionEnded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The request needs a mission that has not ended. Its status is in the message.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Mission \`${id}\` ${statusClause(status)}, and the request needs a mission that has not ended`,
    remedy: "See its state with `tutti mission show`.",
  },
  missionGoesOn: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A mission is removed once it has ended. Cancel or terminate it first.",
    message: ({ id, status }: { id: string; status: string }) =>
      `Mission \`${id}\` ${statusClause(status)}, and only an ended mission can be deleted`,
    remedy: "Cancel or terminate the mission first.",
  },
  orderInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request to start a mission exceeds a limit or contains an invalid expression.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the request and start the mission again.",
  },
  cancelled: {
    status: "CANCELLED",
    retry: "never",
    help: "A user cancelled the mission.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The mission was cancelled by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start the mission again if it is still needed.",
  },
  terminated: {
    status: "CANCELLED",
    retry: "never",
    help: "A user terminated the mission.",
    message: ({ by, reason }: { by: string; reason: string }) =>
      `The mission was terminated by ${by}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Start the mission again if it is still needed.",
  },
  withdrawn: {
    status: "CANCELLED",
    retry: "never",
    help: "The parent withdrew this child mission before it started. The mission does not start.",
    message: ({ reason }: { reason: string }) =>
      `The parent withdrew the mission before it started: ${reason}`,
    remedy: "Start the mission again if it is still needed.",
  },
  timedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The mission exceeded its timeout.",
    message: ({ id, timeoutMs }: { id: string; timeoutMs: number }) =>
      `Mission \`${id}\` did not finish within ${printDuration(timeoutMs)}`,
    remedy: "Raise its timeout.",
  },
  stopped: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A stop condition that makes the mission fail became true.",
    message: ({ condition }: { condition: string }) =>
      `The stop condition \`${condition}\` ended the mission`,
    remedy: "See the values that the condition reads with `tutti mission show`.",
  },
  taskStopped: {
    status: "CANCELLED",
    retry: "never",
    help: "The mission or the task that contains this task has ended.",
    message: ({ task, reason }: { task: string; reason: string }) =>
      `Task \`${task}\` was stopped: ${reason}`,
    remedy: "Add the task to another mission if it is still needed.",
  },
  tasksFailed: {
    status: "ABORTED",
    retry: "never",
    help: "A task of the mission failed for good. The cause is its error.",
    message: ({ task }: { task: string }) => `Task \`${task}\` of the mission failed`,
    remedy: "See the error of the task.",
  },
  taskInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A task is invalid: tasks need unique ids, dependencies that can end, and expressions that compile.",
    message: ({ task, problem }: { task: string; problem: string }) => `task ${task}: ${problem}`,
    remedy: "Correct the task and add the tasks again.",
  },
  taskExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Ids of tasks are unique in a mission.",
    message: ({ task }: { task: string }) => `Task \`${task}\` already exists in the mission`,
    remedy: "Choose another id.",
  },
  taskMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no such task.",
    message: ({ id, task }: { id: string; task: string }) =>
      `Task \`${task}\` of mission \`${id}\` not found`,
    remedy: "List its tasks with `tutti mission tasks`.",
  },
  tooManyTasks: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A mission has a greatest number of tasks, `max_tasks`.",
    message: ({ found, max }: { found: number; max: number }) =>
      `The mission would have ${found} tasks, more than its maximum of ${max} (\`max_tasks\`)`,
    remedy: "Start another mission for the rest.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A mission keeps tasks, entries and messages in memory up to a maximum size. Large values belong in the blob store.",
    message: ({ items, found, max }: { items: string; found: number; max: number }) =>
      `The mission would have ${found} ${items}, more than the maximum of ${max}`,
    remedy: "Put large values into the blob store, or remove some.",
  },
  notTakingPart: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Agents join a mission before they act in it.",
    message: ({ id, agent }: { id: string; agent: string }) =>
      `${agent === "" ? "The agent" : `Agent \`${agent}\``} is not a member of mission \`${id}\``,
    remedy: "Join the mission first.",
  },
  roleUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The mission does not define this role.",
    message: ({ role, known }: { role: string; known: string }) =>
      `\`role\`: expected one of ${known}, got ${role}`,
    remedy: "Correct the role.",
  },
  roleFull: {
    status: "FAILED_PRECONDITION",
    retry: "elsewhere",
    help: "The role or the mission has its maximum number of agents.",
    message: ({ group, max }: { group: string; max: number }) =>
      `The maximum of ${max} agents in ${group} is reached`,
    remedy: "Wait until an agent leaves.",
  },
  roleUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An agent in a role must offer the capabilities of the role and have its labels.",
    message: ({ agent, role, problem }: { agent: string; role: string; problem: string }) =>
      `Agent \`${agent}\` does not fit the role \`${role}\`: ${problem}`,
    remedy: "Join in another role.",
  },
  claimLost: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The claim expired, was returned, or its task has ended. Requests with this claim change nothing.",
    message: ({ claim }: { claim: string }) =>
      `Claim \`${claim}\` is no longer valid: it expired, was returned, or its task has ended`,
    remedy: "Stop the work on the task and claim again.",
  },
  claimExpired: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The task lost its agent too many times and may be the cause. It is not retried.",
    message: ({ task, losses }: { task: string; losses: readonly string[] }) =>
      `Task \`${task}\` lost its agent ${counted(losses.length, "time")} and may be what kills them: ${losses.join("; ")}`,
    remedy: "Check the logs of these agents, then add the task again.",
  },
  attemptLost: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The agent of the attempt was lost, so the effect of the attempt is unknown. The task has `retry: {onLost: fail}`, so it runs at most once.",
    message: ({ task, loss }: { task: string; loss: string }) =>
      `Task \`${task}\` lost its agent (${loss}) and runs at most once`,
    remedy: "Check its effect, then add the task again if it is needed.",
  },
  taskTimedOut: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The task or one of its attempts exceeded its timeout.",
    message: ({ task, expected, ms }: { task: string; expected: string; ms: number }) =>
      `Task \`${task}\` did not finish in time: expected ${expected} within ${printDuration(ms)}`,
    remedy: "Raise its timeout.",
  },
  attemptsExhausted: {
    status: "ABORTED",
    retry: "never",
    help: "A task has a greatest number of attempts in all.",
    message: ({ task, max }: { task: string; max: number }) =>
      `Task \`${task}\` failed in all ${max} attempts`,
    remedy: "Correct the task and add it again.",
  },
  expressionFailed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression could not be evaluated. The error contains the expression, its place and the values that it read.",
    message: ({ subject, expression, problem }: { subject: string; expression: string; problem: string }) =>
      `The expression \`${expression}\` of ${subject} failed: ${problem}`,
    remedy: "Guard the expression with `has()`, or correct the value that it reads.",
  },
  checkFailed: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "The output of a task does not satisfy one of its checks.",
    message: ({ task, check }: { task: string; check: string }) =>
      `The output of task \`${task}\` fails the check ${check}`,
    remedy: "Compare the output with the condition of the check.",
  },
  authorityTooWide: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A delegation cannot grant more authority than the delegating agent has.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Delegate less authority.",
  },
  authorityOver: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The time for which the task was delegated is over.",
    message: ({ task }: { task: string }) =>
      `The authority for task \`${task}\` expired before the task finished`,
    remedy: "Delegate for longer.",
  },
  budgetShort: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The rest of the budget of the mission is too small for the request. A person may raise the budget.",
    message: ({ requested, remaining }: { requested: string; remaining: string }) =>
      `The budget of the mission has ${remaining} left, and ${requested} was requested`,
    remedy: "Request less, or raise the budget.",
  },
  budgetUsedUp: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The budget of the mission is used up.",
    message: ({ required, remaining }: { required: string; remaining: string }) =>
      `The budget of the mission has ${remaining} left, and the next task needs ${required}`,
    remedy: "Start the mission with a larger budget.",
  },
  reservationMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The reservation lapsed, was returned, or never existed.",
    message: ({ reservation }: { reservation: string }) =>
      `Reservation \`${reservation}\` not found: it lapsed, was returned, or never existed`,
    remedy: "Reserve budget first.",
  },
  reservationShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An agent cannot spend more than the reserved amount.",
    message: ({ requested, remaining }: { requested: string; remaining: string }) =>
      `The reservation has ${remaining} left, and ${requested} was requested`,
    remedy: "Reserve more first.",
  },
  depthExceeded: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Missions and runs may start others only so deep.",
    message: ({ task }: { task: string }) =>
      `Task \`${task}\` cannot start a child: the maximum depth of the budget is reached`,
    remedy: "Allow more depth in the budget.",
  },
  childFailed: {
    status: "ABORTED",
    retry: "same-key",
    help: "The child that does the task did not end well. The cause is its error.",
    message: ({ task, child, status }: { task: string; child: string; status: string }) =>
      `Child \`${child}\` of task \`${task}\` ${statusClause(status)}`,
    remedy: "See the error of the child.",
  },
  voteInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A vote has at least two options of different names, and weights that are not negative.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the vote.",
  },
  voteExists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A vote with this id already exists, with another question.",
    message: ({ vote }: { vote: string }) => `Vote \`${vote}\` already exists with another question`,
    remedy: "Choose another id.",
  },
  voteMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no such vote.",
    message: ({ vote }: { vote: string }) => `Vote \`${vote}\` not found`,
    remedy: "List votes with `tutti mission votes`.",
  },
  voteClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Ballots are cast while a vote is open.",
    message: ({ vote }: { vote: string }) => `Vote \`${vote}\` is closed`,
    remedy: "Read its outcome with `tutti mission votes`.",
  },
  ballotInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A ballot contains only options of the vote, each once. Only a ranked vote allows more than one option.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the ballot.",
  },
  notAVoter: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Only agents with the role of the vote can cast ballots.",
    message: ({ agent, role }: { agent: string; role: string }) =>
      `Agent \`${agent}\` does not have the role \`${role}\` that the vote requires`,
    remedy: "Join in that role to vote.",
  },
  approvalMissing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The mission has no approval with this id.",
    message: ({ id }: { id: string }) => `Approval \`${id}\` not found`,
    remedy: "List the open approvals with `tutti approve`.",
  },
  approvalClosed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The approval was decided or withdrawn.",
    message: ({ id, verdict }: { id: string; verdict: string }) => `Approval \`${id}\` is already ${verdict}`,
    remedy: "See the mission with `tutti mission show`.",
  },
  approvalNotAmong: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The rule lists the approvers, and the caller is not one of them.",
    message: ({ person, by }: { person: string; by: string }) =>
      `${person} is not among the approvers: ${by}`,
    remedy: "Ask one of the approvers to decide.",
  },
  approvalOwn: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A rule requires approval of an agent's output by another principal. The agent cannot decide, except if the rule names it.",
    message: ({ person }: { person: string }) => `${person} produced the output and cannot approve it`,
    remedy: "Ask another approver.",
  },
  approvalExpired: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The output needs approval by a rule, and was not decided in time.",
    message: ({ task, withinMs }: { task: string; withinMs: number }) =>
      `The output of task \`${task}\` was not approved within ${printDuration(withinMs)}`,
    remedy: "Add the task again, or allow more time.",
  },
  resultNotHeld: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A rule requires approval of the output, but processes of an earlier release, which cannot hold outputs, share the missions. Approvals work one minute after the last of them is replaced.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` cannot wait for its approval, because processes of an earlier release run or \`ownership.behaviour.hold\` is set`,
    remedy: "Replace these processes, then add the task again.",
  },
  valueWanted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The output of a task arrived as a reference to the blob store, and the mission reads its content. The platform sends the content automatically, so callers do not see this error.",
    message: ({ task }: { task: string }) =>
      `The output of task \`${task}\` is in the blob store, and the mission reads it`,
    remedy: "Report the result again with the content.",
  },
  approvalInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An approval needs the fields of the question's form.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the data of the approval.",
  },
  rejected: {
    status: "ABORTED",
    retry: "never",
    help: "An approver rejected the request.",
    message: ({ question, by, reason }: { question: string; by: string; reason: string }) =>
      `${question} was rejected by ${by || "an approver"}${reason === "" ? "" : `: ${reason}`}`,
    remedy: "Change the work, then request approval again.",
  },
  keyInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Keys of the blackboard are texts of 1 to 500 characters.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the key.",
  },
  messageInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A message needs a recipient.",
    message: ({ problem }: { problem: string }) => problem,
    remedy: "Correct the message.",
  },
});
