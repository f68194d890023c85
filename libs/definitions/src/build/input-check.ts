import { fits, type Json, printType, type Type, typeOfSchema } from "@tutti/expressions";
import { defaultIn } from "../check/schema-validator.ts";
import { isList, isMembers } from "../check/shape-checker.ts";
import type { Programmed } from "../plan/program-table.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";
import { splitAt } from "./values.ts";

/** Validates the inputs of tasks against the schemas in the catalogue. */
export function checkInput(
  building: Building,
  draft: Draft,
  kind: "uses" | "workflow" | "mission",
  compiled: Programmed | undefined,
): void {
  const { catalogue } = building;
  if (catalogue === undefined) return;
  const { document, path } = draft;
  if (kind === "uses" && document.among !== undefined) {
    for (const [at, each] of document.among.entries()) {
      const [name, version] = splitAt(each);
      if (catalogue.capability(name, version) === undefined)
        unknown(building, kind, name, version, [...path, "among", at]);
    }
    return;
  }
  const [name, version] = splitAt(document[kind] ?? "");
  const known = kind === "uses" ? catalogue.capability(name, version) : catalogue.definition(name, version);
  if (known === undefined) {
    if (name !== "") unknown(building, kind, name, version, [...path, kind]);
    return;
  }
  if (kind !== "uses") checkParameters(building, draft, catalogue.definition(name, version)?.parameterSchema);
  if (known.inputSchema !== undefined) {
    const place = document.with === undefined ? path : [...path, "with"];
    // A run, a mission and a session get the defaults of their schema. A task gets what its workflow gives.
    const getsDefaults = kind !== "uses";
    const subject = `${kind === "uses" ? "capability" : "definition"} \`${name}\``;
    if (compiled === undefined)
      new InputCheck(building, subject, getsDefaults).absent(known.inputSchema, [...path, kind]);
    else new InputCheck(building, `\`${name}\``, getsDefaults).check(compiled.type, known.inputSchema, place);
  }
}

/** Validates the parameters of a template for a child. */
function checkParameters(building: Building, draft: Draft, schema: Json | undefined): void {
  const { parameters } = draft.document;
  const path = [...draft.path, "parameters"];
  if (schema === undefined) {
    if (parameters !== undefined)
      building.findings.error(
        "wrong_input",
        path,
        "the definition is no template, and takes no `parameters`",
        { key: true },
      );
    return;
  }
  const compiled = building.programs.data(parameters ?? {}, building.environmentOf(draft), path);
  new InputCheck(building, "the template", true).check(
    compiled.type,
    schema,
    parameters === undefined ? draft.path : path,
  );
}

function unknown(building: Building, kind: string, name: string, version: string, path: Path): void {
  const { catalogue, findings } = building;
  const names = kind === "uses" ? catalogue?.capabilityNames() : catalogue?.definitionNames();
  const suggestion = findings.suggest(name, names ?? []);
  const other = suggestion === undefined || suggestion === name ? undefined : suggestion;
  const problem = kind === "uses" ? `no agent offers \`${name}\`` : `there is no definition \`${name}\``;
  const versions =
    version === "" ? "" : kind === "uses" ? ` in the versions ${version}` : ` with the version ${version}`;
  findings.error(
    kind === "uses" ? "unknown_capability" : "unknown_definition",
    path,
    `${problem}${versions}${other === undefined ? "" : `. Did you mean \`${other}\`?`}`,
    { expected: other === undefined ? "one that is there" : `\`${other}\`` },
  );
}

const depthMax = 32;

function withArticle(type: Type): string {
  const name = type.kind === "object" ? "object" : printType(type);
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

class InputCheck {
  readonly #building: Building;
  readonly #subject: string;
  readonly #getsDefaults: boolean;

  constructor(building: Building, subject: string, getsDefaults: boolean) {
    this.#building = building;
    this.#subject = subject;
    this.#getsDefaults = getsDefaults;
  }

  absent(schema: Json, path: Path): void {
    const required = isMembers(schema) ? this.#requiredIn(schema) : [];
    if (required.length === 0) return;
    const names = required.map((name) => `\`${name}\``).join(", ");
    this.#building.findings.error(
      "wrong_input",
      path,
      `${this.#subject} needs ${names} in \`with\`, got nothing`,
      { key: true, expected: `\`with\` with ${names}` },
    );
  }

  check(type: Type, schema: Json, path: Path): void {
    this.#building.steps.charge(1);
    if (!isMembers(schema) || path.length > depthMax) return;
    if (type.kind === "object") this.#object(type, schema, path);
    const expectedType = typeOfSchema(schema);
    const isWidening = type.kind === "int" && expectedType.kind === "double";
    if (fits(type, expectedType) || isWidening) {
      if (type.kind === "list" && isMembers(schema["items"])) this.check(type.of, schema["items"], path);
      return;
    }
    const expected = expectedType.kind === "map" ? "an object" : withArticle(expectedType);
    const found = withArticle(type);
    this.#building.findings.error(
      "wrong_input",
      path,
      `${this.#subject} takes ${expected} here, got ${found}`,
      { expected },
    );
  }

  #object(
    type: Extract<Type, { kind: "object" }>,
    schema: { readonly [key: string]: Json },
    path: Path,
  ): void {
    const { properties, additionalProperties } = schema;
    const known = isMembers(properties) ? properties : {};
    for (const name of this.#requiredIn(schema)) {
      if (type.fields.has(name) || type.others !== undefined) continue;
      this.#building.findings.error("wrong_input", path, `${this.#subject} needs \`${name}\`, got none`, {
        key: true,
        expected: `\`${name}\``,
      });
    }
    for (const [name, field] of type.fields) {
      const property = Object.hasOwn(known, name) ? known[name] : undefined;
      if (property !== undefined) this.check(field, property, [...path, name]);
      else if (
        additionalProperties === false ||
        (additionalProperties === undefined && isMembers(properties))
      )
        this.#unknownField(name, known, path);
    }
  }

  /** The properties that have to be given. */
  #requiredIn({ required, properties }: { readonly [key: string]: Json }): string[] {
    const names = isList(required) ? required.filter((name) => typeof name === "string") : [];
    if (!this.#getsDefaults || !isMembers(properties)) return names;
    return names.filter((name) => defaultIn(properties, name) === undefined);
  }

  #unknownField(name: string, known: { readonly [key: string]: Json }, path: Path): void {
    const suggestion = this.#building.findings.suggest(name, Object.keys(known));
    this.#building.findings.error(
      "wrong_input",
      [...path, name],
      `${this.#subject} takes no \`${name}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      {
        key: true,
        expected:
          suggestion === undefined
            ? `one of ${Object.keys(known).slice(0, 20).join(", ")}`
            : `\`${suggestion}\``,
      },
    );
  }
}
