import type { MissionMessage } from "@tutti/rest/types";
import { useMemo, useState } from "react";
import { ChoiceField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty } from "../../elements/parts.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { targetText } from "./mission.ts";
import { ValueLine } from "./value-line.tsx";

const rowPx = 66;

/** The messages between agents, newest last: all of them, or those to one agent, role or topic. */
export function MessagesView({ messages }: { messages: readonly MissionMessage[] }) {
  const [to, setTo] = useState("");
  const targets = useMemo(() => [...new Set(messages.map((each) => targetText(each.to)))].sort(), [messages]);
  const visible = useMemo(
    () => (to === "" ? messages : messages.filter((each) => targetText(each.to) === to)),
    [messages, to],
  );
  if (messages.length === 0) return <Empty title="No messages yet." />;
  return (
    <>
      {targets.length < 2 ? null : (
        <div className="mission-look">
          <ChoiceField
            label="To"
            value={to}
            choices={[["", "anybody"], ...targets.map((each) => [each, each] as const)]}
            onChange={setTo}
          />
        </div>
      )}
      <VirtualCards
        items={visible}
        keyOf={({ number }) => String(number)}
        label="Messages"
        rowPx={rowPx}
        className="lines-of"
      >
        {(message) => <Message message={message} />}
      </VirtualCards>
    </>
  );
}

function Message({ message }: { message: MissionMessage }) {
  const { number = 0, sender, to, body, answers = 0, taskId, sendTimeMs } = message;
  return (
    <div className="mission-message">
      <p className="small soft">
        {number} · <strong>{sender?.id || "unknown sender"}</strong> to {targetText(to)}
        {answers > 0 ? `, reply to ${answers}` : ""}
        {taskId ? `, about ${taskId}` : ""} · <Moment atMs={sendTimeMs} />
      </p>
      <ValueLine value={body} label={`message ${number}`} />
    </div>
  );
}
