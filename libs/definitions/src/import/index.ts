/** Importers of foreign files. */

export { importAirflow } from "./airflow/airflow.ts";
export { importBpmn } from "./bpmn/bpmn.ts";
export {
  type CrontabCommand,
  type CrontabOptions,
  cronName,
  cronVariables,
  importCrontab,
  readCrontab,
} from "./crontab.ts";
export { importGithubActions } from "./github-actions/github-actions.ts";
export { firstFree, type Imported, NotImported, type Untranslated } from "./imported.ts";
export { importMakefile, makeTargets } from "./makefile.ts";
export { importN8n } from "./n8n/n8n.ts";
export { importServerlessWorkflow } from "./serverless-workflow/serverless-workflow.ts";
export { importStepFunctions } from "./step-functions/step-functions.ts";
export { importTemporal } from "./temporal.ts";
