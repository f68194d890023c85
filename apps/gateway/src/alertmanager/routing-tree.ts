/** Rules and receivers as a configuration of Alertmanager, for tools that show or test its routes. */
import type { AlertRule } from "@tutti/rest/types";

/** Receives what no rule sends to a receiver. */
const none = "none";

/** Texts are quoted as in JSON, which YAML reads. */
export function routingTree(rules: readonly AlertRule[], receivers: readonly string[]): string {
  const routes = rules.flatMap(({ ruleId = "", receivers: names, disabled }) =>
    disabled === true
      ? []
      : names.flatMap((receiver) => [
          `    - receiver: ${JSON.stringify(receiver)}`,
          `      matchers: [${JSON.stringify(`alertname=${JSON.stringify(ruleId)}`)}]`,
          "      continue: true",
        ]),
  );
  const named = [none, ...new Set([...receivers, ...rules.flatMap((rule) => rule.receivers)])];
  return [
    "route:",
    `  receiver: ${none}`,
    "  group_by: [alertname]",
    "  group_wait: 200ms",
    "  group_interval: 10s",
    ...(routes.length > 0 ? ["  routes:", ...routes] : []),
    "receivers:",
    ...named.map((name) => `  - name: ${JSON.stringify(name)}`),
    "",
  ].join("\n");
}
