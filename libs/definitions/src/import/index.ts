/** Importers of foreign files. */

export { importAirflow } from "./airflow.ts";
export { importBpmn } from "./bpmn.ts";
export {
  type CrontabCommand,
  type CrontabOptions,
  cronName,
  cronVariables,
  importCrontab,
  readCrontab,
} from "./crontab.ts";
export { importGithubActions } from "./github-actions.ts";
export { firstFree, type Imported, NotImported, type Untranslated } from "./imported.ts";
export { importMakefile, makeTargets } from "./makefile.ts";
export { importN8n } from "./n8n.ts";
export { importServerlessWorkflow } from "./serverless-workflow.ts";
export { importStepFunctions } from "./step-functions.ts";
export { importTemporal } from "./temporal.ts";
