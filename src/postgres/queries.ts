/** Every read behind the ops API. */
export { listAttempts } from "./attempt-queries.ts";
export { pastJudgements } from "./backtest-query.ts";
export { ping } from "./connection.ts";
export { fleetIncidentById, listFleetIncidents } from "./fleet-incident-queries.ts";
export { incidentDetail, listIncidents } from "./incident-queries.ts";
export { kpis } from "./kpi-queries.ts";
export { lessonsPage, type Page, votesPage } from "./lesson-queries.ts";
export { listNotifications, merchantExists } from "./notification-queries.ts";
export { listPlugins, pluginById } from "./plugin-queries.ts";
export { policyHistory } from "./policy-history-query.ts";
export { listReleases, listRemedies, shopsInEnvironment, shopsOfProduct } from "./release-queries.ts";
export { listShadowDecisions } from "./shadow-queries.ts";
