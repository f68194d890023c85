import { useQuery } from "@tanstack/react-query";
import type { LabelMatcher } from "@tutti/rest/types";
import { useState } from "react";
import { silencesQuery } from "../../data/alert-queries.ts";
import { nowMs } from "../../effects/time.ts";
import { Action } from "../../elements/action.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { pathIn, useAlertNamespace, useAlertRefresh } from "./refresh.ts";

const hours = [1, 4, 24] as const;
const hourMs = 3_600_000;

export function Silences() {
  const namespace = useAlertNamespace();
  const query = useQuery(silencesQuery(namespace));
  const refresh = useAlertRefresh();
  return (
    <Part title="Silences">
      <QueryView query={query} label="silences" lines={2}>
        {({ silences }) =>
          silences.length === 0 ? (
            <Empty title="No silences." />
          ) : (
            <ul className="alerts">
              {silences.map(({ silenceId = "", ruleId, matchers, span, createCause, author, recurrence }) => (
                <li key={silenceId} className="alert">
                  <div>
                    <h3>{ruleId || "Every rule"}</h3>
                    <p className="small soft">
                      {createCause?.reason}
                      {author ? ` · ${author}` : ""}
                    </p>
                    {matchers.length > 0 ? (
                      <p className="alert-marks">
                        {matchers.map((matcher) => (
                          <Tag key={`${matcher.name}${matcher.value}`}>{conditionOf(matcher)}</Tag>
                        ))}
                      </p>
                    ) : null}
                  </div>
                  <div className="small">
                    {(span?.fromMs ?? 0) > nowMs() ? (
                      <>
                        starts <Moment atMs={span?.fromMs} />,{" "}
                      </>
                    ) : null}
                    ends <Moment atMs={span?.toMs} />
                    {recurrence === undefined ? null : (
                      <p className="soft">
                        recurs <code>{recurrence.cron}</code> {recurrence.timeZone}
                      </p>
                    )}
                  </div>
                  <div className="page-actions">
                    <Action
                      label="End silence"
                      call={{
                        method: "DELETE",
                        path: pathIn(namespace, `/v1/silences/${encodeURIComponent(silenceId)}`),
                      }}
                      command={commandLine(
                        "tutti",
                        "alert",
                        "unsilence",
                        silenceId,
                        "--namespace",
                        namespace,
                      )}
                      onDone={refresh}
                    />
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

/** Formats a condition in the syntax of Prometheus. */
function conditionOf({ name, value = "", regex, negated }: LabelMatcher): string {
  const sign = (negated === true ? "!" : "=") + (regex === true ? "~" : negated === true ? "=" : "");
  return `${name}${sign}"${value}"`;
}

/** A form for a silence: the receivers get no notifications of the rule for some time. */
export function CreateSilence({ ruleId, onDone }: { ruleId: string; onDone: () => void }) {
  const [reason, setReason] = useState("");
  const [openedMs] = useState(nowMs);
  const namespace = useAlertNamespace();
  const refresh = useAlertRefresh();
  const trimmed = reason.trim();
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      <p>The alerts stay on this page. Receivers get no notifications.</p>
      <TextField
        label="Reason"
        value={reason}
        required
        onChange={setReason}
        hint="Recorded in the history with your name."
      />
      <div className="dialog-foot">
        {hours.map((count) => (
          <Action
            key={count}
            label={`Silence for ${count} h`}
            disabled={trimmed === ""}
            call={{
              method: "POST",
              path: pathIn(namespace, "/v1/silences"),
              body: { ruleId, span: { toMs: openedMs + count * hourMs }, reason: trimmed },
            }}
            command={commandLine(
              ...(["tutti", "alert", "silence", "--rule", ruleId] as const),
              ...(["--for", `${count}h`, "--reason", trimmed, "--namespace", namespace] as const),
            )}
            onDone={() => {
              refresh();
              onDone();
            }}
          />
        ))}
      </div>
    </form>
  );
}
