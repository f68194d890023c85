import { entityType, groupsOf, principalTypes, type Vocabulary } from "./vocabulary.ts";

/** What policies may look at beside principal, action and resource. A question need not say any of it. */
const contextFields: Readonly<Record<string, string>> = {
  /** Where the call comes from. */
  address: "ipaddr",
  /** In universal time, 0 to 23. */
  hour: "Long",
  /** 1 is Monday. */
  weekday: "Long",
  /** What an agent offers or a task uses. */
  capability: "String",
  definition: "String",
  pool: "String",
};

/** The schema of policies, in Cedar, made of what the contracts say. */
export function schemaText(vocabulary: Vocabulary): string {
  const { actions } = vocabulary;
  const kinds = new Set(actions.flatMap((action) => vocabulary.resourcesOf(action)));
  const principals = Object.values(principalTypes);
  const context = Object.entries(contextFields).map(([name, type]) => `${name}?: ${type}`);
  const lines = [
    "entity Group;",
    "entity Role;",
    "entity Namespace;",
    ...principals.map((type) => `entity ${type} in [Group, Role] tags String;`),
    ...[...kinds].sort().map((kind) => `entity ${entityType(kind)} in [Namespace] tags String;`),
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
