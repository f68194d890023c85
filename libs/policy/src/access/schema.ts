import { entityType, groupsOf, principalTypes, type Vocabulary } from "./vocabulary.ts";

/** The context of policies besides principal, action and resource. Each field is optional. */
const contextFields: Readonly<Record<string, string>> = {
  /** Source address of the call. */
  address: "ipaddr",
  /** In universal time, 0 to 23. */
  hour: "Long",
  /** 1 is Monday. */
  weekday: "Long",
  /** The capability of an agent or a task. */
  capability: "String",
  definition: "String",
  pool: "String",
};

/** Returns the Cedar schema of policies, made of the contracts. */
export function schemaText(vocabulary: Vocabulary): string {
  const { actions } = vocabulary;
  const kinds = new Set(actions.flatMap((action) => vocabulary.resourcesOf(action)));
  const principals = Object.values(principalTypes);
  const context = Object.entries(contextFields).map(([name, type]) => `${name}?: ${type}`);
  const lines = [
    ...entityLines(principals, [...kinds].map(entityType)),
    ...[...new Set(actions.flatMap(groupsOf))].sort().map((group) => `action ${JSON.stringify(group)};`),
    ...actions.map((action) => {
      const groups = groupsOf(action).map((group) => JSON.stringify(group));
      const resources = vocabulary.resourcesOf(action).map(entityType);
      const applies = `principal: [${principals.join(", ")}], resource: [${resources.join(", ")}]`;
      return `action ${JSON.stringify(action)} in [${groups.join(", ")}] appliesTo { ${applies}, context: { ${context.join(", ")} } };`;
    }),
  ];
  return `${lines.join("\n")}\n`;
}

/** Returns the declarations of entity types, each once with all its parents. An agent is a resource too. */
function entityLines(principals: readonly string[], resources: readonly string[]): readonly string[] {
  const parents = new Map<string, Set<string>>(
    ["Group", "Role", "Namespace"].map((type) => [type, new Set()]),
  );
  const add = (type: string, ...others: readonly string[]) =>
    parents.set(type, new Set([...(parents.get(type) ?? []), ...others]));
  for (const type of principals) add(type, "Group", "Role");
  for (const type of resources) add(type, "Namespace");
  return [...parents]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([type, all]) =>
      all.size === 0 ? `entity ${type};` : `entity ${type} in [${[...all]}] tags String;`,
    );
}
